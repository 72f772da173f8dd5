"""The day book: every proven amount one row, and together what the Z says; bounded whatever its length."""

from datetime import date

import pytest

from terminal.payments.event import Actor, Ledger
from terminal.settlement.business_day import ShopTime
from terminal.settlement.daybook import COLUMNS, DayBook, Row
from terminal.settlement.totals import Line
from terminal.settlement.z_report import Reports
from tests.unit.settlement.books import DAY, Books

SHOP = ShopTime.of("Asia/Shanghai", "04:00")
DAY_1 = date(2026, 11, 21)
OWNER = Actor("person", "owner")


def book(books: Books, counter: str = "") -> DayBook:
    return DayBook(books, SHOP, ledger=Ledger.LIVE, counter=counter)


def all_of(found: DayBook, first: date, last: date) -> list[Row]:
    return [row for page in found.of_days(first, last) for row in page]


def a_shop() -> Books:
    books = Books()
    books.paid("s1", 2850)
    books.refund("s1", "s1-a", 850)
    books.open("s2", 700, counter="2")
    books.start("s2", "b", 700, provider="alipay")
    books.move("s2", "b", "closed")
    books.sale_to("s2", "expired")
    told = {
        "trade": "paid",
        "amount_minor": None,
        "txn": "T9",
        "wallet": "alipay",
        "payer_minor": None,
        "paid_at": "2026-11-21T13:00:00",
    }
    books.put("s2", "evidence_noted", attempt="b", evidence=told, at_ms=0)
    return books


@pytest.mark.row(114)
async def test_the_rows_of_a_z_are_its_totals() -> None:
    books = a_shop()
    reports = Reports(books, books.clock, SHOP, store="s1", ledger=Ledger.LIVE)
    z = await reports.seal(actor=OWNER)
    books.clock.now_ms += DAY
    books.close("s2", "none", "b", "seen")
    books.refund("s2", "b", 700)
    await reports.seal(actor=OWNER)
    books.paid("s3", 5)
    rows = [row for page in book(books).of_numbers(z.first, z.last) for row in page]
    assert [(row.kind, row.amount_minor, row.z) for row in rows] == [
        ("paid", 2850, 1),
        ("refunded", -850, 1),
        ("late", 700, 1),
    ]
    held = z.totals.held_minor("CNY")
    assert sum(row.amount_minor for row in rows) == held == 2700
    assert z.totals.line(Line.LATE, "CNY").minor == 700
    later = all_of(book(books), date(2026, 11, 22), date(2026, 11, 22))
    assert [(row.kind, row.amount_minor, row.z) for row in later] == [("refunded", -700, 2), ("paid", 5, 0)]


@pytest.mark.row(114)
def test_a_row_says_all_an_accountant_asks_for() -> None:
    [row] = all_of(book(a_shop(), "2"), DAY_1, DAY_1)
    told = dict(zip(COLUMNS, (getattr(row, name) for name in COLUMNS), strict=True))
    assert told == {
        "number": 11,
        "at": "2026-11-21T12:00:00.000+08:00",
        "day": "2026-11-21",
        "z": 0,
        "counter": "2",
        "sale_no": 2,
        "sale": "s2",
        "kind": "late",
        "channel": "alipay",
        "wallet": "alipay",
        "attempt": "b",
        "refund": "",
        "bank_no": "T9",
        "currency": "CNY",
        "amount_minor": 700,
        "amount": "7.00",
        "cashier": "person:mei",
        "fee_rule": "",
        "paid_at": "2026-11-21T13:00:00",
        "order_no": "",
        "reference": "",
        "title": "",
        "ledger": "live",
    }


@pytest.mark.row(116)
def test_the_rule_a_sale_was_made_under_stands_in_its_row() -> None:
    books = Books()
    books.open("s1", 100)
    rule = {"id": "wechatpay-2026", "rate_ppm": 3000, "min_minor": 0, "free_up_to_minor": 0, "free_until": ""}
    books.put(
        "s1", "attempt_started", attempt="a", share=0, provider="wechatpay", direction="push", amount_minor=100,
        currency="CNY", state="ordering", at_ms=0, expires_ms=0, fee_rule=rule,
    )  # fmt: skip
    books.move("s1", "a", "paid", proof=True)
    [row] = all_of(book(books), DAY_1, DAY_1)
    assert row.fee_rule == "wechatpay-2026"


@pytest.mark.row(109)
def test_days_are_found_without_reading_the_years_before() -> None:
    books = Books()
    for n in range(300):
        books.paid(f"s{n}", 100)
        books.clock.now_ms += DAY
    books.read = 0
    rows = all_of(book(books), date(2027, 3, 1), date(2027, 3, 2))
    assert [row.day for row in rows] == ["2027-03-01", "2027-03-02"]
    assert books.read <= 70


def test_a_clock_set_back_an_hour_loses_no_row() -> None:
    books = Books()
    books.paid("s1", 1)
    books.clock.now_ms += DAY
    books.paid("s2", 2)
    books.clock.now_ms -= DAY - 1
    books.paid("s3", 3)
    assert [row.amount_minor for row in all_of(book(books), DAY_1, DAY_1)] == [1, 3]


@pytest.mark.no_cover  # many rounds through lines that others measure
def test_rows_are_made_while_they_are_taken() -> None:
    books = Books()
    for n in range(500):
        books.paid(f"s{n}", 100)
    books.read = 0
    first = next(iter(book(books).of_numbers(1, books.last_number())))
    assert len(first) == 64
    assert books.read <= 256
