"""Where a sale's time went, and calls on its scale."""

from collections.abc import Mapping
from typing import Any

import pytest

from terminal.observe.calls import CALLS_MAX, ORDERS_MAX, Calls, SeenCall
from terminal.observe.stages import CallTold, Stage, green_ms, numbers_of, offsets_ms, stages, told
from terminal.payments.event import Event, Ledger
from terminal.payments.notice import CallMade

MS = 1_000_000


def event(at_ms: int, kind: str, /, **body: Any) -> Event:
    return made(at_ms, kind, body)


def made(at_ms: int, kind: str, body: Mapping[str, Any], mono_ns: int | None = None) -> Event:
    mono = 10**12 + at_ms * MS if mono_ns is None else mono_ns
    return Event(
        *(at_ms + 1, "counter:1", at_ms + 1, kind, 1, Ledger.TEST, "m", "s", "1", "SALE"),
        *("system:engine", 1_700_000_000_000 + at_ms, mono, body, b""),
    )


PAID = [
    event(0, "sale_opened", amount_minor=2850, currency="CNY"),
    event(5, "attempt_started", attempt="A1", provider="wechatpay", direction="push"),
    event(180, "attempt_moved", attempt="A1", to="shown"),
    event(210, "code_shown", where="device"),
    event(4_000, "attempt_moved", attempt="A1", to="waiting"),
    event(7_000, "attempt_moved", attempt="A1", to="paid"),
    event(7_000, "sale_moved", to="paid"),
    event(7_020, "effect_done", effect="v", kind="voice", outcome="taken"),
    event(7_900, "effect_done", effect="r", kind="receipt", outcome="confirmed"),
]


@pytest.mark.row(133)
def test_a_paid_sale_s_time_goes_to_bank_glass_customer_proof_voice_and_paper() -> None:
    assert stages(PAID) == [
        Stage("bank_code", 5, 175),
        Stage("glass", 180, 30),
        Stage("customer", 210, 3_790),
        Stage("proof", 4_000, 3_000),
        Stage("voice", 7_000, 20),
        Stage("paper", 7_000, 900),
    ]
    assert green_ms(PAID) == 7_000
    assert green_ms(PAID[:5]) is None


def test_doubt_is_a_piece_of_its_own_and_the_customer_s_ends_where_it_begins() -> None:
    events = [*PAID[:4], event(3_000, "attempt_moved", attempt="A1", to="unknown")]
    events += [event(9_000, "attempt_moved", attempt="A1", to="closed"), event(9_000, "sale_moved", to="expired")]
    assert stages(events)[-2:] == [Stage("customer", 210, 2_790), Stage("checking", 3_000, 6_000)]


def test_a_sale_without_anything_after_its_opening_has_no_pieces() -> None:
    assert stages(PAID[:1]) == []
    assert stages([]) == []


def test_time_across_a_restart_of_the_machine_is_the_wall_clock_s() -> None:
    events = [made(0, "sale_opened", {}, 5 * MS), made(800, "sale_parked", {}, 10**18)]
    assert offsets_ms(events) == [0, 800]


@pytest.mark.row(133)
def test_a_call_stands_where_it_began_on_the_sale_s_own_scale() -> None:
    call = SeenCall("wechatpay", "order", "code", 170, 0, 10**12 + 179 * MS)
    before = SeenCall("wechatpay", "query", "paid", 5, 0, 10**12 - 5 * MS)  # of another sale's life
    assert told([before, call], PAID) == [CallTold("wechatpay", "order", "code", 9, 170)]
    assert numbers_of([*PAID, event(8_000, "refund_started", refund="R1", attempt="A1")]) == ["A1", "R1"]


class Clock:
    def wall_ms(self) -> int:
        return 0

    def mono_ns(self) -> int:
        return 0


def test_calls_are_remembered_for_so_many_orders_and_so_many_of_each() -> None:
    calls = Calls(Clock())
    for _ in range(CALLS_MAX + 5):
        calls.made("w", CallMade("query", "A1", "unpaid", 0.1))
    assert len(calls.of(["A1"])) == CALLS_MAX
    assert calls.left_out["A1"] == 5
    for each in range(ORDERS_MAX):
        calls.made("w", CallMade("query", f"B{each}", "unpaid", 0.1))
    assert calls.of(["A1"]) == []
    assert calls.left_out == {}
