"""What the use cases of one house stand on: its counters, channels, drivers and tasks. It knows none of them."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from terminal.counter.accounts import Accounts, poster_of
from terminal.counter.alerts import Alerts
from terminal.counter.book import Book, Releases
from terminal.counter.engine import AttemptDriver, Job, order_of
from terminal.counter.expiring import Expiries
from terminal.counter.feed import Feed
from terminal.counter.floods import Floods
from terminal.counter.goods import Goods
from terminal.counter.holds import Holds
from terminal.counter.lane import Devices, Lane, Ways
from terminal.counter.orphans import Orphans
from terminal.counter.ports import Clock, Ids, Provider, Scanner
from terminal.counter.pull import PullDriver
from terminal.counter.push import PushDriver
from terminal.counter.receipt_links import ReceiptLinks
from terminal.counter.refunds import RefundDriver, RefundJob
from terminal.counter.scans import FirstLook, nobodys
from terminal.counter.settings import CounterSettings, House, Limits
from terminal.counter.shopwide import Shopwide
from terminal.counter.slips import Slips
from terminal.counter.tasks import Tasks
from terminal.counter.tax import KIND as TAX
from terminal.counter.tax import TaxDesk
from terminal.counter.unheard import Unheard
from terminal.counter.watches import Watches
from terminal.errors import NotFound
from terminal.log_context import about
from terminal.on_demand import OnDemand
from terminal.payments.event import Owed
from terminal.payments.fact import Facts
from terminal.payments.profile import Timings
from terminal.payments.receipt import Receipt
from terminal.payments.sale import Attempt, Sale
from terminal.payments.slip import check_code

TakeScans = Callable[[Lane, Scanner], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the app builds the service from; a simulation hands in the same with virtual ones."""

    house: House
    feed: Feed
    clock: Clock
    ids: Ids
    providers: Mapping[str, Provider]
    slips: Slips
    code_key: bytes  # keyed hash of scanned codes (S42)
    notify_url: str = ""
    limits: Limits = field(default_factory=Limits)
    serves: Callable[[str], bool] = lambda _counter: True
    """Whether this machine answers for a counter: on a shared journal others do for theirs."""


