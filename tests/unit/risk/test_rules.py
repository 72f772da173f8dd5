"""Each rule speaks on its own trick and not before; a month of honest trade stays nearly silent."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from terminal.chance import Chance
from terminal.payments.event import Event
from terminal.risk.rules import DayCounted
from terminal.risk.table import RULES, risk_table
from tests.unit.risk.shop_days import SHOP, alerts, at, event, honest_day, refund, sale, watcher

pytestmark = pytest.mark.row(118)
HANDFUL = 3  # alerts of a month in which nobody did anything wrong: what docs/risk.md promises
NOON = at(0, 12)
MINUTE = 60_000


def soon() -> list[Event]:
    pairs = ((*sale(f"s{n}", NOON + n * MINUTE), refund(f"s{n}", NOON + n * MINUTE + 40_000)) for n in range(3))
    return list(chain.from_iterable(pairs))


def many() -> list[Event]:
    return [refund(f"old{n}", NOON + n * MINUTE) for n in range(6)]


def after_close() -> list[Event]:
    return [*sale("s", NOON), event("z_sealed", NOON + MINUTE, day="2026-03-02"), refund("s", NOON + HOUR)]


HOUR = 60 * MINUTE


def forged() -> list[Event]:
    body: dict[str, Any] = {"channel": "wechatpay", "slug": "signature_wrong", "more": 0}
    return [event("notification_refused", NOON, subject="wechatpay", **body)]


def again() -> list[Event]:
    return [
        event("code_seen_again", NOON + n, counter_id=str(n), code="c", sale=f"s{n}", first="x") for n in (1, 2)
    ]


def equal() -> list[Event]:
    credit = {"amount_minor": 500, "currency": "CNY", "entry": "e"}
    told = [{**credit, "at": f"2026-03-02T12:0{n}:00+00:00"} for n in range(4)]
    return [event("statement_unmatched", NOON, channel="bank", credits=[each]) for each in told]


def cap() -> list[Event]:
    return [
        event("sale_unverified", NOON + n, sale=f"s{n}", amount_minor=40_000 + n, currency="CNY") for n in range(2)
    ]


def cancels() -> list[Event]:
    return [each for n in range(12) for each in sale(f"s{n}", NOON + n * MINUTE, paid=False)][:-1]


def below() -> list[Event]:
    return [event("refund_allowed_alone", NOON + n, amount_minor=990, day="2026-03-02") for n in range(3)]


def overrides() -> list[Event]:
    return [event(kind, NOON) for kind in ("override_made", "sale_claimed", "sale_written_off")]


def swap() -> list[Event]:
    opened = event("sale_opened", NOON, subject="s")
    return [opened, event("device_chosen", NOON + 1, subject="1", role="display", port="x", driver="", profile="")]


def flood() -> list[Event]:
    body: dict[str, Any] = {"channel": "pix", "kind": "hint", "count": 60, "seconds": 600}
    return [event("messages_flooding", NOON, subject="pix", **body)]


TRICKS: dict[str, Callable[[], list[Event]]] = {
    "refund_soon": soon,
    "refunds_many": many,
    "out_of_hours": after_close,
    "forged": forged,
    "code_again": again,
    "equal_amounts": equal,
    "unverified_cap": cap,
    "cancels_after_shown": cancels,
    "below_limit": below,
    "overrides": overrides,
    "device_swap": swap,
    "flood": flood,
}


def test_there_are_twelve_rules_and_a_trick_for_each() -> None:
    assert set(TRICKS) == set(RULES)
    assert len(RULES) == 12


@pytest.mark.parametrize("rule", sorted(TRICKS))
def test_each_rule_speaks_at_its_trick_and_not_one_event_before(rule: str) -> None:
    events = TRICKS[rule]()
    assert [each for each in alerts(watcher(), events[:-1]) if each.rule == rule] == []
    found = [each for each in alerts(watcher(), events) if each.rule == rule]
    assert [each.rule for each in found] == [rule]
    assert found[0].count >= found[0].limit >= risk_table().rule(rule).floor
    assert found[0].about


def test_b5_what_cannot_be_forged_by_mistake_is_no_forgery() -> None:
    stale = event("notification_refused", NOON, channel="wechatpay", slug="message_stale", more=4)
    assert alerts(watcher(), [stale]) == []
    wrong = event("evidence_refused", NOON, attempt="A1", field="amount", refused={})
    assert [(each.rule, each.why) for each in alerts(watcher(), [wrong])] == [("forged", "field")]


def test_a_till_nobody_is_signed_in_at_hides_nobody() -> None:
    events = [
        each
        for n in range(3)
        for each in (*sale(f"s{n}", NOON + n * MINUTE, "device:till"), refund(f"s{n}", NOON + n * MINUTE + 20_000))
    ]
    assert [each.rule for each in alerts(watcher(), events)] == ["refund_soon"]
    others = [
        each for n in range(3) for each in (*sale(f"o{n}", NOON, "person:joao"), refund(f"o{n}", NOON + MINUTE))
    ]
    assert alerts(watcher(), others) == []


def test_what_the_service_does_by_itself_accuses_nobody() -> None:
    events = [refund(f"s{n}", NOON, "system:excess") for n in range(40)]
    idle = [
        each for n in range(40) for each in (*sale(f"i{n}", NOON, paid=False),) if each.type != "cancel_requested"
    ] + [event("cancel_requested", NOON, subject=f"i{n}", actor="system:idle") for n in range(40)]
    assert alerts(watcher(), [*events, *idle]) == []


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in range(1, 25))])
def test_an_honest_month_raises_a_handful_at_most(seed: int) -> None:
    chance, heard, found = Chance(f"honest {seed}"), watcher(), []
    for day in range(30):
        found += alerts(heard, honest_day(chance, day, 160))
    assert len({each.name for each in found}) <= HANDFUL, found


def test_limits_are_learned_between_floor_and_ceiling_and_one_bad_day_teaches_nothing() -> None:
    heard = watcher()
    assert heard.limit("refunds_many") == 6
    for day in range(8):
        count = 200 if day == 4 else 8
        alerts(heard, [refund(f"{day}/{n}", at(day, 12), f"person:{n % 2}") for n in range(2 * count)])
    alerts(heard, [refund("next", at(8, 12))])
    assert heard.limit("refunds_many") == 12  # half as much again as the second highest day
    for day in range(9, 30):
        alerts(heard, [refund(f"{day}/{n}", at(day, 12)) for n in range(90)])
    alerts(heard, [refund("next", at(31, 12))])
    assert heard.limit("refunds_many") == risk_table().rules.refunds_many.ceiling
    assert heard.limit("forged") == 1


def test_a_sale_at_night_is_told_once_the_shop_s_hours_are_known() -> None:
    heard = watcher()
    assert alerts(heard, sale("first", at(0, 3))) == []
    for day in range(1, 9):
        assert alerts(heard, [*sale(f"{day}a", at(day, 10)), *sale(f"{day}b", at(day, 18))]) == []
    assert alerts(heard, sale("near", at(9, 19))) == []
    [told] = alerts(heard, sale("night", at(9, 23)))
    assert (told.rule, told.why, told.facts["hour"]) == ("out_of_hours", "sale", 23)


def test_yesterday_sealed_in_the_morning_closes_no_shop() -> None:
    heard = watcher()
    alerts(heard, sale("yesterday", at(0, 12)))
    events = [event("z_sealed", at(1, 8), day="2026-03-02"), refund("yesterday", at(1, 8.1))]
    assert alerts(heard, events) == []


def test_a_day_is_counted_once_and_a_clock_set_back_begins_none_again() -> None:
    heard = watcher()
    heard.hear(refund("a", at(0, 12)))
    [counted, *_] = heard.hear(refund("b", at(1, 12)))
    assert isinstance(counted, DayCounted)
    assert (counted.day, counted.peaks["refunds_many"]) == ("2026-03-02", 1)
    assert [told for told in heard.hear(refund("c", at(0, 13))) if isinstance(told, DayCounted)] == []
    assert heard.day == "2026-03-03"


def test_i17_a_clock_that_once_stood_years_ahead_hides_nobody_afterwards() -> None:
    heard = watcher()
    alerts(heard, refunds_of("mei", day=9_000, how_many=6))
    assert [each.rule for each in alerts(heard, refunds_of("mei", day=1, how_many=5))] == []
    told = alerts(heard, refunds_of("mei", day=1, how_many=1))
    assert [(each.rule, each.day) for each in told] == [("refunds_many", SHOP.day(at(1, 12)))]


def refunds_of(who: str, *, day: int, how_many: int) -> list[Event]:
    return [refund(f"old {n}", at(day, 12), f"person:{who}") for n in range(how_many)]


def test_memory_is_bounded_however_many_sales_and_names_come() -> None:
    heard = watcher()
    for n in range(3000):
        alerts(
            heard, [event("sale_opened", NOON, subject=f"s{n}", actor=f"person:{n}"), refund("x", NOON, f"p:{n}")]
        )
        alerts(heard, [event("code_seen_again", NOON + n, code=f"c{n}", sale="s", first="x")])
    assert len(heard._sales._sales) <= 2048
    assert len(heard._counts["refunds_many"]._day) <= 512
    assert len(heard._counts["code_again"]._times) <= 512
