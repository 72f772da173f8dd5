"""What a case of the connector conformance kit is, and the rig it drives: a fresh channel against a scripted peer.

The peer speaks the provider's side with real signatures, written from the provider's documents, and knows
nothing of the connector. A case says one thing; what does not apply is declared in the profile (``speaks``).
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol
from urllib.parse import unquote_plus

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
from terminal.payments.profile import Profile

NOW_S: Final = 1_790_000_000  # the second in which every case plays: 2026-09-21T14:13:20Z
WORDS: Final = "说明"  # what a peer's refusals say to people
PAYER: Final = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"  # whom a peer names as the payer

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
    "odd_state",  # a state no document lists
    "odd_amount",  # paid, its amount written in a form that is none
    "negative_amount",
    "foreign_currency",  # paid in another currency than asked
    "foreign_merchant",  # paid to another shop
    "close_done",
    "reverse_done",
    "nothing_done",  # a yes to reversing that says there was nothing to do
    "too_late",  # to be reversed
    "refund_done",
    "refund_running",
    "refund_failed",
    "refund_odd",  # a state of refunds no document lists
    "refund_too_much",
    "not_there",
    "asks_to_wait",  # the error form of "the customer is confirming"
    "code_expired",
    "no_funds",
    "order_paid",
    "system_error",
    "odd_error",  # an error code no document lists
    "rate_limited",
]
Step = HttpReply | NothingSent | NoAnswer


class Peer(Protocol):
    """The provider's side. Replies are genuine and fresh unless made otherwise.

    Refusals carry ``WORDS``; what names the payer names ``PAYER``.
    """

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: Act = "query"
    ) -> HttpReply | None:
        """The answer to ``act``; None where the provider has no such word for it (then ``speaks.lacks`` it)."""
        ...

    def notifies(self, order: Order, refund: RefundOrder | None = None, what: Says = "paid") -> HttpReply | None:
        """A notification of a payment or a refund; the reply's status means nothing."""
        ...

    def content(self, reply: HttpReply) -> bytes:
        """What of an answer is signed and read: for most providers the body."""
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
        """Is the merchant's signature right over exactly these bytes, and its stamp fresh?"""
        ...


