"""Builds the whole service from its settings, starts it, stops it: the one place where everything meets."""

import asyncio
import hashlib
import hmac
import logging
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from terminal.bills.desk import BillDesk, bill_desk
from terminal.brand.paper import BankPaper
from terminal.brand.shelf import BrandShelf
from terminal.counter.accounts import poster_of
from terminal.counter.feed import Feed
from terminal.counter.floor import Parts
from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.service import Service
from terminal.counter.slips import Slips, titles_of
from terminal.errors import JournalError
from terminal.people.service import People
from terminal.peripherals.shared import Shared
from terminal.settings import Loaded
from terminal.settings.channel_tables import payee
from terminal.system import SystemClock, SystemEntropy, SystemIds
from terminal.tls.local_authority import ensure
from terminal.web.app import Beside, make_app, make_notices_app
from terminal.web.desks.reports import ReportParts
from terminal.web.edge import EDGE, STATE
from terminal.web.listen import listen
from terminal.web.notices import LIMITS
from terminal.wiring import pack_scans
from terminal.wiring.care import care_parts
from terminal.wiring.channels import Opened, channel_of
from terminal.wiring.doors import open_doors
from terminal.wiring.fitting import Fittings, counter_of, maker
from terminal.wiring.goods import open_goods
from terminal.wiring.hooks import open_hooks, show
from terminal.wiring.house import check_currency, house_of, people_of, pepper_of, wording_of
from terminal.wiring.observing import Watching
from terminal.wiring.power_on import open_power_on
from terminal.wiring.preview import receipt_picture
from terminal.wiring.privacy import Keeper, open_keeper
from terminal.wiring.receipts import guests_of, open_receipts
from terminal.wiring.risk import open_risk
from terminal.wiring.stores import chores, listen_to_others, lost, on_disk, open_store, serves
from terminal.wiring.support_bundle import devices_told, privacy_desk
from terminal.wiring.tax import open_tax
from terminal.wiring.training import Training

if TYPE_CHECKING:
    from terminal.wiring.stores import Store
    from terminal.wiring.visit import Visiting

