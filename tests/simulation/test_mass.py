"""Thousands of sales under every fault there is, judged by the bank's own books."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from terminal.simulation.mass import mass_run
from terminal.simulation.run import simulate
from terminal.simulation.swarm import COUNTED

SEEDS: Final = range(1, 131)  # a fixed list: the suite says the same every time; fresh seeds are for make simulate
FIRED_MIN: Final = 20
TAKEN_MIN: Final = 4  # one shop in six scans no codes: Pix and transfers have none
PULL: Final = (
    *("intent committed", "sent success", "sent refused", "sent paying", "sent unclear", "sent not_sent"),
    *("sent restart", "waiting success", "waiting give_up", "waiting closed_there", "unknown success"),
    *("unknown paying", "unknown not_found_believed", "unknown give_up", "unknown closed_there"),
    *("reversing reverse_ok", "reversing paying", "reversing unclear"),
    *("reverse_unknown paying", "reverse_unknown closed_there"),
)
PUSH: Final = (
    *("ordering code_ready", "ordering give_up", "ordering not_sent_final", "shown success", "shown give_up"),
    *("closing success", "closing close_ok", "closing closed_there", "closing not_found_believed"),
)
REFUND: Final = (
    *("intent processing", "intent refunded", "intent refused", "intent unclear", "intent restart"),
    *("sent refunded", "sent failed", "sent abnormal", "sent unclear", "sent restart"),
    *("unknown processing", "unknown refunded", "unknown failed", "unknown abnormal"),
)
MOVES: Final = (
    *(f"move pull {each}" for each in PULL),
    *(f"move push {each}" for each in PUSH),
    *(f"refund {each}" for each in REFUND),
    *("exception excess", "exception mismatch", "exception paid_late", "way void"),
)


@pytest.mark.row(29, 129, 146, 150)
@pytest.mark.xdist_group("mass")  # begins first, in a process of its own that nothing measures or traces
def test_i1_to_i16_hold_in_every_seed(record_property: Callable[[str, Any], None]) -> None:
    tally = mass_run(SEEDS, jobs=1)
    record_property("summary", tally.line())
    assert not tally.broken, "; ".join(f"seed {each.seed}: {each.blame}" for each in tally.broken)
    assert tally.sales >= 20 * len(SEEDS)
    _alive(tally.counts)


def _alive(counts: Counter[str]) -> None:
    """A simulation whose faults never fire, or whose sales never get into doubt, proves nothing."""
    silent = {kind: counts[kind] for kind in COUNTED if counts[kind] < FIRED_MIN}
    assert not silent, f"hardly ever fired: {silent}"
    untaken = {move: counts[move] for move in MOVES if counts[move] < TAKEN_MIN}
    assert not untaken, f"hardly ever taken: {untaken}"


@pytest.mark.row(146)
def test_the_same_seed_gives_the_same_bytes() -> None:
    lines: list[str] = []
    first = simulate(3, show=lines.append)
    assert simulate(3).digest == first.digest
    assert len(lines) == first.steps
    assert first.digest != simulate(4).digest
