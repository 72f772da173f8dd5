"""A sale and everything that happened to it, folded from its events. Frozen: a fold returns a new one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from terminal.payments.attempt import NOT_PAID, SCREEN_WORDS, TERMINAL, Direction, Flag, State
from terminal.payments.fees import FeeRule
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.payments.refund import REFUND_ENDED, RefundState
from terminal.payments.replacing import maker, replace
from terminal.payments.sale_parts import ENDED, Attempt, Mark, OpenException, Refund, SaleState, needs_sweep

__all__ = [
    "ENDED",
    "Attempt",
    "Fields",
    "OpenException",
    "Refund",
    "Sale",
    "SaleState",
    "derive",
    "evolve",
]


_SHOWABLE: Final = frozenset({State.ORDERING, State.SHOWN, State.WAITING})
_DOUBTED: Final = frozenset({State.UNKNOWN, State.REVERSING})
_DOUBT: Final = frozenset(
    {State.UNKNOWN, State.CLOSING, State.REVERSING, State.REVERSE_UNKNOWN, State.MANUAL},
)


@dataclass(frozen=True, slots=True)
class Sale:
    """One request for money. ``shares`` are minor units that add up to ``amount`` exactly."""

    id: str
    counter: str
    no: int  # the number people say: counts up per counter
    amount: Money
    shares: tuple[int, ...]
    opened_ms: int
    title: str = ""
    order_no: str = ""
    reference: str = ""
    directions: tuple[Direction, ...] = ("push", "pull")
    state: SaleState = SaleState.OPEN
    ended_ms: int = 0
    cancel_why: str = ""
    parked: bool = False  # for good: the counter has gone on to the next customer
    switching: bool = False  # a scan takes the shown code's place: its closing does not end the sale
    attempts: tuple[Attempt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    exceptions: tuple[OpenException, ...] = ()
    prints: tuple[tuple[str, int], ...] = ()  # (receipt, how often a printing of it was begun)
    mark: Mark = ""  # ends with proof, or when it is written off
    listed_ms: int = 0  # when it went on the list of the unverified, 0: never
    claimed_as: str = ""  # the bank's number an owner typed
    lines: tuple[SaleLine, ...] = ()  # what it is for, where somebody said so

    def printings(self, receipt: str) -> int:
        return dict(self.prints).get(receipt, 0)

    def attempt(self, attempt_id: str) -> Attempt:
        for each in self.attempts:
            if each.id == attempt_id:
                return each
        raise KeyError(attempt_id)

    def refund(self, refund_id: str) -> Refund:
        return next(each for each in self.refunds if each.id == refund_id)

    @property
    def live_attempt(self) -> Attempt | None:
        """What the sale is about now; one that was set aside only when nothing else is live."""
        return self.blocking_attempt or next((each for each in self.attempts if each.live), None)

    @property
    def blocking_attempt(self) -> Attempt | None:
        """What must end before another attempt may begin (I15)."""
        for each in self.attempts:  # asked a dozen times for every fact: a loop costs less than its generator
            if each.live and not each.set_aside:
                return each
        return None

    @property
    def last_attempt(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def share_paid(self, share: int) -> bool:
        return share in [each.share for each in self.attempts if each.pays]

    @property
    def paid_minor(self) -> int:
        """Every share once: what came twice is an excess, not more paid."""
        return sum(minor for share, minor in enumerate(self.shares) if self.share_paid(share))

    @property
    def remaining_minor(self) -> int:
        """What is still to pay; nothing of a sale that ended."""
        return 0 if self.ended else self.amount.minor - self.paid_minor

    def refundable_minor(self, attempt: Attempt) -> int:
        """What may still be given back: captured less what refunds took or may still take (I8).

        A refund that failed and was then seen to have gone out counts as taken.
        """
        taken = sum(each.amount.minor for each in self.going_back() if each.attempt == attempt.id)
        return (attempt.amount.minor if attempt.captured else 0) - taken

    def gives_back(self, attempt_id: str) -> bool:
        """We gave (part of) it back ourselves, or may have: that some went back is our own doing then."""
        return any(each.attempt == attempt_id for each in self.going_back())

    def going_back(self) -> list[Refund]:
        """Refunds that succeeded or may still succeed; not those that failed, or were cancelled, for certain."""
        contradicted = {each.id for each in self.exceptions if each.kind == "contradicted"}
        return [
            each
            for each in self.refunds
            if each.state is not RefundState.FAILED or f"{each.id}:contradicted" in contradicted
        ]

    def held_minor(self, attempt: Attempt) -> int:
        """What we still have of it: captured less what is proven to have gone back."""
        gone = sum(
            each.amount.minor
            for each in self.refunds
            if each.attempt == attempt.id and each.state is RefundState.REFUNDED
        )
        return (attempt.amount.minor if attempt.captured else 0) - gone

    @property
    def final(self) -> bool:
        """Nothing is left to ask, sweep, give back or show to a person."""
        return (
            self.ended
            and not any(each.live or needs_sweep(each) for each in self.attempts)
            and all(each.state in REFUND_ENDED for each in self.refunds)
            and all(each.closed for each in self.exceptions)
        )

    @property
    def word(self) -> str:
        """What every screen shows: waiting, acting, checking, person, unverified, claimed, paid, not_paid."""
        if self.state is SaleState.PAID:
            return "paid"
        if self.state in ENDED:
            return "not_paid"
        if self.mark:
            return self.mark
        if (live := self.live_attempt) is None and self.state is SaleState.PART_PAID:
            return "waiting"  # for the rest: neither "paid" nor "nothing charged" is true
        if live is None and self.state is SaleState.CHECKING:
            return "person" if any(not each.closed for each in self.exceptions) else "checking"
        shown = live or self.last_attempt
        return SCREEN_WORDS[shown.state] if shown else "waiting"


def derive(sale: Sale) -> SaleState:
    """The state that follows from shares and attempts; an ended unpaid sale only moves to paid."""
    paid = [sale.share_paid(share) for share in range(len(sale.shares))]
    going = sale.cancel_why and any(each.pays and sale.gives_back(each.id) for each in sale.attempts)
    if all(paid) and not (going and sale.state is not SaleState.PAID):  # else the rest, paid late, goes back too
        return SaleState.PAID
    if sale.ended:
        return sale.state
    if sale.mark:
        return SaleState.CHECKING  # whatever an attempt says: goods may have gone, proof or a person ends it
    if (live := sale.live_attempt) and live.state in _DOUBT:
        return SaleState.CHECKING
    if any(paid) and sale.cancel_why:
        return SaleState.CANCELLED if live is None and _nothing_kept(sale) else SaleState.CHECKING
    return SaleState.PART_PAID if any(paid) else SaleState.OPEN


def _nothing_kept(sale: Sale) -> bool:
    """Not wanted any more: what it had taken went back whole, or a person has ended that late money."""
    seen = {each.attempt for each in sale.exceptions if each.kind == "paid_late" and each.closed}
    return all(sale.held_minor(each) <= 0 or each.id in seen for each in sale.attempts if each.pays)


Fields = Mapping[str, Any]
_sale, _attempt = maker(Sale), maker(Attempt)


def _opened(_: Sale | None, body: Fields) -> Sale:
    return _sale(
        id=body["sale"],
        counter=body["counter"],
        no=body["no"],
        amount=Money(body["amount_minor"], body["currency"]),
        shares=tuple(body["shares"]),
        opened_ms=body["at_ms"],
        title=body["title"],
        order_no=body["order_no"],
        reference=body["reference"],
        directions=tuple(body["directions"]),
        lines=tuple(SaleLine.from_fields(each) for each in body.get("lines", ())),
    )


def _attempt_started(sale: Sale, body: Fields) -> Sale:
    attempt = _attempt(
        id=body["attempt"],
        share=body["share"],
        provider=body["provider"],
        direction=body["direction"],
        amount=Money(body["amount_minor"], body["currency"]),
        state=State(body["state"]),
        started_ms=body["at_ms"],
        expires_ms=body["expires_ms"],
        fee=FeeRule.from_fields(body["fee_rule"]) if body.get("fee_rule") else None,
    )
    return replace(sale, attempts=(*sale.attempts, attempt), switching=False)


def _with_attempt(sale: Sale, attempt: Attempt) -> Sale:
    return replace(sale, attempts=tuple(attempt if x.id == attempt.id else x for x in sale.attempts))


def _attempt_moved(sale: Sale, body: Fields) -> Sale:
    was, state = sale.attempt(body["attempt"]), State(body["to"])
    captured = was.captured and state not in NOT_PAID  # else whatever was taken went back
    moved = replace(
        was,
        state=state,
        why=body.get("why", ""),
        ended_ms=body["at_ms"] if state in TERMINAL else 0,
        flags=was.flags | {Flag(body["flag"])} if "flag" in body else was.flags,
        # on its way down or ended: never shown again (I10)
        payload=body.get("payload", was.payload) if state in _SHOWABLE else "",
        doubted=was.doubted or state in _DOUBTED,
        **({"captured": True} if captured else {"captured": False, **_proof(was, body)}),
    )
    return _with_attempt(sale, moved)


def _evidence_noted(sale: Sale, body: Fields) -> Sale:
    attempt = sale.attempt(body["attempt"])
    proof = {} if attempt.captured else _proof(attempt, body)
    return _with_attempt(sale, replace(attempt, **proof)) if proof else sale


def _taken(was: Attempt, minor: int | None) -> dict[str, Any]:
    """What the bank approved stands from here on, for refunds, reports and paper."""
    if minor is None or minor >= was.amount.minor:
        return {}
    return {"amount": Money(minor, was.amount.currency), "asked_minor": was.amount.minor}


def _proof(was: Attempt, body: Fields) -> dict[str, Any]:
    """What evidence of a payment says about its attempt; nothing when it is not about a payment."""
    evidence = body.get("evidence")
    if not evidence or evidence["trade"] != "paid":
        return {}
    return {
        "captured": True,
        **_taken(was, evidence["amount_minor"]),
        "provider_txn": evidence["txn"],
        "wallet": evidence["wallet"],
        "payer_minor": evidence["payer_minor"],
        "paid_at": evidence["paid_at"],
    }


def _sale_moved(sale: Sale, body: Fields) -> Sale:
    state = SaleState(body["to"])
    ended = state in ENDED
    return replace(sale, state=state, ended_ms=body["at_ms"] if ended else 0, mark="" if ended else sale.mark)


def _refund_started(sale: Sale, body: Fields) -> Sale:
    refund = Refund(
        id=body["refund"],
        attempt=body["attempt"],
        amount=Money(body["amount_minor"], sale.amount.currency),
        state=RefundState.INTENT,
        reason=body["reason"],
        actor=body["actor"],
        approver=body["approver"],
        since_ms=body["at_ms"],
        lines=tuple(body.get("lines", ())),
    )
    return replace(sale, refunds=(*sale.refunds, refund))


def _refund_moved(sale: Sale, body: Fields) -> Sale:
    was = sale.refund(body["refund"])
    told = body.get("provider_refund") or was.provider_refund
    return _with_refund(sale, replace(was, state=RefundState(body["to"]), provider_refund=told))


def _with_refund(sale: Sale, refund: Refund) -> Sale:
    return replace(sale, refunds=tuple(refund if x.id == refund.id else x for x in sale.refunds))


def _refund_way_chosen(sale: Sale, body: Fields) -> Sale:
    was, way = sale.refund(body["refund"]), body["way"]
    return _with_refund(sale, replace(was, way=way, voided=was.voided or way == "void"))


def _refund_queued(sale: Sale, body: Fields) -> Sale:
    was, due_ms = sale.refund(body["refund"]), body["due_ms"]
    since_ms = was.since_ms if was.due_ms else due_ms  # waiting for its first time is no delay
    return _with_refund(sale, replace(was, state=RefundState.QUEUED, due_ms=due_ms, since_ms=since_ms))


def _exception_opened(sale: Sale, body: Fields) -> Sale:
    opened = OpenException(body["exception"], body["kind"], body["attempt"], body["amount_minor"])
    return replace(sale, exceptions=(*sale.exceptions, opened))


def _exception_closed(sale: Sale, body: Fields) -> Sale:
    closed = tuple(
        replace(each, closed=body["how"]) if each.id == body["exception"] else each for each in sale.exceptions
    )
    sale = replace(sale, exceptions=closed)
    if body["how"] != "attached":
        return sale
    return _with_attempt(sale, replace(sale.attempt(body["attempt"]), attached=True))


def _part_approved(sale: Sale, body: Fields) -> Sale:
    """What was taken is a share of its own now, and the rest another one, still to be paid."""
    share, minor = body["share"], body["amount_minor"]
    shares = (*sale.shares[:share], minor, *sale.shares[share + 1 :], sale.shares[share] - minor)
    assert shares[-1] > 0, "only less than the share is a part"
    return replace(sale, shares=shares)


def _override_made(sale: Sale, body: Fields) -> Sale:
    """Another attempt begins where the customer stands: the sale is this counter's again."""
    if body["kind"] != "new_attempt":
        return sale
    return replace(_with_attempt(sale, replace(sale.attempt(body["attempt"]), set_aside=True)), parked=False)


