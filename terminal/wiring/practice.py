"""The world in which a counter practises: a second service over the simulated bank, in a folder of its own."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from terminal.brand.shelf import BrandShelf
from terminal.counter.feed import Feed
from terminal.counter.floor import Parts
from terminal.counter.lane import Away
from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.service import Service
from terminal.counter.slips import Slips, titles_of
from terminal.errors import Unavailable
from terminal.payments.event import Ledger
from terminal.people.refund_rights import RefundRights
from terminal.people.service import People
from terminal.peripherals.shared import Shared
from terminal.sandbox.server import Sandbox, start_sandbox
from terminal.settings import Loaded, Secrets
from terminal.settings.channel_tables import AlipayTable, AnyChannel, PixTable, WeChatPayTable
from terminal.training.desk import LessonDesk
from terminal.training.exam_desk import ExamDesk
from terminal.visit.keys import open_key
from terminal.visit.seal import seal
from terminal.web.app import Beside, make_app
from terminal.web.desks.care import CareParts
from terminal.web.edge import STATE
from terminal.web.lessons import Classroom, teach
from terminal.web.listen import listen
from terminal.web.ports import Trainer
from terminal.web.practice_guard import only_practice
from terminal.wiring.channels import NOWHERE, open_channel
from terminal.wiring.fitting import counter_of
from terminal.wiring.house import house_of, wording_of
from terminal.wiring.lan import LanKeeper
from terminal.wiring.lesson_stage import ServiceStage
from terminal.wiring.preview import receipt_picture
from terminal.wiring.stores import JOURNAL, keys_folder, on_disk, open_journal

log = logging.getLogger(__name__)
FOLDER: Final = "training"
STOP_S: Final = 5.0
PRACTISED: Final = ("CNY", "BRL")
"""Money the simulated bank has; where the shop's is another, the first."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The real one beside it; ``shared``: every counter's devices."""

    loaded: Loaded
    live: Service
    people: People
    shared: Mapping[str, Shared]
    machine: tuple[Clock, Entropy, Ids]
    pepper: bytes


@dataclass(frozen=True, slots=True)
class World:
    """What practice happens in. ``bank`` plays the customer, ``classroom`` has the lessons."""

    service: Service
    pages: web.Application
    bank: Sandbox
    url: str
    life: "asyncio.Task[None]"
    stack: AsyncExitStack
    classroom: Classroom


def journal_of(loaded: Loaded) -> Path:
    """Where what was practised at this machine is written down."""
    return loaded.state / FOLDER / "state" / JOURNAL


async def open_world(shop: Shop, trainer: Trainer, away: Away) -> World:
    """Its counters do not sell yet (``away``). Raises OSError: the disk, or its port."""
    async with AsyncExitStack() as stack:
        return await _start(stack, shop, trainer, away)


async def _start(stack: AsyncExitStack, shop: Shop, trainer: Trainer, away: Away) -> World:
    clock, entropy, _ = shop.machine
    folder = shop.loaded.state / FOLDER
    shops = (shop.live.house.title,)
    bank = await start_sandbox(folder / "bank", clock=clock, entropy=entropy, port=0, shops=shops)
    stack.push_async_callback(bank.close)
    loaded = _loaded(shop.loaded, folder, bank)
    journal = open_journal(loaded, clock, entropy, Ledger.TRAINING)
    stack.push_async_callback(journal.close)
    parts = _parts(stack, shop, loaded, Feed(journal))
    tables = loaded.settings.counters
    parts.slips.bank = shop.live.parts.slips.bank
    service = Service(parts, [(counter_of(each), shop.shared[each.id].training) for each in tables])
    service.commands.share_sheet(shop.live.commands)  # what the shop has printed works here, too
    for lane in service.lanes.values():
        lane.away = away
    refunds = RefundRights(
        parts.house.store,
        journal=parts.feed,
        clock=clock,
        zone=loaded.settings.shop.zone,
        policy=shop.people.settings.refunds,
    )
    pages = make_app(
        service,
        shop.people,
        loaded,
        clock=clock,
        entropy=entropy,
        beside=Beside(
            picture=receipt_picture,
            trainer=trainer,
            refunds=refunds,
            care=CareParts(brand=BrandShelf(shop.loaded.state)),
        ),
    )
    pages[STATE] = shop.loaded.state
    only_practice(pages)
    teach(pages, classroom := _classroom(shop, service, bank))
    url = await _listening(stack, pages, shop.loaded, clock)
    life = asyncio.create_task(service.run(), name="training")
    stack.push_async_callback(_stopped, service, life)
    life.add_done_callback(_told)
    await started(service, life)
    await _open_lessons(stack, classroom)
    return World(service, pages, bank, url, life, stack.pop_all(), classroom)


def _parts(stack: AsyncExitStack, shop: Shop, loaded: Loaded, feed: Feed) -> Parts:
    """Of a house that trains; its channels are closed with the stack."""
    clock, entropy, ids = shop.machine
    house = replace(house_of(loaded), ledger=Ledger.TRAINING)
    channels = {name: open_channel(loaded, name, clock, entropy, NOWHERE) for name in loaded.settings.channels}
    for channel in channels.values():
        stack.push_async_callback(channel.aclose)
    return Parts(
        house=house,
        feed=feed,
        clock=clock,
        ids=ids,
        providers=channels,
        slips=Slips(house, wording_of(loaded), titles_of(channels)),
        code_key=hmac.digest(shop.pepper, b"training codes", hashlib.sha256),
    )


async def _listening(stack: AsyncExitStack, pages: web.Application, loaded: Loaded, clock: Clock) -> str:
    """As the shop's own pages: here without TLS, and for its phones with it, at the port in the fragment."""
    settings = loaded.settings
    url = await listen(stack, pages, settings.listen.host, settings.training.port)
    if settings.listen.lan:
        at = msgspec.structs.replace(settings.listen, lan_port=settings.training.lan_port)
        there = replace(loaded, settings=msgspec.structs.replace(settings, listen=at))
        door = LanKeeper(pages, there, clock)
        await door.open(keeps=False)
        url = f"{url}#{door.port}"
    return url


