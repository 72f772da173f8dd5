"""One key of the cashier, one of two buttons of the customer: tied to the last sale and counted once."""

from pathlib import Path

import pytest

from terminal.care.feedback import DAY_MS, FeedbackDesk, grouped
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Summary
from tests.unit.care.shop import GLASS, MEI, Shop, story


def test_a_key_is_tied_to_the_counters_last_sale_and_counts_once_a_sale(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.sold("sale-1")
        await shop.sold("sale-9", counter="2")
        first = await shop.feedback.give("1", "slow", MEI)
        assert (first.sale, first.counter, first.what) == ("sale-1", "1", "slow")
        assert await shop.feedback.give("1", "slow", MEI) == first
        await shop.feedback.give("1", "device", MEI)
        await shop.sold("sale-2")
        shop.power_cut()
        again = await shop.feedback.give("1", "slow", MEI)
        assert again.sale == "sale-2"
        assert [each.what for each in shop.feedback.said()] == ["slow", "device", "slow"]
        newest = shop.feedback.said(limit=1)[0]
        assert [each.id for each in shop.feedback.said(before=newest.number)][-1] == first.id
        assert shop.types().count("feedback_given") == 3

    story(tmp_path, tell)


def test_before_the_first_sale_a_key_that_hangs_counts_once_a_minute(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        for _ in range(5):
            assert (await shop.feedback.give("1", "confusing", MEI)).sale == ""
        assert len(shop.feedback.said()) == 1
        shop.skip(120)
        await shop.feedback.give("1", "confusing", MEI)
        assert len(shop.feedback.said()) == 2

    story(tmp_path, tell)


def test_a_customers_first_answer_stays_and_only_to_what_was_just_paid(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        with pytest.raises(Conflict, match="rating_too_late"):
            await shop.feedback.rate("1", True, GLASS)
        await shop.sold("sale-1")
        await shop.feedback.rate("1", False, GLASS)
        await shop.feedback.rate("1", True, GLASS)
        await shop.sold("sale-2", state="open")
        with pytest.raises(Conflict, match="rating_too_late"):
            await shop.feedback.rate("1", True, GLASS)
        report = shop.feedback.report(7)
        assert (report.good, report.bad, dict(report.ratings)) == (0, 1, {"1": (0, 1)})

    story(tmp_path, tell)


def test_without_the_settings_nobody_is_asked(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.sold("sale-1")
        off = FeedbackDesk("s-1", journal=shop.journal, clock=shop.clock, ids=shop.ids)
        with pytest.raises(NotFound, match="rating_off"):
            await off.rate("1", True, GLASS)

    story(tmp_path, tell)


def test_the_report_counts_what_is_young_enough_the_most_frequent_first(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.sold("old")
        await shop.feedback.give("1", "other", MEI)
        shop.skip(8 * 86_400)
        for sale in ("sale-1", "sale-2"):
            await shop.sold(sale)
            await shop.feedback.give("1", "slow", MEI)
        await shop.sold("sale-3", counter="2")
        await shop.feedback.give("2", "device", MEI)
        report = shop.feedback.report(7)
        told = [(each.what, each.count, dict(each.counters), each.sales) for each in report.groups]
        assert told == [("slow", 2, {"1": 2}, ("sale-2", "sale-1")), ("device", 1, {"2": 1}, ("sale-3",))]
        assert [each.what for each in shop.feedback.report(30).groups] == ["slow", "device", "other"]
        assert report.since_ms == shop.clock.wall_ms() - 7 * DAY_MS

    story(tmp_path, tell)


def test_grouped_is_pure_and_empty_of_nothing() -> None:
    assert grouped((), (), 5).groups == ()
    row = Summary("rating:s", "", 1, 1, 10, 10, {"good": True, "counter": "1"})
    assert grouped((), (row,), 5, left_out=1).good == 1