log = logging.getLogger(__name__)
STOP_S: Final = 5.0
VERIFY_EVERY_S: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers. ``failed`` is done when it cannot go on (I20)."""

    service: Service
    people: People
    journal: "Store"
    url: str
    state: Path
    failed: "asyncio.Task[None]"
    training: Training


def _sound(loaded: Loaded) -> bytes:
    """The pepper, once the settings hold together. Raises BadSettings."""
    pepper = pepper_of(loaded)
    check_currency(loaded)
    return pepper


def _channels(stack: AsyncExitStack, loaded: Loaded, clock: Clock, entropy: Entropy) -> dict[str, Opened]:
    """Every channel of the settings; each is closed with the stack."""
    channels = {name: channel_of(loaded, name, clock, entropy) for name in loaded.settings.channels}
    for channel in channels.values():
        stack.push_async_callback(channel.aclose)
    return channels


def _parts(
    loaded: Loaded, feed: Feed, channels: dict[str, Opened], machine: tuple[Clock, Ids], pepper: bytes
) -> Parts:
    house, (clock, ids) = house_of(loaded), machine
    return Parts(
        house=house,
        feed=feed,
        clock=clock,
        ids=ids,
        providers=channels,
        slips=Slips(house, wording_of(loaded), titles_of(channels)),
        code_key=hmac.digest(pepper, b"scanned codes", hashlib.sha256),
        serves=serves(loaded),
    )


@asynccontextmanager
async def running(
    loaded: Loaded, *, clock: Clock | None = None, entropy: Entropy | None = None, ids: Ids | None = None
) -> AsyncIterator[Running]:
    """Start everything; on the way out stop it within STOP_S and close in the right order.

    Raises:
        BadSettings, JournalError: what is wrong and what to do; nothing was started.
    """
    clock, entropy, ids = clock or SystemClock(), entropy or SystemEntropy(), ids or SystemIds()
    pepper = _sound(loaded)
    async with AsyncExitStack() as stack:
        journal, keeper, feed = await _journal(stack, loaded, clock, entropy)
        channels = _channels(stack, loaded, clock, entropy)
        parts = _parts(loaded, feed, channels, (clock, ids), pepper)
        service, fittings, shared, brand = _service(stack, loaded, parts, entropy)
        bills, risk = bill_desk(loaded, service, journal.settled), open_risk(loaded, service)
        hooks = open_hooks(stack, loaded, service, keeper.ledger, (clock, entropy, ids), pepper)
        watching = Watching(loaded, service, channels, clock, hooks=hooks)
        people = people_of(loaded, feed, (clock, entropy, ids), pepper)
        listen_to_others(journal, people.heard, hooks.heard, lambda _events: feed.heard())
        training = Training(loaded, service, people, shared, (clock, entropy, ids), pepper)
        doors = make_app(
            *(service, people, loaded),
            clock=clock,
            entropy=entropy,
            beside=Beside(
                picture=receipt_picture,
                dead=lambda: journal.dead is not None,
                fitter=fittings,
                trainer=training,
                visitor=_visits(loaded, service, people, fittings, (clock, entropy, ids)),
                reports=_report_parts(loaded, journal, channels, bills),
                bills=bills,
                risk=risk,
                privacy=privacy_desk(loaded, keeper.ledger, service),
                observed=watching.observed,
                care=care_parts(loaded, partial(devices_told, service), brand),
            ),
        )
        show(doors, hooks)
        url = training.live_url = await _open_pages(stack, doors, service, loaded, clock, watching, brand)
        jobs = {**await _phones(doors, loaded, clock), **_beside(loaded, service, doors, url, fittings)}
        stack.push_async_callback(training.stop)
        await open_doors(stack, loaded, service, people, (clock, entropy))
        starts: list[Callable[[], None]] = [bills.start, risk.start, partial(hooks.start, service.tasks)]
        starts += _begun(service, {"privacy": keeper.run, "observing": watching.run, **jobs})
        life = asyncio.create_task(_live(service, channels, journal, starts), name="service")
        stack.push_async_callback(_end, service, life)
        await _until_ready(service, life, training)
        yield Running(service, people, journal, url, loaded.state, life, training)


async def _journal(
    stack: AsyncExitStack, loaded: Loaded, clock: Clock, entropy: Entropy
) -> tuple["Store", Keeper, Feed]:
    """The record, and who keeps what leaves and what goes; both close with the stack."""
    journal = await open_store(loaded, clock, entropy)
    stack.push_async_callback(journal.close)
    return journal, await open_keeper(stack, loaded, clock, journal), Feed(journal)


async def _check_accounts(loaded: Loaded, service: Service) -> None:
    channels = loaded.settings.channels
    payees = {name: payee(table) for name, table in channels.items()}
    payees |= {poster_of(name): table.poster for name, table in channels.items() if table.poster}
    for changed in await service.accounts.begin(payees):
        log.warning("channel %s pays another account than before: it waits for two people", changed.channel)


def _service(
    stack: AsyncExitStack, loaded: Loaded, parts: Parts, entropy: Entropy
) -> tuple[Service, Fittings, dict[str, Shared], BrandShelf]:
    brand = BrandShelf(loaded.state)
    parts.slips.bank = BankPaper(brand)
    held: set[str] = set()
    make = maker(loaded, parts.house, parts.clock, parts.slips, held, brand.dots)
    fittings = Fittings(loaded, parts.clock, entropy, make, held)
    stack.push_async_callback(fittings.close)
    tables = loaded.settings.counters
    shared = {each.id: Shared(fittings.devices(each)) for each in tables}
    service = Service(parts, [(counter_of(each), shared[each.id].real) for each in tables])
    fittings.attach(service)
    open_tax(stack, loaded, service)
    return service, fittings, shared, brand


async def _open_pages(
    stack: AsyncExitStack,
    doors: web.Application,
    service: Service,
    loaded: Loaded,
    clock: Clock,
    watching: Watching,
    brand: BrandShelf,
) -> str:
    """Pages and API, and the listeners of bank and metrics; returns the address of the first."""
    await watching.open_listener(stack)
    await _check_accounts(loaded, service)
    open_receipts(loaded, service, doors)
    doors[STATE], doors[EDGE].load_visits = loaded.state, _load_visits
    at = loaded.settings.listen
    url = await listen(stack, doors, at.host, at.port)
    if at.notify_port:
        await _listen_for_notices(stack, service, loaded, clock, brand)
    return url


def _report_parts(loaded: Loaded, journal: "Store", channels: dict[str, Opened], bills: BillDesk) -> ReportParts:
    shop = loaded.settings.shop
    rules = {name: channel.profile.fee for name, channel in channels.items() if channel.profile.fee is not None}
    return ReportParts(shop.cut_off, journal.settled, rules, journal.checkpoint, shop.cashier_totals, bills.heal)


def _load_visits() -> None:
    import terminal.wiring.visit
    import terminal.wiring.visit_site  # noqa: F401  # a shop is set up once: no start needs them


def _visits(
    loaded: Loaded, service: Service, people: People, fittings: Fittings, machine: tuple[Clock, Entropy, Ids]
) -> Callable[[], "Visiting"]:
    @cache
    def opened() -> "Visiting":
        from terminal.wiring.visit import Visiting
        from terminal.wiring.visit_site import site_of

        return Visiting(site_of(loaded, service, people, fittings.counters, machine))

    pack_scans.listen(service, lambda: opened().packs)
    return opened


async def _phones(
    doors: web.Application, loaded: Loaded, clock: Clock
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    if not loaded.settings.listen.lan:
        return {}
    from terminal.wiring.lan import open_lan  # it makes and renews certificates

    return await open_lan(doors, loaded, clock)


def _beside(
    loaded: Loaded, service: Service, doors: web.Application, url: str, fittings: Fittings
) -> dict[str, Callable[[], Awaitable[None]]]:
    """Jobs of what a shop may ask for: prices, the sheet at power-on; and the watch for another device."""
    sheet = open_power_on(loaded, doors[EDGE], url)
    return {**open_goods(loaded, service), **sheet, "stand-ins": fittings.watch}


def _begun(service: Service, jobs: Mapping[str, Callable[[], Awaitable[None]]]) -> list[Callable[[], None]]:
    return [partial(service.tasks.start, name, job) for name, job in jobs.items()]


async def _until_ready(service: Service, life: "asyncio.Task[None]", training: Training) -> None:
    ready = asyncio.ensure_future(service.until_ready())
    await asyncio.wait({ready, life}, return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        ready.cancel()
        raise cause(life.exception()) from None
    await training.recover()


def cause(error: BaseException | None) -> BaseException:
    """The one failure inside nested groups; a journal's before any other."""
    assert error is not None, "the service ended without a reason"
    if not isinstance(error, BaseExceptionGroup):
        return error
    journal = error.subgroup(JournalError)
    return cause((journal or error).exceptions[0])


