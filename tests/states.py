"""The states of a payment as a page: ``make states`` writes docs/payment-states.md from the code's own tables."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from terminal.payments.attempt import (
    FIRST,
    SCREEN_WORDS,
    TABLES,
    TERMINAL,
    Direction,
    Flag,
    Move,
    Opens,
    Signal,
    State,
)
from terminal.payments.money import Money
from terminal.payments.profile import Timings
from terminal.payments.refund import CONTRADICTS, REFUND_ENDED, REFUND_TABLE, RefundSignal, RefundState
from terminal.payments.sale import ENDED, Attempt, Sale, SaleState, derive
from terminal.payments.sale_parts import needs_sweep

PAGE: Final = Path(__file__).parents[1] / "docs" / "payment-states.md"

STATES: Final[Mapping[State, str]] = {
    State.INTENT: "written down, nothing has left yet",
    State.SENT: "the pay request is out, no answer yet",
    State.WAITING: "the bank says that the customer is confirming",
    State.UNKNOWN: "the answer is lost; the bank is asked",
    State.REVERSING: "it was decided to take the payment back",
    State.REVERSE_UNKNOWN: "the answer to taking it back is lost; asked and tried again",
    State.ORDERING: "the order is out, its code has not come yet",
    State.SHOWN: "the code has come and may be on the glass",
    State.CLOSING: "the code is off the glass; the order is being closed with proof",
    State.MANUAL: "the provider's time is over: a person and the bill decide",
    State.PAID: "proved by evidence that matches in every field",
    State.DECLINED: "the bank said a definite no",
    State.CLOSED: "closed at the bank, nothing charged",
    State.REVERSED: "taken back at the bank, or never taken",
    State.NOT_SENT: "no byte ever left, or the bank turned the order away unread",
}
SIGNALS: Final[Mapping[Signal, str]] = {
    Signal.COMMITTED: "the intent is durable, the request leaves now",
    Signal.CODE_READY: "the bank has made the order and given its code",
    Signal.SUCCESS: "verified evidence of payment, matching in every field",
    Signal.REFUSED: "a verified definite no",
    Signal.PAYING: "verified: the customer is confirming",
    Signal.UNCLEAR: "it may have happened: time-out, 5xx, unreadable or unverified answer",
    Signal.UNPAID: "verified: the order exists and nobody paid",
    Signal.NOT_FOUND: "the bank knows no such order; too early to believe it",
    Signal.NOT_FOUND_BELIEVED: "the same, late enough and twice",
    Signal.CLOSED_THERE: "closed, revoked or failed in the bank's definite words",
    Signal.RETURNED: "it was paid and the money went back",
    Signal.NOT_SENT: "no byte left, or the bank turned an order away unread (429); may be sent again",
    Signal.NOT_SENT_FINAL: "nothing was read by the bank, and no more tries",
    Signal.GIVE_UP: "time is over or somebody cancelled: close or reverse from here",
    Signal.CLOSE_OK: "a verified yes to closing",
    Signal.REVERSE_OK: "a verified yes to taking it back",
    Signal.NOT_REVERSIBLE: "proved paid, and too late to be taken back",
    Signal.WINDOW_OVER: "the provider's time for taking it back is over",
    Signal.ACCEPT_PAID: "a person keeps a payment that evidence has proved",
    Signal.BILL_PAID: "the provider's bill has it as paid",
    Signal.BILL_CLOSED: "the provider's bill has it as not paid",
    Signal.RESTART: "the program was started again",
}
REFUND_STATES: Final[Mapping[RefundState, str]] = {
    RefundState.INTENT: "reserved and written down, nothing has left yet",
    RefundState.SENT: "on its way to the bank, or in progress there",
    RefundState.UNKNOWN: "the answer is lost; the bank is asked",
    RefundState.QUEUED: "accepted here and reserved; nothing of it is at the bank until its time has come",
    RefundState.REFUNDED: "proved: the money went back",
    RefundState.FAILED: "definite: nothing went back, the amount is free again",
    RefundState.MANUAL: "the payer's account cannot take it: a person must act; the amount stays reserved",
}
REFUND_SIGNALS: Final[Mapping[RefundSignal, str]] = {
    RefundSignal.COMMITTED: "the intent is durable, the request leaves now",
    RefundSignal.PROCESSING: "verified: in progress",
    RefundSignal.REFUNDED: "verified evidence that the money went back",
    RefundSignal.REFUSED: "the request was refused",
    RefundSignal.FAILED: "verified: this refund ended without money going back",
    RefundSignal.ABNORMAL: "verified: the payer's account cannot take it",
    RefundSignal.UNCLEAR: "it may have happened",
    RefundSignal.NOT_FOUND: "the bank knows no such refund: sent again under the same number",
    RefundSignal.NOT_SENT: "no byte left this time",
    RefundSignal.DUE: "the time of one that waited has come: it leaves now",
    RefundSignal.CANCELLED: "a person does not want one that waited any more",
    RefundSignal.RESTART: "the program was started again",
}
FLAGS: Final[Mapping[Flag, str]] = {
    Flag.WHILE_CLOSING: "the customer had already paid when the order was being closed: undo is offered",
    Flag.IRREVERSIBLE: "it can no longer be taken back, and goods may not have been handed over",
    Flag.ACCEPTED: "a person kept it",
}
OPENS: Final[Mapping[Opens, str]] = {
    Opens.LATE: "`paid_late` when its sale is unpaid, `excess` when the sale is paid already",
    Opens.PAID_LATE: "money came when the goods were not to be handed over",
    Opens.CONTRADICTED: "the bank says something against what it proved before",
    Opens.WINDOW_OVER: "the bank's answer never came",
}
SALE_STATES: Final[Mapping[SaleState, str]] = {
    SaleState.OPEN: "waiting for money, or for another try",
    SaleState.CHECKING: "an attempt is in doubt: keep the goods",
    SaleState.PART_PAID: "some shares are paid, some are not",
    SaleState.PAID: "every share is paid",
    SaleState.CANCELLED: "somebody wanted out, and nothing live is left at the bank",
    SaleState.EXPIRED: "time was over, or nobody went on with it, and nothing live is left at the bank",
}
TITLES: Final[Mapping[Direction, str]] = {
    "push": "An attempt, our code shown (`push`)",
    "pull": "An attempt, the customer's code scanned (`pull`)",
}
HEAD: Final = """# States of a payment

