"""The connector conformance kit, first skeleton: named cases every channel passes before live money.

A case drives a fresh channel against a scripted peer that speaks the provider's side with real signatures and
knows nothing of the connector. The ids in the names are those of the project's fault model.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from terminal.banks.connector import Act
from terminal.counter.ports import (
    HttpReply,
    HttpRequest,
    NoAnswer,
    NothingSent,
    Order,
    Provider,
    RefundOrder,
)
from terminal.errors import NotEvidence
from terminal.payments.notice import Answer, Notice, RefundNotice

Says = Literal[
    "made",
    "made_foreign",  # an order whose code leads somewhere else
    "paid",
    "unpaid",
    "paying",
    "closed",
    "reversed",
    "failed",
    "returned",
    "close_done",
    "reverse_done",
    "refund_done",
    "refund_running",
    "not_there",
    "asks_to_wait",  # the error form of "the customer is confirming"
    "code_expired",
    "order_paid",
    "system_error",
    "rate_limited",
]
Step = HttpReply | NothingSent | NoAnswer


class Peer(Protocol):
    """The provider's side. Replies are genuine and fresh unless made otherwise."""

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: Act = "query"
    ) -> HttpReply | None:
        """The answer to ``act``; None where the provider has no such word for it."""
        ...

    def notifies(self, order: Order, refund: RefundOrder | None = None) -> HttpReply:
        """A notification of a payment or a refund; the status means nothing."""
        ...

    def signed(self, status: int, body: bytes, *, act: Act | Literal["notification"] = "query") -> HttpReply:
        """``body`` where the content of an answer to ``act``, or of a notification, would stand."""
        ...

    def forged(self, reply: HttpReply) -> HttpReply:
        """The same, signed by a stranger who names the provider's key."""
        ...

    def unsigned(self, reply: HttpReply) -> HttpReply: ...

    def probe(self, reply: HttpReply) -> HttpReply | None:
        """The same with the provider's deliberately false signature; None where it sends none."""
        ...

    def aged(self, reply: HttpReply, seconds: int) -> HttpReply | None:
        """Signed so long ago (negative: so far in the future), delivered now; None: it says no time."""
        ...

    def accepts(self, request: HttpRequest) -> bool:
        """Is the merchant's signature right over exactly these bytes?"""
        ...


class ScriptedHttp:
    """ProviderHttp that plays steps in turn and keeps what was asked."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque()
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        assert connect_s > 0
        assert answer_s > 0
        self.requests.append(request)
        if not self.steps:
            raise NothingSent("the script is over")
        step = self.steps.popleft()
        if isinstance(step, Exception):
            raise step
        return step


@dataclass(frozen=True, slots=True)
class Rig:
    """A fresh channel, its script and its peer, with an order and a refund they all know."""

    channel: Provider
    http: ScriptedHttp
    peer: Peer
    order: Order
    other: Order
    refund: RefundOrder
    code: str = field(repr=False)

    async def asked(self, act: Act, step: Step) -> Answer:
        """Make one call of the provider interface with ``step`` as its answer."""
        self.http.steps.append(step)
        acts: dict[str, Callable[[], Awaitable[Answer]]] = {
            "order": lambda: self.channel.order(self.order),
            "pay": lambda: self.channel.pay(self.order, self.code),
            "query": lambda: self.channel.query(self.order.order_no),
            "close": lambda: self.channel.close(self.order.order_no),
            "reverse": lambda: self.channel.reverse(self.order.order_no),
            "refund": lambda: self.channel.refund(self.refund),
            "query_refund": lambda: self.channel.query_refund(self.refund.refund_no, self.order.order_no),
        }
        answer = await acts[act]()
        expect(not self.http.steps, f"{act}: nothing was asked of the provider")
        return answer

    def success(self, act: Act, order: Order | None = None) -> HttpReply:
        """What a genuine yes to this act looks like, perhaps about another order."""
        asked = order or self.order
        refund = RefundOrder(
            "R-" + asked.order_no, asked.order_no, self.refund.amount, self.refund.total, self.refund.reason
        )
        words: dict[Act, Says] = {
            "order": "made",
            "pay": "paid",
            "query": "paid",
            "close": "close_done",
            "reverse": "reverse_done",
            "refund": "refund_done",
            "query_refund": "refund_done",
        }
        return self.genuine(words[act], act, asked, self.refund if order is None else refund)

    def genuine(
        self, what: Says, act: Act, order: Order | None = None, refund: RefundOrder | None = None
    ) -> HttpReply:
        """A word every provider must have for this act."""
        reply = self.peer.says(what, order or self.order, refund, act=act)
        if reply is None:
            raise NonconformingError(f"the peer has no word for {what} after {act}")
        return reply

    async def took(self, message: HttpReply) -> Notice | RefundNotice:
        return await self.channel.take_notification(message.headers, message.body)

    async def refuses(self, message: HttpReply | None, *slugs: str) -> None:
        """The notification must end as NotEvidence with one of ``slugs``; None is a message nobody sends."""
        if message is None:
            return
        try:
            notice = await self.took(message)
        except NotEvidence as error:
            expect(error.slug in slugs, f"refused as {error.slug}, not as one of {slugs}")
        else:
            raise NonconformingError(f"believed: {notice.order_no}")


class NonconformingError(Exception):
    """The connector does not do what its case asks. The text says what it did instead."""


def expect(condition: object, why: str) -> None:
    if not condition:
        raise NonconformingError(why)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    run: Callable[[Rig], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    failure: str  # empty when passed


CASES: Final[list[Case]] = []
ACTS: Final[tuple[Act, ...]] = ("order", "pay", "query", "close", "reverse", "refund", "query_refund")


def case(name: str) -> Callable[[Callable[[Rig], Awaitable[None]]], Callable[[Rig], Awaitable[None]]]:
    def register(run: Callable[[Rig], Awaitable[None]]) -> Callable[[Rig], Awaitable[None]]:
        CASES.append(Case(name, run))
        return run

    return register


async def run_all(cases: list[Case], fresh: Callable[[], Rig]) -> list[Result]:
    """Every case on its own rig, in order."""
    results = []
    for one in cases:
        try:
            await one.run(fresh())
        except NonconformingError as error:
            results.append(Result(one.name, str(error)))
        else:
            results.append(Result(one.name, ""))
    return results