class ScriptedHttp:
    """ProviderHttp that plays steps in turn and keeps what was asked."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque()
        self.requests: list[HttpRequest] = []
        self.limits: list[tuple[float, float]] = []

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        self.requests.append(request)
        self.limits.append((connect_s, answer_s))
        if not self.steps:
            raise NothingSent("the script is over")
        step = self.steps.popleft()
        if isinstance(step, Exception):
            raise step
        return step


@dataclass(slots=True)
class StillClock:
    """A wall clock that moves only when a case moves it."""

    now_s: float = NOW_S
    mono_s: float = 5000.0

    def wall_ms(self) -> int:
        return int(self.now_s * 1000)

    def mono_ns(self) -> int:
        return int(self.mono_s * 1e9)


@dataclass(slots=True)
class CountingEntropy:
    """Never the same bytes twice, always the same run."""

    count: int = 0

    def bytes(self, count: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(count)


@dataclass(frozen=True, slots=True)
class Rig:
    """A fresh channel, its script and its peer, with an order and a refund they all know.

    Args:
        code: a customer's payment code of this wallet.
        clock: the channel's wall clock, for the cases that set it wrong.
        secrets: texts that may stand in no log line and no repr.
    """

    channel: Provider
    http: ScriptedHttp
    peer: Peer
    order: Order
    other: Order
    refund: RefundOrder
    code: str = field(repr=False)
    clock: StillClock = field(default_factory=StillClock)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    async def asked(self, act: Act, step: Step) -> Answer:
        """Make one call of the provider interface with ``step`` as its answer."""
        self.http.steps.append(step)
        answer = await self.calls(act)()
        expect(not self.http.steps, f"{act}: nothing was asked of the provider")
        return answer

    def calls(self, act: Act) -> Callable[[], Awaitable[Answer]]:
        acts: dict[str, Callable[[], Awaitable[Answer]]] = {
            "order": lambda: self.channel.order(self.order),
            "pay": lambda: self.channel.pay(self.order, self.code),
            "query": lambda: self.channel.query(self.order.order_no),
            "close": lambda: self.channel.close(self.order.order_no),
            "reverse": lambda: self.channel.reverse(self.order.order_no),
            "refund": lambda: self.channel.refund(self.refund),
            "query_refund": lambda: self.channel.query_refund(self.refund.refund_no, self.order.order_no),
        }
        return acts[act]

    @property
    def acts(self) -> tuple[Act, ...]:
        """What can be asked of this provider at all."""
        can = capabilities(self.channel.profile)
        return tuple(act for act, wants in _WANTS.items() if wants <= can)

    def success(self, act: Act, order: Order | None = None) -> HttpReply:
        """What a genuine yes to this act looks like, perhaps about another order."""
        asked = order or self.order
        refund = replace(self.refund, refund_no=refund_no(asked.order_no), order_no=asked.order_no)
        return self.genuine(_YES[act], act, asked, self.refund if order is None else refund)

    def genuine(
        self, what: Says, act: Act, order: Order | None = None, refund: RefundOrder | None = None
    ) -> HttpReply:
        """A word every provider must have for this act."""
        reply = self.peer.says(what, order or self.order, refund or self.refund, act=act)
        if reply is None:
            raise NonconformingError(f"the peer has no word for {what} after {act}: declare it in speaks.lacks")
        return reply

    def notified(self, order: Order | None = None, what: Says = "paid") -> HttpReply:
        message = self.peer.notifies(order or self.order, None, what)
        if message is None:
            raise NonconformingError(f"the peer cannot notify {what}")
        return message

    async def took(self, message: HttpReply) -> Notice | RefundNotice:
        return await self.channel.take_notification(message.headers, message.body)

    async def refuses(self, message: HttpReply | None, *slugs: str) -> NotEvidence | None:
        """The notification must end as NotEvidence with one of ``slugs``; None is a message nobody sends."""
        if message is None:
            return None
        try:
            notice = await self.took(message)
        except NotEvidence as error:
            expect(not slugs or error.slug in slugs, f"refused as {error.slug}, not as one of {slugs}")
            return error
        raise NonconformingError(f"believed: {notice.order_no}")


def refund_no(order_no: str) -> str:
    """A refund's number for an order: of the same letters, and never an order's."""
    return "7" + order_no[1:]


_WANTS: Final[Mapping[Act, frozenset[str]]] = {
    "order": frozenset({"push"}),
    "pay": frozenset({"pull"}),
    "query": frozenset(),
    "close": frozenset({"close"}),
    "reverse": frozenset({"reverse"}),
    "refund": frozenset({"refund"}),
    "query_refund": frozenset({"refund"}),
}
_YES: Final[Mapping[Act, Says]] = {
    "order": "made",
    "pay": "paid",
    "query": "paid",
    "close": "close_done",
    "reverse": "reverse_done",
    "refund": "refund_done",
    "query_refund": "refund_done",
}


def capabilities(profile: Profile) -> frozenset[str]:
    """What the profile declares, by the names that cases use in ``needs``."""
    speaks = profile.speaks
    declared = {
        "push": profile.push,
        "pull": profile.pull,
        "close": profile.push and speaks.closes,
        "reverse": profile.pull,
        "refund": speaks.refunds,
        "notifications": speaks.notifies,
        "signed_answers": speaks.signs_answers,
        "signed_notifications": speaks.notifies and speaks.signs_notifications,
        "unsigned_notifications": speaks.notifies and not speaks.signs_notifications,
        "timed_answers": speaks.signs_answers and speaks.times_answers,
        "timed_notifications": speaks.notifies and speaks.signs_notifications,
        "signed_requests": speaks.signs_requests,
        "stamped_requests": speaks.signs_requests and speaks.stamps_requests,
        "probes": speaks.probes,
    }
    return frozenset(name for name, has in declared.items() if has)


def said_in(request: HttpRequest) -> str:
    """Everything a request says, decoded as an address or a form is."""
    return unquote_plus(request.target) + "\n" + unquote_plus(request.body.decode("utf-8", errors="replace"))


class NonconformingError(Exception):
    """The connector does not do what its case asks. The text says what it did instead."""


def expect(condition: object, why: str) -> None:
    if not condition:
        raise NonconformingError(why)


@dataclass(frozen=True, slots=True)
class Case:
    """One rule.

    Args:
        name: its id, and its anchor in docs/conformance.md.
        faults: the ids of the project's fault model that it covers.
        why: what would happen to money without it.
        needs: capabilities without which it does not apply.
        word: what the provider must have a word for; it may be in the profile's ``speaks.lacks``.
    """

    name: str
    group: str
    rule: str
    faults: tuple[str, ...]
    why: str
    needs: frozenset[str]
    word: str
    run: Callable[[Rig], Awaitable[None]]

    def missing(self, profile: Profile) -> str:
        """The declared reason for which it does not apply, or ""."""
        if absent := sorted(self.needs - capabilities(profile)):
            return "no " + ", ".join(absent).replace("_", " ")
        return f"no word for {self.word}" if self.word and self.word in profile.speaks.lacks else ""


Run = Callable[[Rig], Awaitable[None]]


class Group:
    """The cases of one file, in its order."""

    def __init__(self, name: str, title: str) -> None:
        self.name, self.title = name, title
        self.cases: list[Case] = []

    def case(
        self, name: str, rule: str, *, faults: str, why: str, needs: str = "", word: str = ""
    ) -> Callable[[Run], Run]:
        """``faults`` and ``needs`` are lists of words with blanks between."""

        def register(run: Run) -> Run:
            self.cases.append(
                Case(name, self.name, rule, tuple(faults.split()), why, frozenset(needs.split()), word, run)
            )
            return run

        return register
