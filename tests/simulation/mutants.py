"""Deliberately broken parts: each is one real mistake. The simulation must see every one of them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from msgspec import structs

from terminal.counter.aftercare import Aftercare
from terminal.counter.book import here
from terminal.counter.claims import Key
from terminal.counter.feed import Feed, Then
from terminal.counter.floor import Parts
from terminal.counter.glass import Glass
from terminal.counter.notices import Notices
from terminal.counter.paper import Paper
from terminal.counter.ports import Order, Provider, RefundOrder, Slip, Utterance
from terminal.counter.service import Service
from terminal.counter.slips import receipt_id
from terminal.counter.voice import Voice
from terminal.payments.event import Actor, Event, Ledger, NewEvent, Owed
from terminal.payments.fact import Facts
from terminal.payments.money import Money
from terminal.payments.notice import Accepted, Answer, Notice, NotThere, RefundNotice, Told, Trade, Unclear
from terminal.payments.profile import Profile
from terminal.payments.refunding import start_refund
from terminal.payments.sale import Refund, Sale
from terminal.simulation.power import PowerDisk
from terminal.simulation.swarm import SCANNED, Swarm, powerless
from terminal.simulation.world import Lanes, Outfit


class TellsBeforeTheCommit(Feed):
    """Memory and callers move on while the disk still works."""

    async def append(
        self, events: Sequence[NewEvent], then: Then | None = None, **behind: Any
    ) -> tuple[Event, ...]:
        number = self.last_number()
        guess = tuple(_as_if(event, number + place) for place, event in enumerate(events, 1))
        if then:
            then(guess)
        self.later = asyncio.ensure_future(super().append(events, **behind))
        return guess


def _as_if(event: NewEvent, number: int) -> Event:
    counter = event.stream.removeprefix("counter:")
    return Event(
        number, event.stream, 1, event.type, 1, Ledger.TEST, "m1", "s1", counter,
        event.subject, str(event.actor), 0, 0, event.body, b"",
    )  # fmt: skip


class ForgetsScannedCodes(Feed):
    """The same scan is a new payment every time."""

    def claimed(self, kind: str, key: str) -> str | None:
        return None if kind == "code" else super().claimed(kind, key)

    async def append(
        self, events: Sequence[NewEvent], then: Then | None = None, **behind: Any
    ) -> tuple[Event, ...]:
        return await super().append([_without(each, {"code"}) for each in events], then, **behind)


def _without(event: NewEvent, kinds: set[str]) -> NewEvent:
    index = event.body.get("index") or {}
    claims = [claim for claim in index.get("claims", ()) if claim[0] not in kinds]
    return replace(event, body={**event.body, "index": {**index, "claims": claims}}) if index else event


class Passing:
    """A provider that hands everything on; subclasses spoil one thing."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


class ComparesNoAmounts(Passing):
    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self._asked: dict[str, int] = {}

    async def order(self, order: Order) -> Answer:
        self._asked[order.order_no] = order.amount.minor
        return await self._provider.order(order)

    async def query(self, order_no: str) -> Answer:
        answer = await self._provider.query(order_no)
        return Told(self._fits(answer.notice)) if isinstance(answer, Told) else answer

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        notice = await self._provider.take_notification(headers, body)
        return self._fits(notice) if isinstance(notice, Notice) else notice

    def _fits(self, notice: Notice) -> Notice:
        return replace(notice, amount_minor=self._asked.get(notice.order_no, notice.amount_minor))


class BelievesNotFound(Passing):
    """An order the bank does not know yet is taken for one that never will be paid."""

    async def query(self, order_no: str) -> Answer:
        answer = await self._provider.query(order_no)
        if not isinstance(answer, NotThere):
            return answer
        who = self._provider.account
        return Told(
            Notice(who.provider, "query", "none", who.merchant_id, who.app_id, order_no, Trade.CLOSED, None, None)
        )