Made by `make states` from `terminal/payments/attempt.py`, `refund.py` and `sale.py`; do not edit.

An attempt is one order number at one provider. It moves only when it hears a signal that its table has a row
for. A signal without a row is a bug in the caller and raises `IllegalMove`. Only `success`, `bill_paid` and
`not_reversible` come with proof of payment. States in **bold** are ends.
"""
SALE_RULES: Final = """
A sale ends unpaid only when no attempt is live any more:

- `cancelled`: somebody asked for it; a live attempt is closed or reversed with proof first.
- `expired`: its last attempt was closed or reversed without a cancel, a parked sale was refused in the end, or
  nobody went on with it.
- After `declined` and `not_sent` it stays `open` for another try.
- `cancelled` and `expired` move to `paid` when a person attaches late money. Nothing moves a sale out of `paid`.
"""
AFTER_THE_END: Final = """
What ended without money may be charged all the same: a payment was on its way, or the bank did not keep its word.
The bank is asked again, in either direction, about an attempt that is
{states}, usually {times} s after its end
(`sweep_after_close_s` of the channel's profile; a start in between asks at once, one
after the other, and goes on with what is left).
Nothing is asked about `declined` and `not_sent`: the bank said no to the only request, or read none. What is heard
opens the exception `late` and moves nothing. A `paid` marked `while_closing` or `accepted` is asked about once:
our own close or reverse may have given the money back.
"""
REFUND_RULES: Final = """
The refunded amount is reserved from `intent` on and freed only by `failed`. `refund_queued` brings `intent` to
`queued` while nothing of it is at the bank. A refund that began as a void reverses its order until the order
itself shows what became of it; `refund_way_chosen` makes it an ordinary refund, once, when the bank refused that.