class AtWork:
    """What runs at one counter, under its name; its scanner is followed once one is there.

    A chain has thousands of counters: this is all that each of them has for it.
    """

    __slots__ = ("_follow", "_lane", "_scans", "_tasks")

    def __init__(self, lane: Lane, tasks: Tasks, follow: TakeScans) -> None:
        self._lane, self._tasks, self._follow = lane, tasks, follow
        self._scans: OnDemand | None = None

    def start(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        self._tasks.start(f"{name} {self._lane.id}", job)

    def scanner_there(self) -> None:
        if self._scans is None:
            self._scans = OnDemand(self._take_scans)
            self._scans.begin(self.start, "scans")
        self._scans.wake()

    async def _take_scans(self) -> None:
        scanner = self._lane.devices.scanner
        assert scanner is not None, "one is there"
        await self._follow(self._lane, scanner)


class Floor:
    """``scans``: what follows a counter's scanner while it is there; it is the use cases' and comes from above."""

    def __init__(
        self, parts: Parts, counters: Sequence[tuple[CounterSettings, Devices]], scans: TakeScans
    ) -> None:
        self.parts = parts
        self.house, self.feed, self.limits = parts.house, parts.feed, parts.limits
        self.book = Book(parts.feed, parts.clock)
        self._check_key = hmac.digest(parts.code_key, b"check codes", "sha256")
        self.receipt_links = ReceiptLinks(parts.code_key, parts.clock)
        self.tasks = Tasks()
        self.tax = TaxDesk(self.book, parts.slips, test=parts.house.test)
        self._scans = scans
        self._ways = self._ways_of_lanes()
        self.lanes: dict[str, Lane] = {}
        for settings, devices in counters:
            self.lanes[settings.id] = self._lane_of(settings, devices)
        self.book.begin, self.book.on_owed, self.book.foresee = self._begin, self._owed, self._foresee
        self.watches = Watches(self.book, self.tasks, self.timings, idle_s=self.limits.idle_sale_s)
        self._driven: dict[str, str] = {}  # sale by attempt, of those that are driven
        self.refunding: dict[str, RefundDriver] = {}
        self.stopping = False
        self.ready = False
        self.shop = shop = Shopwide(self.house, self.feed, parts.clock, parts.providers, self._tell)
        self.orphans, self.alerts, self.expiries = Orphans(shop), Alerts(shop), Expiries(shop)
        self.holds, self.floods = Holds(shop), Floods(shop)
        self.accounts = Accounts(shop)
        self.goods = Goods(self.house, parts.providers)
        self.unheard = Unheard(shop, self.book, self.tasks)
        self.first_look: FirstLook = nobodys

    def _tell(self) -> None:
        for lane in self.lanes.values():
            lane.on_change()

    def start_lane(self, lane: Lane) -> None:
        work, scanner = AtWork(lane, self.tasks, self._scans), lane.devices.scanner
        start = work.start  # bound once for all of the lane's
        for name, job in lane.devices.jobs.items():
            start(name, job)
        lane.glass.begin(start)
        lane.voice.work.begin(start, "voice")
        lane.paper.work.begin(start, "paper")
        if scanner is not None:
            lane.devices.fitted(start, work.scanner_there)
            if scanner:
                work.scanner_there()

    def _ways_of_lanes(self) -> Ways:
        return Ways(
            make_slip=self._slip,
            copy_mark=self.parts.slips.copy_mark,
            tax=self.tax,
            on_phone=self._instead_of_paper,
            instead_of_paper=self.receipt_links.instead_of_paper,
            code_life_s=self._code_life_s,
            check_code=self.check_code,
            poster_waits=self._poster_waits,
            receipt=self.receipt_links.for_display,
        )

    def _lane_of(self, settings: CounterSettings, devices: Devices) -> Lane:
        return Lane(settings, devices, self.book, self.house, self.limits, self._ways)

    def _slip(self, settings: CounterSettings, sale: Sale, owed: Owed) -> Receipt:
        return self.parts.slips.make(settings, sale, owed, self.check_code(sale))

    async def _instead_of_paper(self, owed: Owed) -> bool:
        """Not where the next customer's screen came first, nor after a restart: this one saw no code (I9)."""
        sale = self.book.sale(owed.subject)
        link = self.receipt_links.instead_of_paper(sale, owed)
        return bool(link) and await self.adopt(sale.counter).glass.shows_receipt(link)

    def _poster_waits(self, channel: str) -> bool:
        return self.accounts.waits(poster_of(channel))

    def _code_life_s(self, attempt: Attempt) -> float:
        return self.timings(attempt).code_life_s

    def adopt(self, counter: str) -> Lane:
        """A counter that left the settings but still has money to follow: a lane without devices."""
        if counter not in self.lanes:
            self.lanes[counter] = self._lane_of(CounterSettings(counter, channels=()), Devices())
            if self.ready:
                self.start_lane(self.lanes[counter])
        return self.lanes[counter]

    # reading

    def check_code(self, sale: Sale) -> str:
        """The four characters of a paid sale, the same on glass, till, slip and page (S65); empty until paid."""
        return self.code_of(sale.id) if sale.paid_minor else ""

    def code_of(self, sale_id: str) -> str:
        """What ``check_code`` is, or would be: for finding sales by it, never for showing."""
        return check_code(sale_id, self._check_key)

    def lane(self, counter: str) -> Lane:
        try:
            return self.lanes[counter]
        except KeyError:
            raise NotFound("counter_unknown", counter=counter) from None

    def channel(self, name: str) -> str | None:
        """The settings' channel that an attempt, or a bank, names; None: there is none.

        The first journals name the profile instead, and a shop may rename its channel: what no channel is called
        is the only one with such a profile.
        """
        if name in self.parts.providers:
            return name
        like = [each for each, provider in self.parts.providers.items() if provider.profile.name == name]
        return like[0] if len(like) == 1 else None

    def provider(self, name: str) -> Provider:
        channel = self.channel(name)
        if channel is None:
            raise NotFound("channel_unknown", channel=name)
        return self.parts.providers[channel]

    def timings(self, attempt: Attempt) -> Timings:
        """Those of the attempt's channel, or usual ones once it left the settings."""
        channel = self.channel(attempt.provider)
        return self.parts.providers[channel].profile.timings if channel else Timings()

    def providers(self) -> Mapping[str, Provider]:
        return self.parts.providers

    def drive(self, sale: Sale, attempt_id: str, *, code: str = "", fresh: bool = True) -> AttemptDriver:
        attempt = sale.attempt(attempt_id)
        provider, lane = self.provider(attempt.provider), self.adopt(sale.counter)

        def make(code: str, fresh: bool) -> AttemptDriver:
            job = Job(
                book=self.book,
                provider=provider,
                account=provider.account,
                sale=sale.id,
                attempt=attempt_id,
                describe=self._describe(sale),
                notify_url=self.parts.notify_url,
                on_code=lane.show_code,
                code=code,
                fresh=fresh,
                check_again_s=self.limits.check_again_s,
            )
            return PushDriver(job) if attempt.direction == "push" else PullDriver(job)

        first = make(code, fresh)
        lane.driver[attempt_id], self._driven[attempt_id] = first, sale.id

        async def run() -> None:
            driver = lane.driver.get(attempt_id) or make("", False)
            lane.driver[attempt_id], self._driven[attempt_id] = driver, sale.id
            try:
                with about(sale=sale.id, attempt=attempt_id, counter=lane.id):
                    await driver.run()
            finally:
                lane.driver.pop(attempt_id, None)
                self._driven.pop(attempt_id, None)

        self.tasks.start(f"attempt {attempt_id}", run)
        return first

    def sale_of(self, order_no: str) -> str | None:
        """Whose order it is; None: nobody's here. One that is driven is known without asking the disk."""
        return self._driven.get(order_no) or self.feed.claimed("order", order_no)

    def prepare(self, sale: Sale, attempt_id: str) -> None:
        """An order is about to be recorded: its provider may make the request ready, and sends nothing yet."""
        attempt = sale.attempt(attempt_id)
        order = order_of(sale, attempt, self._describe(sale), self.parts.notify_url)
        self.provider(attempt.provider).prepare(order)

    def _describe(self, sale: Sale) -> str:
        return f"{self.house.title} {sale.title}".strip()[:40]

    async def until(self, sale_id: str, holds: Callable[[Sale], bool], limit_s: float) -> bool:
        """Wait for a condition of a sale, event by event."""
        if holds(self.book.sale(sale_id)):
            return True
        try:
            async with asyncio.timeout(limit_s), aclosing(self.feed.follow(self.feed.published)) as news:
                async for _ in news:
                    if holds(self.book.sale(sale_id)):
                        return True
        except TimeoutError:
            pass
        return holds(self.book.sale(sale_id))

    def drive_refund(self, sale: Sale, refund_id: str) -> None:
        provider = self.provider(sale.attempt(sale.refund(refund_id).attempt).provider)

        async def run() -> None:
            job = RefundJob(self.book, provider, provider.account, sale.id, refund_id, self.parts.notify_url)
            driver = RefundDriver(job)
            self.refunding[refund_id] = driver
            try:
                with about(sale=sale.id, refund=refund_id, counter=sale.counter):
                    await driver.run()
            finally:
                self.refunding.pop(refund_id, None)

        self.tasks.start(f"refund {refund_id}", run)

    def _begin(self, sale: Sale, owed: Owed) -> Facts:
        """Nothing while the service ends: nobody would go on with it, and the next start takes up what is owed."""
        lane = self.lanes.get(sale.counter)
        return () if lane is None or owed.kind == TAX or self.stopping else lane.begin(sale, owed)

    def _foresee(self, before: Sale | None, after: Sale) -> Releases:
        lane = self.lanes.get(after.counter)
        return Releases() if lane is None else lane.foresee(before, after)

    def _owed(self, sale: Sale, owed: Owed, begun: bool) -> None:
        if owed.kind == TAX:
            self.tax.owe(owed)
        else:
            self.adopt(sale.counter).owe(owed, begun=begun)