class TakesSilenceForReversed(Passing):
    async def reverse(self, order_no: str) -> Answer:
        answer = await self._provider.reverse(order_no)
        return Accepted() if isinstance(answer, Unclear) else answer


class RefundsTwiceUnderTwoNumbers(Passing):
    """A refund without an answer is sent again under another number."""

    async def refund(self, refund: RefundOrder) -> Answer:
        answer = await self._provider.refund(refund)
        if isinstance(answer, Unclear):
            return await self._provider.refund(replace(refund, refund_no=refund.refund_no[:-1] + "x"))
        return answer


class ChecksRefundsOutsideTheLock(Aftercare):
    async def refund(
        self,
        sale_id: str,
        amount_minor: int | None,
        *,
        reason: str,
        actor: Actor,
        approver: str = "",
        attempt_id: str = "",
        key: Key | None = None,
        lines: tuple[int, ...] = (),
    ) -> tuple[Sale, Refund]:
        floor = self._floor
        sale = floor.book.sale(sale_id)
        paid = next(each for each in sale.attempts if each.captured)
        minor = sale.refundable_minor(paid) if amount_minor is None else amount_minor
        number = floor.parts.ids.ulid()
        facts = start_refund(
            sale,
            paid.id,
            Money(minor, "CNY"),
            refund=number,
            reason=reason,
            actor=str(actor),
            approver="",
            at_ms=0,
        )
        await asyncio.sleep(0.01)  # a look at the policy, say
        sale = await floor.book.commit(sale_id, lambda now: facts if here(now) else (), actor)
        floor.drive_refund(sale, number)
        return sale, sale.refund(number)


class SaysYesBeforeTheCommit(Notices):
    async def take(self, channel: str, headers: Mapping[str, str], body: bytes) -> None:
        await self._floor.provider(channel).take_notification(headers, body)
        self.later = asyncio.ensure_future(super().take(channel, headers, body))


class SpeaksAtOnce(Voice):
    """Without having taken it from the list first: after a crash it would be said again."""

    def begin(self, _sale: Sale, _owed: Owed) -> Facts:
        return ()

    def owe(self, owed: Owed, *, begun: bool = False) -> None:
        super().owe(owed, begun=begun)
        if self._speaker is not None and owed.body["says"] == "paid":
            amount = self._book.sale(owed.subject).attempt(owed.body["attempt"]).amount
            self.now = asyncio.ensure_future(self._speaker.say(Utterance("paid", amount, "", "en", test=True)))


class KeepsTheCode(Glass):
    """What is on the glass stays there until the next code."""

    __slots__ = ()

    def follow(self, before: Sale | None, sale: Sale) -> None: ...


class SendsAgainUnderANewNumber(Passing):
    """What was not answered is asked for once more, as another order."""

    async def pay(self, order: Order, code: str) -> Answer:
        answer = await self._provider.pay(order, code)
        return await self._provider.pay(_renamed(order), code) if isinstance(answer, Unclear) else answer

    async def order(self, order: Order) -> Answer:
        answer = await self._provider.order(order)
        return await self._provider.order(_renamed(order)) if isinstance(answer, Unclear) else answer


def _renamed(order: Order) -> Order:
    return replace(order, order_no=order.order_no[:-1] + "x")


class CountsMoneyInFloats(Passing):
    """Yuan as a float, cut off at the cent: 0.29 becomes 0.28."""

    async def order(self, order: Order) -> Answer:
        minor = int(order.amount.minor / 100 * 100)
        return await self._provider.order(replace(order, amount=Money(minor, order.amount.currency)))


class Reading(Passing):
    """Spoils what every word of the bank says of an order; ``read`` is what remains to be done."""

    def read(self, notice: Notice, asked: str) -> Notice:
        raise AssertionError("each mistake reads in its own way")

    async def query(self, order_no: str) -> Answer:
        answer = await self._provider.query(order_no)
        return Told(self.read(answer.notice, order_no)) if isinstance(answer, Told) else answer

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        notice = await self._provider.take_notification(headers, body)
        return self.read(notice, notice.order_no) if isinstance(notice, Notice) else notice


