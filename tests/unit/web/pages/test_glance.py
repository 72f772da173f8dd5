"""Figures in words for the pages of reports: hours in the order of the day, averages, hostile names, gaps."""

from datetime import UTC

import pytest

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.payments.event import Actor, Event, Ledger
from terminal.settlement.differences import Difference, Fix, Kind
from terminal.settlement.fixing import Listed
from terminal.settlement.period import Batch
from terminal.web.pages.differences import how_ended, in_words
from terminal.web.pages.glance import Say, plots, stretch
from terminal.web.shapes.reports import ChannelView, CurrencyView, PartView, SumView

HOSTILE = "<script>run()</script>"


def say(language: str = "en", cut_off_hour: int = 0) -> Say:
    words = Catalogue.load(language)
    return Say(words, method=str.title, when=lambda at_ms: words.date_time(at_ms, UTC), cut_off_hour=cut_off_hour)


def paid(minor: int, n: int = 1) -> dict[str, SumView]:
    return {"paid": SumView(n, minor)}


def view(*, n: int = 3, minor: int = 1000, hours: tuple[PartView, ...] = (), cashier: str = "Mei") -> CurrencyView:
    return CurrencyView(
        currency="CNY",
        taken=SumView(n, minor),
        refunded=SumView(0, 0),
        claimed=SumView(0, 0),
        held_minor=minor,
        sales={},
        notes={},
        channels=[ChannelView("wechatpay", "wechatpay", paid(minor, n), minor)],
        counters=[],
        cashiers=[PartView("person:1", cashier, paid(minor, n))],
        hours=list(hours),
    )


@pytest.mark.row(113)
def test_an_average_is_rounded_half_up_and_nothing_has_none() -> None:
    assert stretch("Today", view(n=3, minor=1000), [], say()).average == "¥3.33"
    assert stretch("Today", view(n=2, minor=1001), [], say()).average == "¥5.01"
    assert stretch("Today", view(n=0, minor=0), [], say()).average == "–"


@pytest.mark.row(34)
def test_net_is_what_bills_settled_less_their_fees_and_never_what_somebody_expects() -> None:
    batches = [Batch("2026-11-21", "b", "wechatpay", "CNY", 1, 900, 5_400), Batch("d", "b", "x", "EUR", 9, 9, 9)]
    told = stretch("Today", view(minor=1000), batches, say())
    assert (told.taken, told.settled, told.settled_n, told.fees, told.net) == (
        "¥10.00",
        "¥9.00",
        1,
        "¥0.05",
        "¥8.95",
    )


@pytest.mark.row(113)
def test_hours_after_midnight_come_last_on_a_day_that_begins_at_four() -> None:
    night = (PartView("01", "", paid(300)), PartView("22", "", paid(700)))
    hours = plots(view(hours=night), say(cut_off_hour=4), cashiers=False)[0]
    assert [name for name, _, _ in hours.rows] == ["22:00", "01:00"]
    assert "22:00, ¥7.00" in hours.svg


def test_cashiers_are_left_out_for_who_may_not_see_them() -> None:
    assert len(plots(view(), say(), cashiers=True)) == len(plots(view(), say(), cashiers=False)) + 1


def test_s27_a_hostile_cashier_is_text_in_the_picture() -> None:
    picture = plots(view(cashier=HOSTILE), say(), cashiers=True)[2].svg
    assert HOSTILE not in picture
    assert "&lt;script&gt;" in picture


def difference(**facts: str | int) -> Difference:
    return Difference(
        Kind.LATE, "wechatpay", "A1", "2026-11-21", "CNY", 1000, 900, sale="S1", attempt="A1", facts=facts
    )


@pytest.mark.row(110, 115)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_difference_says_both_sides_and_the_gap_and_offers_its_fixes(language: str) -> None:
    listed = Listed(difference(number="A1", no=7), 5, 0, "open", choices=(Fix.ATTACH, Fix.REFUND))
    shown = in_words(listed, say(language), key="1")
    money = say(language).money
    assert (shown.here, shown.there, shown.gap) == (money(1000, "CNY"), money(900, "CNY"), money(100, "CNY"))
    assert [value for value, _ in shown.fixes] == ["attach", "refund"]
    assert "0007" in shown.sale_told
    assert shown.left


@pytest.mark.row(110)
def test_one_that_was_asked_or_carried_says_so_and_one_that_ended_says_who_and_why() -> None:
    carried = Listed(difference(), 5, 0, "carried", choices=(Fix.ACCEPT,), until="2026-11-22")
    assert "2026-11-22" in in_words(carried, say()).state
    ended = Listed(difference(), 5, 0, "ended", how="accept")
    events = [
        event("difference_handled", {"reason": "a gift"}),
        event("difference_ended", {"how": "accept"}),
    ]
    told = how_ended(ended, events, say(), lambda actor: f"name of {actor}")
    assert "a gift · name of person:mei" in told
    assert how_ended(ended, [], say(), str) == ""


def test_one_whose_cause_went_away_names_nobody() -> None:
    ended = Listed(difference(), 5, 0, "ended", how="healed")
    told = how_ended(ended, [event("difference_ended", {}, by=Actor("system", "reconciliation"))], say(), str)
    assert "by itself" in told
    assert "system:" not in told


def event(kind: str, body: dict[str, object], by: Actor | None = None) -> Event:
    actor = str(by or Actor("person", "mei"))
    return Event(1, "store:s1", 1, kind, 1, Ledger.LIVE, "m1", "s1", "", "D1", actor, 0, 0, body, bytes(32))
