"""Transfers without a reference: which sales they may be for, and a person's word as evidence of a sale."""

from typing import Final

import pytest

from terminal.errors import Conflict
from terminal.payments.attempt import Signal
from terminal.payments.decide import OpenSale, hear, open_sale, start_attempt
from terminal.payments.fact import Facts, fold
from terminal.payments.money import Money
from terminal.payments.notice import Notice, Trade
from terminal.payments.poster import Candidate, Transfer, candidate, match, propose
from terminal.payments.sale import Sale, SaleState
from terminal.payments.unverified import put_on_list

NOON: Final = 1_767_009_600_000  # 2025-12-29 12:00 UTC, a Monday
HOUR: Final = 3_600_000
EUR: Final = Money(2850, "EUR")


def transfer(at: str = "2025-12-29T12:05:00+00:00", amount: Money = EUR, entry: str = "E1") -> Transfer:
    return Transfer("account", entry, amount, at)


def waits(sale: str, opened_ms: int = NOON, amount: Money = EUR) -> Candidate:
    return Candidate(sale, 1, "1", amount, opened_ms, "")


def listed() -> Sale:
    opened = open_sale(OpenSale("1", EUR), sale="01SALE", no=1, at_ms=NOON)
    return fold(None, (*opened, *put_on_list(fold(None, opened), at_ms=NOON)))


def fitting(at: str, opened_ms: int) -> bool:
    return bool(propose([transfer(at)], [waits("a", opened_ms)]))


@pytest.mark.row(22)
def test_only_equal_amount_and_currency_within_the_time() -> None:
    assert propose([transfer()], [waits("a", amount=Money(2851, "EUR"))]) == []
    assert propose([transfer()], [waits("a", amount=Money(2850, "CHF"))]) == []
    at = "2025-12-29T12:05:00+00:00"
    assert fitting(at, NOON)
    assert fitting(at, NOON + 14 * 60_000), "the till's clock may be late"
    assert not fitting(at, NOON + 16 * 60_000)
    assert fitting(at, NOON - 119 * HOUR), "booked days later"
    assert not fitting(at, NOON - 121 * HOUR)
    assert fitting("2025-12-29", NOON)
    assert fitting("2025-12-29", NOON + 23 * HOUR), "a date is a day somewhere on earth"
    assert not fitting("2025-12-29", NOON + 25 * HOUR)
    assert not fitting("soon", NOON)


@pytest.mark.row(22)
def test_the_nearest_comes_first_and_whatever_else_fits_is_a_clash() -> None:
    [told] = propose(
        [transfer()], [waits("old", NOON - 48 * HOUR), waits("near", NOON), waits("other", NOON - HOUR)]
    )
    assert ([each.sale for each in told.sales], told.clash) == (["near", "other", "old"], True)
    [alone] = propose([transfer()], [waits("near")])
    assert not alone.clash
    both = propose([transfer(), transfer(entry="E2")], [waits("near")])
    assert [each.clash for each in both] == [True, True], "two transfers for one sale: neither is sure"


@pytest.mark.row(22, 39)
def test_i2_a_listed_sale_is_paid_by_the_evidence_of_a_matched_transfer_and_not_before() -> None:
    sale = listed()
    facts = match(sale, transfer(), attempt="01ATTEMPT", at_ms=NOON, told=str)
    assert [each.type for each in facts] == ["attempt_started", "credit_matched"]
    assert ("entry", "account/E1", "01ATTEMPT") in facts[-1].claims
    matched = fold(sale, facts)
    assert (matched.state, matched.word, matched.paid_minor) == (SaleState.CHECKING, "unverified", 0)
    proof = Notice(
        "any_bank", "bill", "entry:E1", "DE1", "", "01ATTEMPT", Trade.PAID, 2850, "EUR", provider_txn="E1"
    )
    paid = fold(matched, hear(matched, "01ATTEMPT", Signal.SUCCESS, at_ms=NOON, evidence=proof))
    assert (paid.state, paid.mark, paid.word) == (SaleState.PAID, "", "paid")
    with pytest.raises(Conflict, match="credit_no_match"):
        match(paid, transfer(entry="E2"), attempt="01OTHER", at_ms=NOON, told=str)


@pytest.mark.row(22)
def test_i14_what_is_under_way_at_another_channel_is_no_candidate() -> None:
    opened = open_sale(OpenSale("1", EUR), sale="01SALE", no=1, at_ms=NOON)
    begun: Facts = start_attempt(
        fold(None, opened), attempt="01A", provider="wallet", direction="push", at_ms=NOON, expires_ms=NOON
    )
    sale = fold(None, (*opened, *begun))
    assert candidate(sale, {"wallet": "wallet"}, "account") is None
    found = candidate(sale, {"wallet": "wallet"}, "wallet")
    assert found is not None
    assert (found.sale, found.amount) == ("01SALE", EUR)
    [told] = match(sale, transfer(), attempt="01NEW", at_ms=NOON, told=str)
    assert told.body["attempt"] == "01A", "what waits already hears it"
    with pytest.raises(Conflict, match="credit_no_match"):
        match(sale, transfer(amount=Money(2849, "EUR")), attempt="01NEW", at_ms=NOON, told=str)
