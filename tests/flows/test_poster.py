"""Transfers that name no order: shown with the sales they may be for, paid only when a person says so (row 22)."""

import asyncio
import contextlib

import pytest

from terminal.errors import JournalError, TerminalError
from terminal.payments.poster import Proposal
from terminal.payments.sale import Sale, SaleState
from terminal.simulation.world import Gone
from tests.flows.any_bank_rig import NAME, OWNER, BankShop, story


async def without_reference(shop: BankShop, minor: int = 2850) -> Sale:
    """A sale whose customer paid the poster: nothing in the transfer says so."""
    sale = await shop.with_code(minor)
    shop.bank.set_fault("reference-lost")
    shop.pays(sale)
    await shop.looks()
    await asyncio.sleep(600)  # the code's life and the minute after it: the counter is free again
    return shop.sale(sale)


async def confirm(shop: BankShop, told: Proposal, sale: Sale) -> Sale:
    return await shop.service.posters.confirm(NAME, told.transfer.entry, sale.id, actor=OWNER)


async def refused(shop: BankShop, told: Proposal, sale: Sale) -> str:
    with pytest.raises(TerminalError) as caught:
        await confirm(shop, told, sale)
    return caught.value.slug


@pytest.mark.row(22)
@story()
async def test_i2_a_transfer_is_proposed_and_pays_only_when_a_person_says_whose_it_is(shop: BankShop) -> None:
    sale = await without_reference(shop)
    [told] = shop.service.posters.waiting()
    assert ([each.sale for each in told.sales], told.clash) == ([sale.id], False)
    await asyncio.sleep(86_400)
    assert shop.sale(sale).paid_minor == 0, "never by itself"
    paid = await confirm(shop, told, sale)
    assert (paid.state, paid.exceptions, paid.attempts[-1].provider_txn) == (
        SaleState.PAID, (), told.transfer.entry
    )  # fmt: skip
    [noted] = shop.events("credit_matched")
    assert (noted["attempt"], noted["entry"]) == (paid.attempts[-1].id, told.transfer.entry)
    [moved] = [each for each in shop.events("attempt_moved") if each["to"] == "paid"]
    assert moved["evidence"]["source"] == "bill"
    assert shop.service.posters.waiting() == []
    assert (await confirm(shop, told, sale)).state is SaleState.PAID, "pressed twice"
    await shop.day_ends()
    assert shop.sale(sale).exceptions == (), "the day's statement repeats the entry and adds nothing"
    assert shop.service.posters.waiting() == []


@pytest.mark.row(22)
@story()
async def test_equal_amounts_are_a_clash_and_each_transfer_counts_once(shop: BankShop) -> None:
    first = await without_reference(shop)
    second = await without_reference(shop)
    other = await without_reference(shop, 999)
    waiting = shop.service.posters.waiting()
    told = [each for each in waiting if each.transfer.amount.minor == 2850]
    assert [each.clash for each in told] == [True, True]
    assert {x.sale for each in told for x in each.sales} == {first.id, second.id}
    [alone] = [each for each in waiting if each.transfer.amount.minor == 999]
    assert ([each.sale for each in alone.sales], alone.clash) == ([other.id], False)
    assert await refused(shop, alone, first) == "credit_no_match"
    ends = await asyncio.gather(
        confirm(shop, told[0], first), confirm(shop, told[0], second), return_exceptions=True
    )
    [no] = [each for each in ends if isinstance(each, TerminalError)]
    assert no.slug == "credit_taken"
    assert sorted(shop.sale(each).paid_minor for each in (first, second)) == [0, 2850]
    left = next(each for each in (first, second) if not shop.sale(each).paid_minor)
    [rest] = [each for each in shop.service.posters.waiting() if each.transfer.amount.minor == 2850]
    assert ([each.sale for each in rest.sales], rest.clash) == ([left.id], False)
    assert await refused(shop, told[0], left) == "credit_taken"
    assert (await confirm(shop, rest, left)).state is SaleState.PAID


@pytest.mark.row(22)
@pytest.mark.parametrize("fatal", range(1, 6))
@story()
async def test_i1_killed_between_the_word_and_the_sale_the_next_start_pays_it_or_asks_again(
    shop: BankShop, fatal: int
) -> None:
    sale = await without_reference(shop)
    [told] = shop.service.posters.waiting()
    died = shop.dies_at_point(fatal)
    with contextlib.suppress(Gone, JournalError):
        await confirm(shop, told, sale)
    await asyncio.sleep(5)  # voice and paper follow
    await died()
    await shop.start()
    await shop.looks()
    if not shop.sale(sale).paid_minor:
        [again] = shop.service.posters.waiting()
        await confirm(shop, again, sale)
    assert (shop.sale(sale).state, shop.sale(sale).exceptions) == (SaleState.PAID, ())
    assert len(shop.events("credit_matched")) == 1
