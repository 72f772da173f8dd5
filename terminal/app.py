"""Builds the whole service from its settings, starts it, stops it: the one place where everything meets."""

import asyncio
import hashlib
import hmac
import logging
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from terminal.bill_desk import BillDesk, bill_desk
from terminal.channel_tables import payee
from terminal.channels import Opened, open_channel
from terminal.connectors import profile_of
from terminal.counter.accounts import poster_of
from terminal.counter.feed import Feed
from terminal.counter.ports import Clock, Devices, Entropy, Ids, Printer, Role
from terminal.counter.service import Parts, Service
from terminal.counter.settings import CounterSettings, House, Offline
from terminal.counter.slips import Slips, titles_of
from terminal.errors import BadSettings, JournalError
from terminal.fitting import Fittings, Make
from terminal.help.catalogue import Catalogue
from terminal.help.wording import CatalogueWording
from terminal.local_authority import ensure
from terminal.payments.event import Ledger
from terminal.payments.receipt import Receipt
from terminal.people.pins import PEPPER_BYTES
from terminal.people.roles import RefundPolicy, SalePolicy
from terminal.people.service import People, PeopleSettings
from terminal.peripherals.build import build_devices
from terminal.peripherals.phrases import phrase
from terminal.peripherals.sweep import Sweeper
from terminal.privacy_wiring import Keeper, open_keeper
from terminal.regions import known_codes
from terminal.risk.desk import RiskDesk
from terminal.risk_wiring import open_risk
from terminal.settings import CounterTable, Loaded
from terminal.statement_folder import check_mappings
from terminal.stores import chores, listen_to_others, lost, on_disk, open_store, place_of, serves
from terminal.support_bundle import privacy_desk
from terminal.system import SystemClock, SystemEntropy, SystemIds
from terminal.web.app import make_app, make_notices_app
from terminal.web.listen import listen
from terminal.web.report_desk import ReportParts

if TYPE_CHECKING:
    from terminal.stores import Store

log = logging.getLogger(__name__)
STOP_S: Final = 5.0
VERIFY_EVERY_S: Final = 86400.0
PREVIEW: Final = "generic-80"
NOWHERE: Final = "https://query-only.invalid/notify"  # orders must name one; .invalid never resolves (RFC 6761)


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers. ``failed`` is done when it cannot go on (I20)."""

    service: Service
    people: People
    journal: "Store"
    url: str
    state: Path
    failed: "asyncio.Task[None]"


def house_of(loaded: Loaded) -> House:
    shop = loaded.settings.shop
    return House(
        shop.merchant,
        shop.store,
        shop.title,
        shop.lines,
        shop.currency,
        Ledger.TEST if loaded.settings.mode == "test" else Ledger.LIVE,
        shop.limit_minor,
        shop.excess,
        known_codes(),
        Offline(
            shop.offline,
            shop.offline_sale_minor,
            shop.offline_day_minor,
            {name: table.poster for name, table in loaded.settings.channels.items() if table.poster},
        ),
    )


def _channel(loaded: Loaded, name: str, clock: Clock, entropy: Entropy) -> Opened:
    return open_channel(loaded, name, clock, entropy, notify_url(loaded, name))


def _channels(stack: AsyncExitStack, loaded: Loaded, clock: Clock, entropy: Entropy) -> dict[str, Opened]:
    """Every channel of the settings; each is closed with the stack."""
    channels = {name: _channel(loaded, name, clock, entropy) for name in loaded.settings.channels}
    for channel in channels.values():
        stack.push_async_callback(channel.aclose)
    return channels


def _maker(loaded: Loaded, house: House, clock: Clock, slips: Slips) -> Make:
    """What makes a counter's devices of its table, for the start, for the check and for another choice alike."""
    sweeper = Sweeper()  # one timer asks the devices of all counters

    def make(table: CounterTable, only: Role | None = None, paper: Printer | None = None) -> Devices:
        shown = Catalogue.load(_counter(table).language("display"))
        return build_devices(
            table,
            clock=clock,
            words=shown.text,
            money=shown.money,
            title=table.title or house.title,
            phrase=lambda said: phrase(said, wallet_title=slips.method(said.wallet, said.language)),
            sweep=sweeper.counter(table.id),
            zone=loaded.settings.shop.zone,
            folder=loaded.folder,
            only=only,
            paper=paper,
        )

    return make


def _counter(table: CounterTable) -> CounterSettings:
    languages = {str(where): language for where, language in table.languages.items()}
    return CounterSettings(table.id, table.title, table.channels, languages)


def _pepper(loaded: Loaded) -> bytes:
    """Raises BadSettings: missing, not hexadecimal, or too short to protect a PIN."""
    key = "people.pepper"
    try:
        pepper = bytes.fromhex(loaded.secrets.get("people", "pepper"))
    except ValueError:
        raise BadSettings("config_value_wrong", key=key, why="only hexadecimal digits") from None
    if len(pepper) < PEPPER_BYTES:
        raise BadSettings("config_value_wrong", key=key, why=f"at least {2 * PEPPER_BYTES} hexadecimal digits")
    return pepper


