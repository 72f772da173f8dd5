"""What is counted, from events alone: ends, time to green, doubt and its age, what is owed; all of it bounded."""

from collections.abc import Mapping
from typing import Any

import pytest

from terminal.counter.ports import Health, HealthState
from terminal.observe import meters
from terminal.observe.exposition import Family, one
from terminal.observe.meters import Meters, Seen
from terminal.payments.event import Event, Ledger, Owed
from terminal.payments.notice import CallMade
from tests.unit.observe.grammar import Metric, read

MS = 1_000_000
NOW_MS = 1_700_000_000_000


class Clock:
    now_ms = NOW_MS

    def wall_ms(self) -> int:
        return self.now_ms

    def mono_ns(self) -> int:
        return 0


def made(clock: Clock, *, owed: tuple[Owed, ...] = ()) -> Meters:
    printer = Health(HealthState.FAULT, "printer_paper_out", 0, {})
    seen = Seen(
        owed=lambda: owed,
        health=lambda: {"1": {"printer": printer}},
        refused=lambda: {("wechatpay", "signature_wrong"): 3},
        repeated=lambda: {"wechatpay": 2},
        event=lambda: 4711,
        memory_bytes=lambda: 1 << 26,
    )
    return Meters(clock, lambda: {"version": "1", "python": "3"}, seen)


def event(sale: str, kind: str, body: Mapping[str, Any], *, mono_ms: int, wall_ms: int = NOW_MS) -> Event:
    return Event(
        *(1, "counter:1", 1, kind, 1, Ledger.TEST, "m", "s", "1", sale, "system:engine"),
        *(wall_ms, mono_ms * MS, body, b""),
    )


def moved(sale: str, to: str, *, mono_ms: int, wall_ms: int = NOW_MS) -> Event:
    return event(sale, "sale_moved", {"to": to}, mono_ms=mono_ms, wall_ms=wall_ms)


def scraped(counted: Meters) -> dict[str, Metric]:
    return read(counted.scrape())


@pytest.mark.row(134)
def test_time_to_green_is_the_monotonic_clock_s_and_of_paid_sales_alone() -> None:
    counted = made(Clock())
    counted.heard(event("A", "sale_opened", {}, mono_ms=1_000))
    counted.heard(event("B", "sale_opened", {}, mono_ms=1_000))
    counted.heard(moved("A", "paid", mono_ms=5_200, wall_ms=NOW_MS + 900_000))  # somebody set the wall clock
    counted.heard(moved("B", "expired", mono_ms=61_000))
    green = scraped(counted)["countertop_time_to_green_seconds"]
    assert green.value("_count") == 1
    assert green.value("_sum") == pytest.approx(4.2)
    assert green.value("_bucket", le="5") == 1
    assert green.value("_bucket", le="3") == 0
    ended = scraped(counted)["countertop_sales_ended_total"]
    assert [ended.value(end=each) for each in ("paid", "expired", "cancelled")] == [1, 1, 0]


def test_a_sale_from_before_this_start_is_counted_by_the_wall_and_an_unheard_one_has_no_time() -> None:
    counted = made(Clock())
    counted.opened("A", 1 << 62, NOW_MS)
    counted.heard(moved("A", "paid", mono_ms=5, wall_ms=NOW_MS + 7_000))
    counted.heard(moved("never heard of", "paid", mono_ms=5))
    found = scraped(counted)
    assert found["countertop_time_to_green_seconds"].value("_sum") == pytest.approx(7.0)
    assert found["countertop_sales_ended_total"].value(end="paid") == 2


@pytest.mark.row(134)
def test_doubt_has_a_number_and_the_age_of_the_oldest_until_it_ends() -> None:
    clock = Clock()
    counted = made(clock)
    counted.heard(moved("A", "checking", mono_ms=0, wall_ms=NOW_MS - 90_000))
    counted.heard(moved("B", "checking", mono_ms=0, wall_ms=NOW_MS - 5_000))
    found = scraped(counted)
    assert found["countertop_sales_checking"].value() == 2
    assert found["countertop_sales_checking_oldest_seconds"].value() == 90
    counted.heard(moved("A", "paid", mono_ms=1))
    assert scraped(counted)["countertop_sales_checking_oldest_seconds"].value() == 5
    clock.now_ms -= 3_600_000  # a clock that was set back: no age is negative
    assert scraped(counted)["countertop_sales_checking_oldest_seconds"].value() == 0


@pytest.mark.row(134)
def test_what_is_owed_has_a_depth_and_an_age_by_kind() -> None:
    slips = tuple(Owed(f"r{each}", "receipt", "1", "S", each, NOW_MS - 1000 * each, {}) for each in range(1, 4))
    found = scraped(made(Clock(), owed=(*slips, Owed("v", "voice", "1", "S", 1, NOW_MS, {}))))
    assert found["countertop_spool_depth"].value(kind="receipt") == 3
    assert found["countertop_spool_oldest_seconds"].value(kind="receipt") == 3
    assert found["countertop_spool_depth"].value(kind="voice") == 1
    assert found["countertop_device_state"].value(counter="1", role="printer", state="fault") == 1
    assert found["countertop_device_state"].value(counter="1", role="printer", state="ok") == 0
    assert found["countertop_messages_refused_total"].value(reason="signature_wrong") == 3
    assert found["countertop_notifications_repeated_total"].value() == 2


def test_calls_commits_and_lag_are_histograms_and_other_parts_bring_their_own() -> None:
    def queue() -> list[Family]:
        return [one("countertop_queue", "of another part", 5)]

    counted = made(Clock())
    counted.called("wechatpay", CallMade("query", "A1", "unclear", 3.5))
    counted.committed(0.004)
    counted.lagged(0.0)
    counted.more.append(queue)
    found = scraped(counted)
    assert found["countertop_bank_call_seconds"].value("_bucket", outcome="unclear", le="6") == 1
    assert found["countertop_bank_call_seconds"].value("_bucket", outcome="unclear", le="3") == 0
    assert found["countertop_journal_commit_seconds"].value("_count") == 1
    assert found["countertop_loop_lag_seconds"].value("_bucket", le="0.001") == 1
    assert found["countertop_queue"].value() == 5


def test_sales_that_never_end_do_not_fill_the_memory() -> None:
    counted = made(Clock())
    for each in range(meters.OPEN_MAX + 10):
        counted.heard(event(f"S{each}", "sale_opened", {}, mono_ms=0))
        counted.heard(moved(f"S{each}", "checking", mono_ms=0))
    assert scraped(counted)["countertop_sales_checking"].value() == meters.OPEN_MAX
    counted.heard(moved("S0", "paid", mono_ms=10))
    assert scraped(counted)["countertop_time_to_green_seconds"].value("_count") == 0, "the oldest was forgotten"
