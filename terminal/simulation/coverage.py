"""Whether a mass run met enough of what it is for: every fault, every row of the attempt's tables.

Many rows answer a message that lost a race or that no bank here sends. Each is listed with why nobody waits for it
in a run; the model check (tests/unit/payments/test_model.py) walks them all the same.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from terminal.payments.attempt import TERMINAL, Direction, Signal, State
from terminal.simulation.rows import every_row, name_of
from terminal.simulation.swarm import COUNTED

SALES: Final = 40_000  # from so many sales on the whole minimum counts, below it its share
FIRED_MIN: Final = 100
TAKEN_MIN: Final = 20
COUNTED_FROM: Final = 2_000  # sales: fewer say nothing about coverage
_S, _E = State, Signal
_OWN: Final = {_E.GIVE_UP, _E.RESTART, _E.COMMITTED, _E.NOT_SENT, _E.NOT_SENT_FINAL, _E.CODE_READY, _E.WINDOW_OVER}
_NEWS: Final = {
    _E.SUCCESS,
    _E.PAYING,
    _E.UNPAID,
    _E.CLOSED_THERE,
    _E.RETURNED,
    _E.NOT_FOUND,
    _E.NOT_FOUND_BELIEVED,
}
_ANY: Final = frozenset(Signal)
_ALL: Final = frozenset(State)
_BOTH: Final[tuple[Direction, ...]] = ("pull", "push")
_PULL: Final[tuple[Direction, ...]] = ("pull",)
_PUSH: Final[tuple[Direction, ...]] = ("push",)

UNREACHABLE: Final[tuple[tuple[str, tuple[Direction, ...], frozenset[State], frozenset[Signal]], ...]] = (
    (
        "bills are played in worlds of their own (lab_bills.py)",
        _BOTH,
        _ALL,
        frozenset({_E.BILL_PAID, _E.BILL_CLOSED}),
    ),
    ("an owner's act: tests/flows/test_kept_and_gone.py", _BOTH, _ALL, frozenset({_E.ACCEPT_PAID})),
    ("needs days of silence: tests/flows/test_paid_pull.py", _BOTH, _ALL, frozenset({_E.WINDOW_OVER})),
    ("follows days of silence: tests/flows/test_paid_pull.py", _BOTH, frozenset({_S.MANUAL}), _ANY),
    (
        "its driver ended with it and sends nothing more",
        _BOTH,
        TERMINAL,
        frozenset({*_OWN, _E.UNCLEAR, _E.REFUSED}),
    ),
    (
        "a scanned payment has no code of ours to show or close",
        _PULL,
        _ALL,
        frozenset({_E.CODE_READY, _E.CLOSE_OK}),
    ),
    ("our own order is closed, never reversed", _PUSH, frozenset({_S.REVERSED}), _ANY),
    ("our own order is closed, never reversed", _PUSH, _ALL, frozenset({_E.REVERSE_OK, _E.NOT_REVERSIBLE})),
    ("only a scanned payment has a moment of leaving", _PUSH, _ALL, frozenset({_E.COMMITTED})),
    ("banks notify no scanned payment, and nobody asks after its end", _PULL, TERMINAL, _ANY),
    ("nobody asks after what was refused or never left", _PUSH, frozenset({_S.DECLINED, _S.NOT_SENT}), _ANY),
    (
        "banks notify no scanned payment: nothing is quicker than our commit",
        _PULL,
        frozenset({_S.INTENT}),
        frozenset(_NEWS),
    ),
    (
        "the till's patience outlasts the two resends",
        _PULL,
        frozenset({_S.INTENT}),
        frozenset({_E.GIVE_UP, _E.NOT_SENT_FINAL}),
    ),
    (
        "nothing else is asked while the pay call is out",
        _PULL,
        frozenset({_S.SENT}),
        frozenset(_NEWS - {_E.SUCCESS, _E.PAYING}),
    ),
    ("the answer to the pay call is waited for", _PULL, frozenset({_S.SENT}), frozenset({_E.GIVE_UP})),
    (
        "only a notice could overtake that answer, and banks notify no scanned payment",
        _PULL,
        frozenset({_S.WAITING, _S.UNKNOWN, _S.REVERSING, _S.REVERSE_UNKNOWN}),
        frozenset({_E.COMMITTED, _E.NOT_SENT, _E.NOT_SENT_FINAL, _E.REFUSED}),
    ),
    (
        "only a notice could overtake the answer to our reverse",
        _PULL,
        frozenset({_S.WAITING, _S.UNKNOWN}),
        frozenset({_E.REVERSE_OK, _E.NOT_REVERSIBLE, _E.RETURNED}),
    ),
    ("silence is heard as nothing (row 32)", _PULL, frozenset({_S.WAITING, _S.UNKNOWN}), frozenset({_E.UNCLEAR})),
    (
        "a scanned order is paid, being paid or gone, never merely unpaid",
        _PULL,
        frozenset({_S.WAITING, _S.UNKNOWN, _S.REVERSE_UNKNOWN, _S.REVERSING}),
        frozenset({_E.UNPAID}),
    ),
    (
        "asked only by who presses “check again” while a reverse waits",
        _PULL,
        frozenset({_S.REVERSING}),
        frozenset(_NEWS - {_E.PAYING}),
    ),
    (
        "the decision to reverse stands already",
        _PULL,
        frozenset({_S.REVERSING, _S.REVERSE_UNKNOWN}),
        frozenset({_E.GIVE_UP}),
    ),
    (
        "the bank reverses what was paid for days: tests/flows/test_paid_pull.py",
        _PULL,
        frozenset({_S.REVERSING, _S.REVERSE_UNKNOWN}),
        frozenset({_E.NOT_REVERSIBLE}),
    ),
    ("the bank closes what it took back itself", _PULL, frozenset({_S.REVERSE_UNKNOWN}), frozenset({_E.RETURNED})),
    (
        "nobody can pay, and no bank ends, a code that was never shown",
        _PUSH,
        frozenset({_S.ORDERING}),
        frozenset({_E.SUCCESS, _E.PAYING, _E.CLOSED_THERE, _E.RETURNED}),
    ),
    ("our code ends before the bank's order does", _PUSH, frozenset({_S.SHOWN}), frozenset({_E.CLOSED_THERE})),
    (
        "only a close or a refund gives money back",
        _PUSH,
        frozenset({_S.SHOWN, _S.WAITING}),
        frozenset({_E.RETURNED}),
    ),
    (
        "silence is heard as nothing (row 32)",
        _PUSH,
        frozenset({_S.SHOWN, _S.WAITING, _S.CLOSING}),
        frozenset({_E.UNCLEAR}),
    ),
    ("the code is there", _PUSH, frozenset({_S.SHOWN, _S.WAITING, _S.CLOSING}), frozenset({_E.CODE_READY})),
    (
        "who began to pay is known to the bank",
        _PUSH,
        frozenset({_S.WAITING}),
        frozenset({_E.UNPAID, _E.NOT_FOUND_BELIEVED}),
    ),
    (
        "a close without a definite answer is repeated, not heard",
        _PUSH,
        frozenset({_S.CLOSING}),
        frozenset({_E.REFUSED, _E.NOT_SENT, _E.NOT_SENT_FINAL, _E.GIVE_UP}),
    ),
    (
        "a word of the bank that another one overtook",
        _PUSH,
        frozenset({_S.CLOSED}),
        frozenset({_E.CLOSE_OK, _E.PAYING}),
    ),
    (
        "a word of the bank that another one overtook",
        _PUSH,
        frozenset({_S.PAID}),
        frozenset({_E.CLOSE_OK, _E.CLOSED_THERE, _E.PAYING, _E.NOT_FOUND_BELIEVED}),
    ),
)
"""(why, directions, states, signals): rows nobody expects of a run, taken or not."""


def minimum(whole: int, sales: int) -> int:
    return min(whole, whole * sales // SALES)


def why_not(way: Direction, state: State, signal: Signal) -> str:
    """Why nobody expects this row of a run; empty: it must be taken."""
    found = (
        why for why, ways, states, signals in UNREACHABLE if way in ways and state in states and signal in signals
    )
    return next(found, "")


def expected() -> tuple[str, ...]:
    return tuple(
        name_of(way, state, signal) for way, state, signal, _ in every_row() if not why_not(way, state, signal)
    )


def seldom_fired(counts: Counter[str], sales: int) -> dict[str, int]:
    least = minimum(FIRED_MIN, sales)
    return {kind: counts[kind] for kind in COUNTED if counts[kind] < least}


def seldom_taken(counts: Counter[str], sales: int) -> dict[str, int]:
    """Without the rows that are unreachable on purpose."""
    least = minimum(TAKEN_MIN, sales)
    return {name: counts[name] for name in expected() if counts[name] < least}


def lines(counts: Counter[str], sales: int) -> Iterator[str]:
    """The whole account, for people."""
    yield f"faults ({len(COUNTED)} kinds, each at least {minimum(FIRED_MIN, sales)} times):"
    for kind in COUNTED:
        yield f"  {counts[kind]:8d} {kind}"
    wanted = expected()
    yield f"rows of the attempt's tables ({len(wanted)}, each at least {minimum(TAKEN_MIN, sales)} times):"
    for name in wanted:
        yield f"  {counts[name]:8d} {name.removeprefix('row ')}"
    spared = Counter(why for way, state, signal, _ in every_row() if (why := why_not(way, state, signal)))
    yield f"rows nobody expects of a run ({spared.total()}), and why:"
    for why, rows in spared.items():
        yield f"  {rows:8d} {why}"