def _wording(loaded: Loaded) -> CatalogueWording:
    zone = loaded.settings.shop.zone
    try:
        return CatalogueWording(zone)
    except (ValueError, LookupError, OSError):
        raise BadSettings("config_value_wrong", key="shop.zone", why=f"no time zone {zone!r}") from None


def _currency(loaded: Loaded) -> None:
    """Raises BadSettings: a shop whose every sale would be refused."""
    currency, channels = loaded.settings.shop.currency, loaded.settings.channels.values()
    taken = sorted({each for table in channels for each in profile_of(table.connector).currencies})
    if currency not in taken:
        raise BadSettings("config_currency_not_taken", currency=currency, taken=", ".join(taken))


@asynccontextmanager
async def running(
    loaded: Loaded, *, clock: Clock | None = None, entropy: Entropy | None = None, ids: Ids | None = None
) -> AsyncIterator[Running]:
    """Start everything; on the way out stop it within STOP_S and close in the right order.

    Raises:
        BadSettings, JournalError: what is wrong and what to do; nothing was started.
    """
    clock, entropy, ids = clock or SystemClock(), entropy or SystemEntropy(), ids or SystemIds()
    house, pepper, wording = house_of(loaded), _pepper(loaded), _wording(loaded)
    _currency(loaded)
    async with AsyncExitStack() as stack:
        journal, keeper = await _journal(stack, loaded, clock, entropy)
        feed = Feed(journal)
        channels = _channels(stack, loaded, clock, entropy)
        parts = Parts(
            house=house,
            feed=feed,
            clock=clock,
            ids=ids,
            providers=channels,
            slips=Slips(house, wording, titles_of(channels)),
            code_key=hmac.digest(pepper, b"scanned codes", hashlib.sha256),
            serves=serves(loaded),
        )
        service, fittings = _service(stack, loaded, parts, entropy)
        bills = bill_desk(loaded, service, journal.settled)
        risk = open_risk(loaded, service)
        people = _people(loaded, feed, (clock, entropy, ids), pepper)
        listen_to_others(journal, people.heard, lambda _events: feed.heard())
        doors = make_app(
            service,
            people,
            loaded,
            clock=clock,
            entropy=entropy,
            picture=_receipt_picture,
            dead=lambda: journal.dead is not None,
            fitter=fittings,
            reports=_report_parts(loaded, journal, channels, bills),
            bills=bills,
            risk=risk,
            privacy=privacy_desk(loaded, keeper.ledger),
        )
        url = await _open_doors(stack, doors, service, loaded, clock)
        life = asyncio.create_task(_live(service, channels, journal, bills, risk, keeper), name="service")
        stack.push_async_callback(_end, service, life)
        await _until_ready(service, life)
        yield Running(service, people, journal, url, loaded.state, life)


async def _journal(
    stack: AsyncExitStack, loaded: Loaded, clock: Clock, entropy: Entropy
) -> tuple["Store", Keeper]:
    """The record, and who keeps what leaves and what goes; both close with the stack."""
    journal = await open_store(loaded, clock, entropy)
    stack.push_async_callback(journal.close)
    return journal, await open_keeper(stack, loaded, clock, journal)


async def _check_accounts(loaded: Loaded, service: Service) -> None:
    channels = loaded.settings.channels
    payees = {name: payee(table) for name, table in channels.items()}
    payees |= {poster_of(name): table.poster for name, table in channels.items() if table.poster}
    for changed in await service.accounts.begin(payees):
        log.warning("channel %s pays another account than before: it waits for two people", changed.channel)


def _service(stack: AsyncExitStack, loaded: Loaded, parts: Parts, entropy: Entropy) -> tuple[Service, Fittings]:
    make = _maker(loaded, parts.house, parts.clock, parts.slips)
    fittings = Fittings(loaded, parts.clock, entropy, make)
    stack.push_async_callback(fittings.close)
    service = Service(parts, [(_counter(each), fittings.devices(each)) for each in loaded.settings.counters])
    fittings.attach(service)
    return service, fittings


async def _open_doors(
    stack: AsyncExitStack, doors: web.Application, service: Service, loaded: Loaded, clock: Clock
) -> str:
    """Pages and API, and the bank's own listener; returns the address of the first."""
    await _check_accounts(loaded, service)
    at = loaded.settings.listen
    url = await listen(stack, doors, at.host, at.port)
    if at.notify_port:
        await _listen_for_notices(stack, service, loaded, clock)
    return url


def _report_parts(loaded: Loaded, journal: "Store", channels: dict[str, Opened], bills: BillDesk) -> ReportParts:
    shop = loaded.settings.shop
    rules = {name: channel.profile.fee for name, channel in channels.items() if channel.profile.fee is not None}
    return ReportParts(shop.cut_off, journal.settled, rules, journal.checkpoint, shop.cashier_totals, bills.heal)


def _people(loaded: Loaded, feed: Feed, machine: tuple[Clock, Entropy, Ids], pepper: bytes) -> People:
    clock, entropy, ids = machine
    store, settings = loaded.settings.shop.store, _people_settings(loaded)
    return People(
        store, journal=feed, clock=clock, entropy=entropy, ids=ids, pepper=pepper, settings=settings,
        simulated=loaded.settings.mode == "test",
    )  # fmt: skip


