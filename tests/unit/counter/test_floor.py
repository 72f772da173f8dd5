"""Who of the counter stands on the whole floor: use cases, and nobody who needs less."""

from tests.architecture.source import ROOT, Source

COUNTER, FLOOR = ROOT / "terminal/counter", "terminal.counter.floor"
USE_CASES = frozenset(
    (
        *("aftercare", "checkout", "choosing", "commands", "excess", "moving", "notices", "overrides", "posters"),
        *("recovery", "remainder", "report_paper", "scanning", "unverified"),
    )
)


def test_what_needs_a_journal_a_clock_or_a_book_is_given_that_and_no_floor() -> None:
    files = [Source(f"terminal/counter/{x.name}", x.read_text("utf-8")) for x in COUNTER.glob("*.py")]
    knows = {each.module.rpartition(".")[2] for each in files if any(FLOOR in name for _, name, _ in each.imports)}
    assert knows == USE_CASES | {"service"}