async def _live(
    service: Service, channels: dict[str, Opened], journal: "Store", starts: Sequence[Callable[[], None]]
) -> None:
    """``starts``: what begins once the counters are ready."""
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(), name="counters")
        group.create_task(lost(journal), name="journal")
        await service.until_ready()
        group.create_task(_verify(journal), name="verify")  # not before: years read back would hold up the start
        for name, channel in channels.items():  # a provider's odd answer must not end the shop
            service.tasks.start(f"keys {name}", channel.keep_keys)
        await chores(journal)
        for start in starts:
            start()


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


async def _listen_for_notices(
    stack: AsyncExitStack, service: Service, loaded: Loaded, clock: Clock, brand: BrandShelf
) -> None:
    with on_disk(loaded.state):
        _, server = ensure(loaded.state / "tls", clock)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    at = loaded.settings.listen
    await listen(
        stack,
        make_notices_app(service, guests=guests_of(loaded, service, brand)),
        at.notify_host,
        at.notify_port,
        tls=context,
        limits=LIMITS,
        first=True,
    )


def say_ready(running_: Running, links: dict[str, str], pins: dict[str, str]) -> None:
    """``ready.json`` for whoever started us: where we answer and the one-time page links (mode 0600)."""
    path = running_.state / "ready.json"
    told = {"pid": os.getpid(), "url": running_.url, "links": links, "pins": pins}
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(told))
