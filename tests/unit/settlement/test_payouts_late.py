"""A wallet's money is due on a day: missed when it does not come, told when it comes later, each day paid once."""

from dataclasses import replace
from datetime import date

import pytest

from terminal.payments.payout import PayoutDays
from terminal.settlement.differences import Fix, Kind
from terminal.settlement.reconcile import Report
from tests.unit.settlement.shop import DAY, Shop, tomorrow
from tests.unit.settlement.test_fixing import OWNER, desk
from tests.unit.settlement.test_payouts import paid_out, payout, told, traded

FRIDAY, SATURDAY, SUNDAY, MONDAY = (tomorrow(DAY, n) for n in range(4))  # the shop's first day is a Friday
TUESDAY, WEDNESDAY = tomorrow(DAY, 4), tomorrow(DAY, 5)
RULE = PayoutDays(after_days=1, bank_days=1)


@pytest.fixture
def due(shop: Shop) -> Shop:
    shop.channel = replace(shop.channel, payout=RULE)
    return shop


async def before(shop: Shop) -> None:
    """Thursday's money came as it should: since then payouts are known here."""
    thursday = tomorrow(DAY, -1)
    _, net = await traded(shop, thursday, 1_000)
    for kind in ("funds", "statement"):
        assert told(await paid_out(shop, [payout(net, FRIDAY, "P0")], FRIDAY, kind=kind)) == []


async def closed(shop: Shop, *days: date) -> None:
    """Days on which nothing was sold; their bills say so."""
    for day in days:
        await shop.take([], day)


def late(report: Report) -> list[tuple[str, int | None, object]]:
    return [(each.key, each.here_minor, each.facts["due"]) for each in report.differences if _is_late(each.kind)]


def _is_late(kind: Kind) -> bool:
    return kind is Kind.PAYOUT_LATE


@pytest.mark.parametrize(
    ("day", "at_bank", "expected"),
    [
        (FRIDAY, False, MONDAY),
        (SATURDAY, False, MONDAY),
        (SUNDAY, False, MONDAY),
        (MONDAY, False, TUESDAY),
        (FRIDAY, True, TUESDAY),
        (SUNDAY, True, TUESDAY),
    ],
)
def test_a_weekend_is_no_working_day(day: date, at_bank: bool, expected: date) -> None:
    assert RULE.due(day, at_bank=at_bank) == expected


def test_feasts_are_none_either_and_a_rule_without_working_days_is_refused() -> None:
    assert replace_free(MONDAY, TUESDAY).due(FRIDAY) == WEDNESDAY
    assert PayoutDays(after_days=1, weekdays=(1, 2, 3, 4, 5, 6, 7)).due(FRIDAY) == SATURDAY
    assert [PayoutDays(weekdays=each).usable for each in ((), (0,), (1, 8), (7,))] == [True, False, False, True]
    assert not PayoutDays(after_days=-1).usable


def replace_free(*days: date) -> PayoutDays:
    return PayoutDays(after_days=1, free_days=days)


@pytest.mark.row(110)
async def test_i13_money_that_does_not_come_is_missed_from_its_due_day_on(due: Shop) -> None:
    await before(due)
    _, net = await traded(due, FRIDAY, 2_850)
    await closed(due, SATURDAY, SUNDAY, MONDAY, TUESDAY)
    due.channel = replace(due.channel, payout=PayoutDays(weekdays=()))
    assert late(await paid_out(due, [], SATURDAY, kind="funds")) == [], "this shop fetches its money by hand"
    due.channel = replace(due.channel, payout=RULE)
    assert late(await paid_out(due, [], SUNDAY, kind="funds")) == [], "nobody pays out on a Sunday"
    report = await paid_out(due, [], MONDAY, kind="funds")
    assert late(report) == [("2026-11-20", net, "2026-11-23")]
    found = report.differences[0]
    assert (found.there_minor, found.suggested) == (None, Fix.ASK_BANK)
    people = desk(due)
    asked = await people.fix(found.id, Fix.ASK_BANK, actor=OWNER)
    assert asked.state == "asked"
    came = await paid_out(due, [payout(net, WEDNESDAY, "P1")], WEDNESDAY, kind="funds")
    assert (came.found, people.one(found.id).how) == (1, "matched")
    assert told(came)[0][0] is Kind.PAYOUT_LATE, "that it was late is still told, and nothing new is found"
    assert came.new == 0