class ComparesNoMerchants(Reading):
    def read(self, notice: Notice, asked: str) -> Notice:
        who = self._provider.account
        return replace(notice, merchant_id=who.merchant_id, app_id=who.app_id)


class ComparesNoCurrencies(Reading):
    def read(self, notice: Notice, asked: str) -> Notice:
        return replace(notice, currency="CNY" if notice.currency else None)


class ComparesNoOrders(Reading):
    def read(self, notice: Notice, asked: str) -> Notice:
        return replace(notice, order_no=asked)


class TakesBeingPaidForPaid(Reading):
    def read(self, notice: Notice, asked: str) -> Notice:
        return replace(notice, trade=Trade.PAID) if notice.trade is Trade.UNPAID else notice


class NeverLooksAgain(Passing):
    """A closed order is closed: nobody sweeps for money that came after all."""

    @property
    def profile(self) -> Profile:
        mine = self._provider.profile
        return structs.replace(mine, timings=structs.replace(mine.timings, sweep_after_close_s=()))


class BelievesItsReverse(Passing):
    """What the bank said yes to taking back is not asked about again."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self._back: set[str] = set()

    async def reverse(self, order_no: str) -> Answer:
        answer = await self._provider.reverse(order_no)
        if isinstance(answer, Accepted):
            self._back.add(order_no)
        return answer

    async def query(self, order_no: str) -> Answer:
        return NotThere() if order_no in self._back else await self._provider.query(order_no)


class PrintsWithoutNumbers(Paper):
    """Every printing is an original."""

    __slots__ = ()

    async def _begin(self, owed: Owed) -> Slip:
        return replace(await super()._begin(owed), copy=0)


class PrintsFirst(Paper):
    """The slip is in the printer before the journal knows of it."""

    __slots__ = ()
    later: ClassVar[set[asyncio.Future[Slip]]] = set()

    def begin(self, _sale: Sale, _owed: Owed) -> Facts:
        return ()

    async def _begin(self, owed: Owed) -> Slip:
        copy = self._book.sale(owed.subject).printings(receipt_id(owed))
        self.later.add(asyncio.ensure_future(super()._begin(owed)))
        return replace(self._drawn_up(owed), copy=copy)


class NeverSyncs(PowerDisk):
    """The write-ahead log is left to the system, as with synchronous=NORMAL."""

    def confirm(self, path: Path) -> None:
        if not path.name.endswith("-wal"):
            super().confirm(path)


def _service(change: Callable[[Service], None]) -> Callable[[Parts, Lanes], Service]:
    def build(parts: Parts, lanes: Lanes) -> Service:
        service = Service(parts, lanes)
        change(service)
        return service

    return build


def _crossed(parts: Parts, lanes: Lanes) -> Service:
    """Somebody swapped two plugs, and nobody asked the displays who they are."""
    devices = [devices for _, devices in lanes]
    return Service(parts, [(settings, devices[place - 1]) for place, (settings, _) in enumerate(lanes)])


def _refunds(service: Service) -> None:
    service.aftercare = ChecksRefundsOutsideTheLock(service)


def _no_refunds_again(service: Service) -> None:
    """What a restart finds under way is nobody's."""
    drive = service.drive_refund

    def driven(sale: Sale, refund_id: str) -> None:
        if service.ready:
            drive(sale, refund_id)

    service.__dict__["drive_refund"] = driven


def _notices(service: Service) -> None:
    service.notices = SaysYesBeforeTheCommit(service)


def _voices(service: Service) -> None:
    for lane in service.lanes.values():
        lane.voice = SpeaksAtOnce(service.book, lane.devices.speaker, lane.settings, service.house, service.limits)


def _papers(kind: type[Paper]) -> Callable[[Service], None]:
    def change(service: Service) -> None:
        for lane in service.lanes.values():
            lane.paper.__class__ = kind

    return change


def _glasses(service: Service) -> None:
    for lane in service.lanes.values():
        lane.glass.__class__ = KeepsTheCode