These pairs move nothing and open the exception `contradicted`: """


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(each)} |\n" for each in lines)


def _name(state: State | RefundState | SaleState, ends: Iterable[object]) -> str:
    return f"**`{state}`**" if state in ends else f"`{state}`"


def _words(signals: Iterable[Signal | RefundSignal]) -> str:
    return ", ".join(f"`{each}`" for each in signals)


def _reachable(direction: Direction) -> list[State]:
    """In the order of the enumeration, the first state first."""
    found, todo = {FIRST[direction]}, [FIRST[direction]]
    while todo:
        here = todo.pop()
        for (state, _), move in TABLES[direction].items():
            if state is here and move.to not in found:
                found.add(move.to)
                todo.append(move.to)
    return [FIRST[direction], *(each for each in State if each in found and each is not FIRST[direction])]


def _attempt(direction: Direction) -> Iterable[tuple[str, ...]]:
    """One row for what the same signals do; neighbours that hear and do the same share their rows."""
    alike: list[tuple[list[State], list[tuple[str, ...]]]] = []
    for state in _reachable(direction):
        does = list(_of_state(direction, state))
        if alike and alike[-1][1] == does and state in TERMINAL:
            alike[-1][0].append(state)
        else:
            alike.append(([state], does))
    for states, does in alike:
        where = ", ".join(_name(each, TERMINAL) for each in states)
        yield from ((where, *each) for each in does)


def _of_state(direction: Direction, state: State) -> Iterable[tuple[str, ...]]:
    same: dict[Move, list[Signal]] = {}
    for signal in Signal:
        if (state, signal) in TABLES[direction]:
            same.setdefault(TABLES[direction][state, signal], []).append(signal)
    for move in sorted(same, key=lambda each: each == Move(state)):
        quiet = state in TERMINAL and move == Move(state)
        heard = "everything else" if quiet else _words(same[move])
        to = "stays" if move.to is state else _name(move.to, TERMINAL)
        yield heard, to, f"`{move.flag}`" if move.flag else "", f"`{move.opens}`" if move.opens else ""


def _sales() -> Iterable[tuple[str, ...]]:
    """What one attempt in each state makes of a sale with one share, and of one with two."""
    amount = Money(200, "CNY")
    for state in State:
        attempt = Attempt("a", 0, "wechatpay", "push", amount, state, 0, 0)
        whole = Sale("s", "1", 1, amount, (200,), 0, attempts=(attempt,))
        shared = Sale("s", "1", 1, amount, (100, 100), 0, attempts=(attempt,))
        states = [_name(derive(each), ENDED) for each in (whole, shared)]
        yield _name(state, TERMINAL), STATES[state], *states, f"`{SCREEN_WORDS[state]}`"


def _after_the_end() -> str:
    amount, ends = Money(200, "CNY"), [each for each in State if each in TERMINAL]
    asked = [x for x in ends if needs_sweep(Attempt("a", 0, "wechatpay", "pull", amount, x, 0, 0))]
    times = ", ".join(f"{each:g}" for each in Timings().sweep_after_close_s)
    return AFTER_THE_END.format(states=" or ".join(_name(each, TERMINAL) for each in asked), times=times)


def _refunds() -> Iterable[tuple[str, ...]]:
    for state in RefundState:
        same: dict[RefundState, list[RefundSignal]] = {}
        for signal in RefundSignal:
            same.setdefault(REFUND_TABLE[state, signal], []).append(signal)
        for to in sorted(same, key=lambda each: each is state):
            heard = "anything" if len(same) == 1 else _words(same[to])
            yield _name(state, REFUND_ENDED), heard, "stays" if to is state else _name(to, REFUND_ENDED)


def _meanings(
    words: Mapping[Signal, str] | Mapping[RefundSignal, str] | Mapping[Flag, str] | Mapping[Opens, str],
) -> str:
    return _table(("name", "means"), ((f"`{name}`", text) for name, text in words.items()))


def page() -> str:
    parts = [HEAD, "\n## A sale\n"]
    parts.append(_table(("state", "means"), ((_name(each, ENDED), SALE_STATES[each]) for each in SaleState)))
    parts.append("\nWhat an attempt makes of its sale, and the word that screens say for it:\n")
    heads = ("attempt", "means", "sale, one share", "sale, other shares unpaid", "word on screen")
    parts += [_table(heads, _sales()), SALE_RULES]
    for direction, title in TITLES.items():
        parts += [f"\n## {title}\n", f"\nFirst state: `{FIRST[direction]}`.\n"]
        parts.append(_table(("in", "hears", "becomes", "marked", "opens"), _attempt(direction)))
    parts += ["\n## After the end\n", _after_the_end()]
    parts += ["\n## What an attempt hears\n", _meanings(SIGNALS)]
    parts += ["\n## Marks\n", _meanings(FLAGS), "\n## Exceptions that a move opens\n", _meanings(OPENS)]
    parts.append("\n## A refund\n")
    rows = ((_name(each, REFUND_ENDED), text) for each, text in REFUND_STATES.items())
    parts += [_table(("state", "means"), rows), _table(("in", "hears", "becomes"), _refunds()), REFUND_RULES]
    pairs = sorted(f"`{state}` hears `{signal}`" for state, signal in CONTRADICTS)
    parts += [", ".join(pairs), ".\n\n## What a refund hears\n", _meanings(REFUND_SIGNALS)]
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