@pytest.mark.row(110)
async def test_money_that_came_late_says_when(due: Shop) -> None:
    await before(due)
    _, net = await traded(due, FRIDAY, 2_850)
    await closed(due, SATURDAY, SUNDAY, MONDAY, TUESDAY)
    report = await paid_out(due, [payout(net, WEDNESDAY, "P1")], WEDNESDAY, kind="funds")
    assert [(each.kind, each.there_minor, each.facts["came"]) for each in report.differences] == [
        (Kind.PAYOUT_LATE, net, "2026-11-25")
    ]
    assert desk(due).one(report.differences[0].id).choices == (Fix.ACCEPT, Fix.ASK_BANK)


async def test_a_weekend_that_comes_on_monday_is_on_time(due: Shop) -> None:
    await before(due)
    nets = [(await traded(due, day, 1_000 * n))[1] for n, day in enumerate((FRIDAY, SATURDAY, SUNDAY), 1)]
    await closed(due, MONDAY)
    assert told(await paid_out(due, [payout(sum(nets), MONDAY, "P1")], MONDAY, kind="funds")) == []
    assert told(await paid_out(due, [], TUESDAY, kind="funds")) == []
    assert told(await paid_out(due, [payout(sum(nets), TUESDAY, "B1")], TUESDAY)) == [], "the bank books it later"


async def test_where_payouts_were_never_seen_or_are_not_agreed_nothing_is_missed(shop: Shop) -> None:
    await traded(shop, FRIDAY, 2_850)
    assert told(await paid_out(shop, [], TUESDAY, kind="funds")) == []
    shop.channel = replace(shop.channel, payout=RULE)
    assert told(await paid_out(shop, [], WEDNESDAY, kind="funds")) == []


@pytest.mark.row(110)
async def test_i13_the_same_days_are_not_paid_out_twice(due: Shop) -> None:
    _, net = await traded(due, FRIDAY, 2_850)
    await closed(due, SATURDAY, SUNDAY, MONDAY)
    assert told(await paid_out(due, [payout(net, MONDAY, "P1")], MONDAY, kind="funds")) == []
    again = await paid_out(due, [payout(net, TUESDAY, "P2")], TUESDAY, kind="funds")
    assert [(kind, key, there) for kind, key, _here, there in told(again)] == [(Kind.PAYOUT, "P2", net)]


async def test_a_payout_before_its_bills_waits_for_them_and_its_days_are_not_missed(due: Shop) -> None:
    await before(due)
    line = due.line(await due.pay(2_850, due.clock.now_ms))
    net = line.settle_minor - line.fee_milli // 1_000
    assert told(await paid_out(due, [payout(net, SATURDAY, "P1")], SATURDAY, kind="funds")) == []
    await due.take([line], FRIDAY)
    assert told(await paid_out(due, [], WEDNESDAY, kind="funds")) == []
    [event] = [each for each in due.feed.after(0, limit=256) if each.body.get("days") == ["2026-11-20"]]
    assert (event.type, event.body["key"]) == ("payout_told", "P1")


async def test_i5_a_killed_run_gives_the_same_days_to_the_same_payout(due: Shop) -> None:
    _, net = await traded(due, FRIDAY, 2_850)
    await closed(due, SATURDAY, SUNDAY)
    line = payout(net, MONDAY, "P1")
    await paid_out(due, [line], MONDAY, kind="funds")
    again = await due.take([line], MONDAY, kind="funds", salt="the file once more, corrected elsewhere")
    assert (again.found, again.repeated) == (0, False)
    assert sum(each.type == "payout_told" for each in due.feed.after(0, limit=256)) == 1