def _people_settings(loaded: Loaded) -> PeopleSettings:
    shop = loaded.settings.shop
    alone, day = shop.cashier_refund_minor, shop.cashier_refund_day_minor
    return PeopleSettings(
        refunds=RefundPolicy(cashier_alone_minor=alone, cashier_day_minor=day, day_minor=shop.refund_day_minor),
        sales=SalePolicy(cashier_minor=shop.cashier_limit_minor, pos_minor=shop.pos_limit_minor),
        second_step=shop.second_step,
    )


async def _receipt_picture(receipt: Receipt) -> bytes:
    """The preview is the paper: the bytes for a usual 80 mm printer, drawn by the simulated one (row 59)."""
    return await asyncio.to_thread(_draw, receipt)


def _draw(receipt: Receipt) -> bytes:
    from drivers.printer.profile import load
    from terminal.lab.paper_picture import receipt_png
    from terminal.peripherals.painters import PAPER_FONTS, Painter
    from terminal.peripherals.printer import printable

    return receipt_png(**printable(receipt, load(PREVIEW), Painter(*PAPER_FONTS))._asdict())


async def _until_ready(service: Service, life: "asyncio.Task[None]") -> None:
    ready = asyncio.ensure_future(service.until_ready())
    await asyncio.wait({ready, life}, return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        ready.cancel()
        raise cause(life.exception()) from None


def cause(error: BaseException | None) -> BaseException:
    """The one failure inside nested groups; a journal's before any other."""
    assert error is not None, "the service ended without a reason"
    if not isinstance(error, BaseExceptionGroup):
        return error
    journal = error.subgroup(JournalError)
    return cause((journal or error).exceptions[0])


async def _live(
    service: Service,
    channels: dict[str, Opened],
    journal: "Store",
    bills: BillDesk,
    risk: RiskDesk,
    keeper: Keeper,
) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(), name="counters")
        group.create_task(lost(journal), name="journal")
        await service.until_ready()
        group.create_task(_verify(journal), name="verify")  # not before: years read back would hold up the start
        for name, channel in channels.items():  # a provider's odd answer must not end the shop
            service.tasks.start(f"keys {name}", channel.keep_keys)
        await chores(journal)
        bills.start()
        risk.start()
        service.tasks.start("privacy", keeper.run)


async def _verify(journal: "Store") -> None:
    """The whole chain after ready and daily; a journal that does not verify ends the service (fail closed)."""
    while True:
        report = await journal.verify_all()
        if not report.sound:
            raise JournalError("journal_damaged", number=report.first_bad or 0)
        await asyncio.sleep(VERIFY_EVERY_S)


async def _end(service: Service, life: "asyncio.Task[None]") -> None:
    service.stopping = True
    life.cancel()
    _, late = await asyncio.wait({life}, timeout=STOP_S)
    if late:
        log.error("the counters did not end within %d s; the journal closes without them", STOP_S)
    elif not life.cancelled():
        life.exception()  # looked at: whoever waits for the service tells it


def notify_url(loaded: Loaded, channel: str) -> str:
    """Where this channel's bank reaches us; nowhere is query-only, a first-class mode."""
    listen_at = loaded.settings.listen
    named = loaded.settings.channels[channel].notify_url
    if named or not listen_at.notify_port:
        return named or NOWHERE
    return f"https://{listen_at.notify_host}:{listen_at.notify_port}/notify/{channel}"


async def _listen_for_notices(stack: AsyncExitStack, service: Service, loaded: Loaded, clock: Clock) -> None:
    with on_disk(loaded.state):
        _, server = ensure(loaded.state / "tls", clock)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    at = loaded.settings.listen
    await listen(stack, make_notices_app(service), at.notify_host, at.notify_port, tls=context)


def say_ready(running_: Running, links: dict[str, str], pins: dict[str, str]) -> None:
    """``ready.json`` for whoever started us: where we answer and the one-time page links (mode 0600)."""
    path = running_.state / "ready.json"
    told = {"pid": os.getpid(), "url": running_.url, "links": links, "pins": pins}
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(told))


def check_settings(loaded: Loaded, report: Callable[[BadSettings], None]) -> None:
    """What can be known without starting: keys readable, channels and devices buildable."""
    clock, house = SystemClock(), house_of(loaded)
    slips = Slips(house, CatalogueWording("UTC"), {})
    parts = (_pepper, _wording, _currency, check_mappings)
    checks: list[Callable[[], object]] = [partial(each, loaded) for each in parts]
    checks += [partial(place_of, loaded)] if loaded.settings.journal.store == "postgres" else []
    checks += [partial(_channel, loaded, name, clock, SystemEntropy()) for name in loaded.settings.channels]
    make = _maker(loaded, house, clock, slips)
    checks += [partial(make, each, None, None) for each in loaded.settings.counters]
    for check in checks:
        try:
            check()
        except BadSettings as error:
            report(error)