def _print_started(sale: Sale, body: Fields) -> Sale:
    prints = {**dict(sale.prints), body["receipt"]: body["copy"] + 1}
    return replace(sale, prints=tuple(prints.items()))


def _print_stopped(sale: Sale, body: Fields) -> Sale:
    """Nothing reached the paper: that printing does not count."""
    if body["touched"]:
        return sale
    prints = {**dict(sale.prints), body["receipt"]: sale.printings(body["receipt"]) - 1}
    return replace(sale, prints=tuple(prints.items()))


def _sale_unverified(sale: Sale, body: Fields) -> Sale:
    return replace(sale, mark="unverified", listed_ms=body["at_ms"])


def _sale_claimed(sale: Sale, body: Fields) -> Sale:
    return replace(sale, mark="claimed", claimed_as=body["reference"])


_FOLD: Final[Mapping[str, Callable[[Sale, Fields], Sale]]] = {
    "attempt_started": _attempt_started,
    "attempt_moved": _attempt_moved,
    "evidence_noted": _evidence_noted,
    "attempt_swept": lambda sale, body: _with_attempt(sale, replace(sale.attempt(body["attempt"]), swept=True)),
    "sale_moved": _sale_moved,
    "cancel_requested": lambda sale, body: replace(sale, cancel_why=body["why"]),
    "sale_parked": lambda sale, _: replace(sale, parked=True),
    "switch_requested": lambda sale, _: replace(sale, switching=True),
    "sale_unverified": _sale_unverified,
    "sale_claimed": _sale_claimed,
    "sale_written_off": lambda sale, _: replace(sale, mark="", cancel_why="written_off"),
    "part_approved": _part_approved,
    "refund_started": _refund_started,
    "refund_moved": _refund_moved,
    "refund_way_chosen": _refund_way_chosen,
    "refund_queued": _refund_queued,
    "override_made": _override_made,
    "exception_opened": _exception_opened,
    "exception_closed": _exception_closed,
    "print_started": _print_started,
    "print_stopped": _print_stopped,
}


def evolve(sale: Sale | None, kind: str, body: Fields) -> Sale:
    """Fold one event. Types that say nothing about the sale's condition (timeline only) change nothing."""
    if kind == "sale_opened":
        return _opened(None, body)
    assert sale is not None, kind
    change = _FOLD.get(kind)
    return change(sale, body) if change else sale