LOSES_MUCH = {"bank answer-lost-after-debit": 500, "bank not-found-lag": 500, "bank error-500": 500}
KILLED_MUCH = {"kill": 500, "kill_after_commit": 500, "bank refund-slow": 300}
LATE_MONEY = {"bank capture-after-close": 500, "bank notify-lost": 500}


def _loses(swarm: Swarm) -> Swarm:
    return replace(swarm, rates=LOSES_MUCH, plans=SCANNED, channels=("wechatpay",), devices="none")


def _killed(swarm: Swarm) -> Swarm:
    return replace(swarm, rates={**swarm.rates, **KILLED_MUCH}, haste=6, refunds=1)


def _late(swarm: Swarm) -> Swarm:
    return replace(swarm, rates={**swarm.rates, **LATE_MONEY}, plans=("pays_late", "pays_while_cancelled"))


def _late_scans(swarm: Swarm) -> Swarm:
    rates = {**swarm.rates, **LATE_MONEY}
    return replace(swarm, rates=rates, plans=("shows_password",), channels=("wechatpay",), refunds=10**6)


SWARMS: dict[str, Callable[[Swarm], Swarm]] = {
    "believes not found": _loses,
    "takes silence for reversed": _loses,
    "leaves the log to the system": powerless,
    "forgets refunds at a restart": _killed,
    "never looks again": _late,
    "believes its reverse": _late_scans,
}
"""Mistakes that only show in some shops: what those are like. The others are seen in any seed's own."""

MUTANTS: dict[str, tuple[Outfit, set[str]]] = {
    "tells before the commit": (Outfit(feed=TellsBeforeTheCommit), {"I5", "I6"}),
    "forgets scanned codes": (Outfit(feed=ForgetsScannedCodes), {"I3", "I15"}),
    "compares no amounts": (Outfit(provider=ComparesNoAmounts), {"I2"}),
    "compares no merchants": (Outfit(provider=ComparesNoMerchants), {"I2"}),
    "compares no currencies": (Outfit(provider=ComparesNoCurrencies), {"I2"}),
    "compares no orders": (Outfit(provider=ComparesNoOrders), {"I2", "I3"}),
    "takes being paid for paid": (Outfit(provider=TakesBeingPaidForPaid), {"I2"}),
    "counts money in floats": (Outfit(provider=CountsMoneyInFloats), {"I5"}),
    "sends again under a new number": (Outfit(provider=SendsAgainUnderANewNumber), {"I3", "I5"}),
    "believes not found": (Outfit(provider=BelievesNotFound), {"I1", "I4"}),
    "never looks again": (Outfit(provider=NeverLooksAgain), {"I1"}),
    "believes its reverse": (Outfit(provider=BelievesItsReverse), {"I1"}),
    "takes silence for reversed": (Outfit(provider=TakesSilenceForReversed), {"I4"}),
    "refunds again under another number": (Outfit(provider=RefundsTwiceUnderTwoNumbers), {"I5", "I8"}),
    "checks refunds outside the lock": (Outfit(service=_service(_refunds)), {"I8"}),
    "forgets refunds at a restart": (Outfit(service=_service(_no_refunds_again)), {"I4"}),
    "says yes before the commit": (Outfit(service=_service(_notices)), {"I6"}),
    "speaks at once": (Outfit(service=_service(_voices)), {"I11"}),
    "keeps the code on the glass": (Outfit(service=_service(_glasses)), {"I10"}),
    "does not ask displays who they are": (Outfit(service=_crossed), {"I10"}),
    "prints every slip as an original": (Outfit(service=_service(_papers(PrintsWithoutNumbers))), {"I9"}),
    "prints before the commit": (Outfit(service=_service(_papers(PrintsFirst))), {"I6"}),
    "leaves the log to the system": (Outfit(disk=NeverSyncs), {"I6", "I18", "I22"}),
}
"""Name -> the broken build, and the invariants one of which must be named."""
