"""Totals are sums of differences: what the sales say one by one, whatever stretch they are cut into."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.payments.event import Ledger
from terminal.payments.refund import RefundState
from terminal.payments.sale import Sale
from terminal.settlement.business_day import ShopTime
from terminal.settlement.stretch import Stretch
from terminal.settlement.totals import Line, Sum, Totals, items
from tests.unit.settlement.books import Books

SHOP = ShopTime.of("Asia/Shanghai", "04:00")


def totals(
    books: Books, first: int = 1, last: int = 0, *, counter: str = "", ledger: Ledger = Ledger.LIVE
) -> Totals:
    stretch = Stretch(books.of_subject, SHOP, first=first, ledger=ledger, counter=counter)
    for event in books.log[first - 1 : last or None]:
        stretch.take(event, date(2026, 11, 21))
    return stretch.totals()


def lines(found: Totals) -> dict[str, Sum]:
    told = {line.value: found.line(line, "CNY") for line in Line}
    return {line: each for line, each in told.items() if each != Sum()}


@pytest.mark.row(107)
def test_a_paid_and_partly_refunded_sale() -> None:
    books = Books()
    books.paid("s1", 2850)
    books.refund("s1", "s1-a", 850)
    found = totals(books)
    assert lines(found) == {"paid": Sum(1, 2850), "refunded": Sum(1, 850)}
    assert found.held_minor("CNY") == 2000
    assert (found.sales("opened", "CNY"), found.sales("paid", "CNY")) == (Sum(1, 2850), Sum(1, 2850))


@pytest.mark.row(113)
def test_every_margin_adds_up_to_the_same_and_names_wallet_cashier_hour_and_counter() -> None:
    books = Books()
    books.paid("s1", 1000, provider="wechatpay", actor="person:mei")
    books.clock.now_ms += 3_600_000
    books.paid("s2", 500, provider="alipay", actor="person:bo")
    books.refund("s2", "s2-a", 200)
    found = totals(books)
    assert found.margins["cashiers"] == {
        ("CNY", "person:mei", "paid"): Sum(1, 1000),
        ("CNY", "person:bo", "paid"): Sum(1, 500),
        ("CNY", "person:bo", "refunded"): Sum(1, 200),
    }
    assert {key[1] for key in found.margins["hours"]} == {"12", "13"}
    assert [(each.channel, each.held_minor) for each in found.channels("CNY")] == [
        ("alipay", 300),
        ("wechatpay", 1000),
    ]
    sums = {name: sum(each.minor for each in found.margins[name].values()) for name in found.margins}
    assert sums["wallets"] == sums["counters"] == sums["cashiers"] == sums["hours"] == 1700


@pytest.mark.row(107)
@pytest.mark.parametrize("state", ["waiting", "unknown", "closing", "manual", "declined", "closed", "reversed"])
def test_i2_what_is_not_proven_is_never_paid(state: str) -> None:
    books = Books()
    books.open("s1", 2850)
    books.start("s1", "a", 2850)
    books.move("s1", "a", state)
    books.put("s1", "sale_parked", at_ms=0)
    found = totals(books)
    assert lines(found) == {}
    assert found.sales("opened", "CNY") == Sum(1, 2850)


def test_a_persons_word_without_proof_is_claimed_and_not_held() -> None:
    books = Books()
    books.open("s1", 2850)
    books.start("s1", "a", 2850)
    books.move("s1", "a", "paid", flag="accepted")
    found = totals(books)
    assert lines(found) == {"claimed": Sum(1, 2850)}
    assert (found.held_minor("CNY"), found.noted("kept", "CNY")) == (0, Sum(1, 2850))
    books.put("s1", "evidence_noted", attempt="a", evidence=_proof(), at_ms=0)
    assert lines(totals(books)) == {"paid": Sum(1, 2850)}


def _proof() -> dict[str, object]:
    return {
        "trade": "paid",
        "amount_minor": None,
        "txn": "t",
        "wallet": "alipay",
        "payer_minor": None,
        "paid_at": "",
    }


@pytest.mark.row(108)
def test_late_money_moves_to_paid_when_it_is_attached_and_says_so() -> None:
    books = Books()
    books.open("s1", 700)
    books.start("s1", "a", 700)
    books.move("s1", "a", "closed")
    books.sale_to("s1", "expired")
    books.put("s1", "evidence_noted", attempt="a", evidence=_proof(), at_ms=0)
    books.exception("s1", "a", "paid_late", 700)
    first = len(books.log)
    assert lines(totals(books)) == {"late": Sum(1, 700)}
    assert totals(books).held_minor("CNY") == 700
    books.close("s1", "a:paid_late", "a", "attached")
    books.sale_to("s1", "paid")
    after = totals(books, first + 1)
    assert lines(after) == {"late": Sum(-1, -700), "paid": Sum(1, 700)}
    assert after.noted("attached", "CNY") == Sum(1, 700)
    assert after.sales("expired", "CNY") == Sum(-1, -700)
    assert totals(books, 1, first).plus(after) == totals(books)


def test_i3_a_second_payment_of_a_share_and_a_second_capture_are_excess() -> None:
    books = Books()
    books.paid("s1", 700)
    books.start("s1", "b", 700)
    books.move("s1", "b", "paid", proof=True)
    books.exception("s1", "b", "excess", 700)
    books.exception("s1", "s1-a", "excess", 700, name="s1-a:excess:t2")
    found = totals(books)
    assert lines(found) == {"paid": Sum(1, 700), "excess": Sum(2, 1400)}
    assert found.held_minor("CNY") == 2100


def test_i25_other_ledgers_stay_out() -> None:
    books = Books(ledger=Ledger.TRAINING)
    books.paid("s1", 700)
    assert totals(books).empty
    assert lines(totals(books, ledger=Ledger.TRAINING)) == {"paid": Sum(1, 700)}


def test_one_counter_alone() -> None:
    books = Books()
    books.paid("s1", 700)
    books.open("s2", 300, counter="2")
    assert totals(books, counter="2").margins["sales"] == {("CNY", "2", "opened"): Sum(1, 300)}


def test_totals_survive_the_journal() -> None:
    books = Books()
    books.paid("s1", 700)
    books.refund("s1", "s1-a", 100)
    found = totals(books)
    assert Totals.from_fields(found.fields()) == found


def held(sale: Sale) -> int:
    """By the sale's own arithmetic, which knows nothing of lines."""
    twice = [each.amount_minor for each in sale.exceptions if ":excess:" in each.id]
    return sum(sale.held_minor(each) for each in sale.attempts) + sum(twice)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "start", "move", "prove", "refund", "end", "late", "attach", "excess"]),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from(["paid", "closed", "unknown", "reversing", "reversed", "declined", "waiting"]),
        st.booleans(),
    ),
    max_size=40,
)