async def _open_lessons(stack: AsyncExitStack, classroom: Classroom) -> None:
    stack.push_async_callback(classroom.lessons.close)
    await classroom.lessons.recover()


def _classroom(shop: Shop, service: Service, bank: Sandbox) -> Classroom:
    clock, entropy, ids = shop.machine
    stage, store = ServiceStage(service, bank.bank, clock.wall_ms), service.house.store
    lessons = LessonDesk(store, journal=service.feed, clock=clock, ids=ids, stage=stage)
    exams = ExamDesk(store, journal=service.feed, clock=clock, ids=ids, lessons=lessons)

    def sealed(told: Mapping[str, Any]) -> bytes:
        folder = keys_folder(shop.loaded)
        with on_disk(folder):
            return seal("certificate", told, open_key(folder, entropy))

    return Classroom(lessons, exams, sealed)


async def started(service: Service, life: "asyncio.Task[None]") -> None:
    """Until it is ready. Raises Unavailable("training_unusable"): it ended before; the shop waits for nobody."""
    ready = asyncio.ensure_future(service.until_ready())
    try:
        await asyncio.wait({ready, life}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
    if not service.ready:
        error = None if life.cancelled() else life.exception()
        raise Unavailable("training_unusable", why=type(error).__name__)


async def _stopped(service: Service, life: "asyncio.Task[None]") -> None:
    service.stopping = True
    life.cancel()
    await asyncio.wait({life}, timeout=STOP_S)


def _told(life: "asyncio.Task[None]") -> None:
    """Practice that breaks must not end the shop."""
    if not life.cancelled() and (error := life.exception()):
        log.error("training ended by itself", exc_info=error)


def _loaded(real: Loaded, folder: Path, bank: Sandbox) -> Loaded:
    """The shop as it is, with the simulated bank's channels alone: in mode test no live one can be opened."""
    told = json.loads((bank.credentials / "credentials.json").read_text())
    shop = real.settings.shop
    currency = shop.currency if shop.currency in PRACTISED else PRACTISED[0]
    channels = _channels(told, bank.credentials, currency)
    settings = msgspec.structs.replace(
        real.settings,
        mode="test",
        shop=msgspec.structs.replace(shop, currency=currency),
        state=msgspec.structs.replace(real.settings.state, folder=str(folder / "state")),
        journal=type(real.settings.journal)(),
        channels=channels,
        counters=tuple(msgspec.structs.replace(each, channels=tuple(channels)) for each in real.settings.counters),
        doors={},
    )
    secrets = Secrets(
        {
            "wechatpay": {"apiv3_key": told["apiv3_key"]},
            "pix": {"client_secret": told["pix_client_secret"]},
        }
    )
    return Loaded(settings, real.folder, secrets)


def _channels(told: Mapping[str, Any], keys: Path, currency: str) -> dict[str, AnyChannel]:
    """The simulated bank's accounts in this money."""
    if currency == "BRL":
        pix = PixTable(
            gateway=told["pix_gateway"],
            client_id=told["pix_client_id"],
            key=told["pix_key"],
            oauth_url=told["pix_oauth_url"],
            sandbox=True,
        )
        return {"pix": pix}
    wechatpay = WeChatPayTable(
        gateway=told["gateway"],
        mchid=told["mchid"],
        appid=told["appid"],
        merchant_serial=told["merchant_serial"],
        merchant_key_file=str(keys / told["merchant_private_key_file"]),
        platform_key_id=told["platform_public_key_id"],
        platform_key_file=str(keys / told["platform_public_key_file"]),
        sandbox=True,
    )
    alipay = AlipayTable(
        gateway=told["alipay_gateway"],
        app_id=told["alipay_app_id"],
        seller_id=told["alipay_seller_id"],
        app_key_file=str(keys / told["merchant_private_key_file"]),
        alipay_key_file=str(keys / told["platform_public_key_file"]),
        sandbox=True,
    )
    return {"wechatpay": wechatpay, "alipay": alipay}
