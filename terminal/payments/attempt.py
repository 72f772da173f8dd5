"""One order number at one provider: its states and every move they may make.

Two tables, one a direction: the customer's code is scanned (PULL) or our code is shown (PUSH). A pair without
a row is a bug in the caller. Rows that change nothing are written out: each answers a reviewer's question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Direction = Literal["push", "pull"]


class State(StrEnum):
    INTENT = "intent"
    SENT = "sent"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    REVERSING = "reversing"
    REVERSE_UNKNOWN = "reverse_unknown"
    ORDERING = "ordering"
    SHOWN = "shown"
    CLOSING = "closing"
    MANUAL = "manual"  # the provider's window is over: a person and the bill decide
    PAID = "paid"
    DECLINED = "declined"
    CLOSED = "closed"
    REVERSED = "reversed"
    NOT_SENT = "not_sent"


TERMINAL: Final = frozenset({State.PAID, State.DECLINED, State.CLOSED, State.REVERSED, State.NOT_SENT})
NOT_PAID: Final = TERMINAL - {State.PAID}


class Signal(StrEnum):
    """What an attempt can hear. Only SUCCESS and BILL_PAID stand for verified, matching proof of payment."""

    COMMITTED = "committed"  # the intent is durable, the request leaves now
    CODE_READY = "code_ready"
    SUCCESS = "success"
    REFUSED = "refused"
    PAYING = "paying"
    UNCLEAR = "unclear"
    UNPAID = "unpaid"  # the order exists and nobody paid
    NOT_FOUND = "not_found"  # not yet to be believed
    NOT_FOUND_BELIEVED = "not_found_believed"
    CLOSED_THERE = "closed_there"  # closed, revoked or failed in the provider's definite words
    RETURNED = "returned"  # was paid, the money went back
    NOT_SENT = "not_sent"  # no byte left, or an order was turned away unread (429); may be sent again
    NOT_SENT_FINAL = "not_sent_final"
    GIVE_UP = "give_up"  # last query done, wait over or cancelled: close or reverse from here
    CLOSE_OK = "close_ok"
    REVERSE_OK = "reverse_ok"
    NOT_REVERSIBLE = "not_reversible"  # already paid and the window is over, or settled
    WINDOW_OVER = "window_over"
    ACCEPT_PAID = "accept_paid"  # a manager keeps a payment that evidence proved while we were reversing
    BILL_PAID = "bill_paid"
    BILL_CLOSED = "bill_closed"
    RESTART = "restart"


class Flag(StrEnum):
    WHILE_CLOSING = "while_closing"  # "customer had already paid": undo is offered
    IRREVERSIBLE = "irreversible"  # goods may not have been handed over
    ACCEPTED = "accepted"  # a manager kept it


class Opens(StrEnum):
    """Exceptions a move opens. LATE becomes ``paid_late`` or ``excess`` when the sale is known."""

    LATE = "late"
    PAID_LATE = "paid_late"
    CONTRADICTED = "contradicted"
    WINDOW_OVER = "window_over"


@dataclass(frozen=True, slots=True)
class Move:
    to: State
    flag: Flag | None = None
    opens: Opens | None = None


Table = Mapping[tuple[State, Signal], Move]
_S, _E = State, Signal


def _rows(states: tuple[State, ...], moves: Mapping[Signal, Move | State]) -> dict[tuple[State, Signal], Move]:
    """The same rows for several states; a bare state is a plain move."""
    return {
        (state, signal): move if isinstance(move, Move) else Move(move)
        for state in states
        for signal, move in moves.items()
    }


def _stay(states: tuple[State, ...], *signals: Signal) -> dict[tuple[State, Signal], Move]:
    return {(state, signal): Move(state) for state in states for signal in signals}


_PROVEN: Final = (_E.SUCCESS, _E.BILL_PAID, _E.NOT_REVERSIBLE)
_PAID_LATE: Final = Move(_S.PAID, Flag.IRREVERSIBLE, Opens.PAID_LATE)
_BILL: Final = {_E.BILL_PAID: _S.PAID, _E.BILL_CLOSED: _S.CLOSED}

# A query may be answered after the attempt ended, a notification comes twice, a timer loses its race.
_ENDED: Final = {
    **_stay(
        (*TERMINAL,),
        *(set(_E) - {_E.SUCCESS, _E.BILL_PAID, _E.NOT_REVERSIBLE}),
    ),
    **_stay((_S.PAID,), *_PROVEN),
    **{
        (_S.PAID, signal): Move(_S.PAID, opens=Opens.CONTRADICTED)
        for signal in (_E.RETURNED, _E.CLOSED_THERE, _E.BILL_CLOSED, _E.REVERSE_OK, _E.CLOSE_OK)
    },
    **{(state, signal): Move(state, opens=Opens.LATE) for state in NOT_PAID for signal in _PROVEN},
}

_MANUAL: Final = {
    **_rows(
        (_S.MANUAL,),
        {
            **dict.fromkeys(_PROVEN, _PAID_LATE),
            _E.ACCEPT_PAID: Move(_S.PAID, Flag.ACCEPTED),
            _E.CLOSED_THERE: _S.CLOSED,
            _E.CLOSE_OK: _S.CLOSED,  # the answer to a call that was under way when the window ended
            _E.BILL_CLOSED: _S.CLOSED,
            _E.RETURNED: _S.REVERSED,
            _E.REVERSE_OK: _S.REVERSED,
        },
    ),
    **_stay((_S.MANUAL,), _E.UNPAID, _E.PAYING, _E.UNCLEAR, _E.NOT_FOUND, _E.NOT_FOUND_BELIEVED, _E.RESTART),
    **_stay((_S.MANUAL,), _E.GIVE_UP, _E.WINDOW_OVER, _E.REFUSED, _E.NOT_SENT, _E.NOT_SENT_FINAL),
}

PULL: Final[Table] = {
    **_ENDED,
    **_MANUAL,
    **_rows(
        (_S.INTENT,),
        {
            _E.COMMITTED: _S.SENT,
            _E.NOT_SENT_FINAL: _S.NOT_SENT,
            _E.GIVE_UP: _S.NOT_SENT,  # nothing left yet, or it is known that no byte did
            _E.SUCCESS: _S.PAID,
            _E.PAYING: _S.WAITING,  # verified notices are quicker than our own commit of "sent" (B7)
            _E.UNPAID: _S.UNKNOWN,
            _E.CLOSED_THERE: _S.CLOSED,
            _E.RETURNED: _S.REVERSED,
            _E.RESTART: _S.UNKNOWN,  # it may have left: query first, never resend blindly
            **_BILL,
        },
    ),
    **_rows(
        (_S.SENT,),
        {
            _E.SUCCESS: _S.PAID,
            _E.REFUSED: _S.DECLINED,
            _E.PAYING: _S.WAITING,
            _E.UNCLEAR: _S.UNKNOWN,
            _E.UNPAID: _S.UNKNOWN,  # no answer to "pay": it may still be taken
            _E.NOT_FOUND: _S.SENT,
            _E.NOT_FOUND_BELIEVED: _S.SENT,  # the pay call is still out
            _E.CLOSED_THERE: _S.CLOSED,
            _E.RETURNED: _S.REVERSED,
            _E.NOT_SENT: _S.INTENT,
            _E.NOT_SENT_FINAL: _S.NOT_SENT,
            _E.GIVE_UP: _S.REVERSING,
            _E.RESTART: _S.UNKNOWN,
            **_BILL,
        },
    ),
    **_rows(
        (_S.WAITING, _S.UNKNOWN),
        {
            _E.SUCCESS: _S.PAID,
            _E.REFUSED: _S.DECLINED,
            _E.PAYING: _S.WAITING,
            _E.CLOSED_THERE: _S.CLOSED,
            _E.RETURNED: _S.REVERSED,
            _E.NOT_FOUND_BELIEVED: _S.REVERSING,  # the pay request may still be queued there
            _E.GIVE_UP: _S.REVERSING,
            _E.REVERSE_OK: _S.REVERSED,  # a notice overtook the answer to our reverse
            _E.NOT_REVERSIBLE: _PAID_LATE,
            _E.WINDOW_OVER: Move(_S.MANUAL, opens=Opens.WINDOW_OVER),
            **_BILL,
        },
    ),
    **_stay((_S.WAITING, _S.UNKNOWN), _E.UNCLEAR, _E.UNPAID, _E.NOT_FOUND, _E.RESTART),
    # overtaken by a notice: what the provider knows of has left, whatever our side thought
    **_stay((_S.WAITING, _S.UNKNOWN), _E.COMMITTED, _E.NOT_SENT, _E.NOT_SENT_FINAL),
    **_rows(
        (_S.REVERSING, _S.REVERSE_UNKNOWN),
        {
            _E.REVERSE_OK: _S.REVERSED,
            _E.CLOSED_THERE: _S.REVERSED,
            _E.RETURNED: _S.REVERSED,
            _E.PAYING: _S.WAITING,
            _E.NOT_REVERSIBLE: _PAID_LATE,
            _E.UNCLEAR: _S.REVERSE_UNKNOWN,
            _E.REFUSED: _S.REVERSE_UNKNOWN,
            _E.RESTART: _S.REVERSE_UNKNOWN,
            _E.ACCEPT_PAID: Move(_S.PAID, Flag.ACCEPTED),
            _E.WINDOW_OVER: Move(_S.MANUAL, opens=Opens.WINDOW_OVER),
            _E.BILL_PAID: Move(_S.PAID, opens=Opens.PAID_LATE),  # goods were not released
            _E.BILL_CLOSED: _S.CLOSED,
        },
    ),
    # the durable decision to reverse stands, also when a query says paid: goods were not released
    **_stay(
        (_S.REVERSING, _S.REVERSE_UNKNOWN),
        _E.SUCCESS,
        _E.UNPAID,
        _E.NOT_FOUND,
        _E.NOT_FOUND_BELIEVED,
        _E.GIVE_UP,
        _E.NOT_SENT,
        _E.NOT_SENT_FINAL,
    ),
}

PUSH: Final[Table] = {
    **_ENDED,
    **_MANUAL,
    **_rows(
        (_S.ORDERING,),
        {
            _E.CODE_READY: _S.SHOWN,
            _E.SUCCESS: _S.PAID,
            _E.REFUSED: _S.DECLINED,
            _E.CLOSED_THERE: _S.CLOSED,
            _E.RETURNED: _S.CLOSED,
            _E.NOT_SENT_FINAL: _S.NOT_SENT,
            _E.GIVE_UP: _S.CLOSING,
            **_BILL,
        },
    ),
    **_stay(
        (_S.ORDERING,),
        _E.COMMITTED,
        _E.UNCLEAR,
        _E.NOT_SENT,
        _E.UNPAID,  # it exists there but its code never reached us: ask for it again
        _E.PAYING,
        _E.NOT_FOUND,
        _E.NOT_FOUND_BELIEVED,
        _E.RESTART,
    ),
    **_rows(
        (_S.SHOWN, _S.WAITING),
        {
            _E.SUCCESS: _S.PAID,
            _E.PAYING: _S.WAITING,
            _E.CLOSED_THERE: _S.CLOSED,
            _E.RETURNED: _S.CLOSED,
            _E.GIVE_UP: _S.CLOSING,
            **_BILL,
        },
    ),
    **_stay(
        (_S.SHOWN, _S.WAITING),
        _E.UNPAID,
        _E.UNCLEAR,
        _E.NOT_FOUND,
        _E.NOT_FOUND_BELIEVED,
        _E.CODE_READY,
        _E.RESTART,
    ),
    **_rows(
        (_S.CLOSING,),
        {
            _E.CLOSE_OK: _S.CLOSED,
            _E.CLOSED_THERE: _S.CLOSED,
            _E.RETURNED: _S.CLOSED,
            _E.NOT_FOUND_BELIEVED: _S.CLOSED,  # it was never made; sweeps and the bill still look
            _E.REFUSED: _S.CLOSING,
            _E.SUCCESS: Move(_S.PAID, Flag.WHILE_CLOSING),
            _E.BILL_PAID: Move(_S.PAID, Flag.WHILE_CLOSING),
            _E.BILL_CLOSED: _S.CLOSED,
            _E.WINDOW_OVER: Move(_S.MANUAL, opens=Opens.WINDOW_OVER),
        },
    ),
    **_stay(
        (_S.CLOSING,),
        _E.UNCLEAR,
        _E.UNPAID,
        _E.PAYING,
        _E.NOT_FOUND,
        _E.NOT_SENT,
        _E.NOT_SENT_FINAL,
        _E.GIVE_UP,
        _E.CODE_READY,
        _E.RESTART,
    ),
}

TABLES: Final[Mapping[Direction, Table]] = {"pull": PULL, "push": PUSH}
FIRST: Final[Mapping[Direction, State]] = {"pull": State.INTENT, "push": State.ORDERING}

SCREEN_WORDS: Final[Mapping[State, str]] = {
    _S.INTENT: "waiting",
    _S.ORDERING: "waiting",
    _S.SHOWN: "waiting",
    _S.SENT: "waiting",
    _S.WAITING: "acting",
    _S.UNKNOWN: "checking",
    _S.CLOSING: "checking",
    _S.REVERSING: "checking",
    _S.REVERSE_UNKNOWN: "checking",
    _S.MANUAL: "person",
    _S.PAID: "paid",
    _S.DECLINED: "not_paid",
    _S.CLOSED: "not_paid",
    _S.REVERSED: "not_paid",
    _S.NOT_SENT: "not_paid",
}


class IllegalMove(Exception):
    """No row: the caller asked something that cannot happen. A bug, never the outside's doing."""


def step(direction: Direction, state: State, signal: Signal) -> Move:
    try:
        return TABLES[direction][state, signal]
    except KeyError:
        raise IllegalMove(f"{direction}: {signal} cannot happen when {state}") from None