def act(books: Books, what: str, who: int, which: int, state: str, flag: bool) -> None:
    sale, attempt = f"s{who}", f"s{who}-{which}"
    known = books.sales.get(sale)
    if what == "open" or known is None:
        if known is None:
            books.open(sale, 100 + who, shares=(60, 40 + who), counter=str(1 + who % 2))
        return
    there = any(each.id == attempt for each in known.attempts)
    if what == "start" and not there:
        books.start(
            sale, attempt, known.shares[which % 2], share=which % 2, provider=["wechatpay", "alipay"][which % 2]
        )
    elif not there:
        return
    elif what == "move":
        books.move(sale, attempt, state, proof=flag and state == "paid")
    elif what == "prove":
        books.put(sale, "evidence_noted", attempt=attempt, evidence=_proof(), at_ms=0)
    elif what == "refund":
        name = f"{attempt}-r{len(known.refunds)}"
        books.refund(sale, attempt, 1 + which, name=name, to="refunded" if flag else "failed")
    elif what == "end":
        books.sale_to(sale, "paid" if flag else "expired")
    elif what == "excess":
        books.exception(sale, attempt, "excess", 60, name=f"{attempt}:excess" + (":t" if flag else ""))
    elif what == "late":
        books.exception(sale, attempt, "paid_late", 60)
    elif what == "attach" and any(each.id == f"{attempt}:paid_late" for each in known.exceptions):
        books.close(sale, f"{attempt}:paid_late", attempt, "attached")


@pytest.mark.row(107, 108)
@pytest.mark.no_cover
@given(STEPS, st.integers(0, 200))
def test_i12_what_was_taken_less_what_went_back_is_what_the_sales_hold(
    steps: list[tuple[str, int, int, str, bool]], cut: int
) -> None:
    books = Books()
    for step in steps:
        act(books, *step)
    whole = totals(books)
    assert whole.held_minor("CNY") == sum(held(sale) for sale in books.sales.values())
    refunded = [x for sale in books.sales.values() for x in sale.refunds if x.state is RefundState.REFUNDED]
    assert whole.line(Line.REFUNDED, "CNY") == Sum(len(refunded), sum(x.amount.minor for x in refunded))
    told: dict[Line, int] = {}
    for sale in books.sales.values():
        for item, minor in items(sale).items():
            told[item.line] = told.get(item.line, 0) + minor
    assert {line: whole.line(line, "CNY").minor for line in told} == told
    at = cut % (len(books.log) + 1)
    assert totals(books, 1, at).plus(totals(books, at + 1)) == whole if at else True
