"""A person and a difference: what may be chosen, what it does, what ends, and that it is done once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from terminal.errors import Conflict, InvalidRequest, NotFound, Unavailable
from terminal.payments.attempt import Signal
from terminal.payments.bill import BillLine
from terminal.payments.event import Actor
from terminal.payments.exceptions import close_exception
from terminal.payments.money import Money
from terminal.payments.refund import RefundSignal
from terminal.payments.refunding import hear_refund, start_refund
from terminal.payments.sale import Sale
from terminal.settlement.differences import Fix, Kind
from terminal.settlement.fixing import Differences, Listed
from tests.unit.settlement.shop import DAY, HOUR_MS, Shop, begins_ms, tomorrow

OWNER = Actor("person", "owner")
NOON = begins_ms(DAY) + 12 * HOUR_MS


@dataclass
class Hands:
    """What the counter does with a sale's money, decided by the product's own rules, without a bank."""

    shop: Shop
    refunds: list[tuple[str, int | None, str]] = field(default_factory=list)
    end: RefundSignal | None = RefundSignal.REFUNDED

    async def refund(
        self, sale_id: str, amount_minor: int | None, *, reason: str, actor: Actor, attempt_id: str = ""
    ) -> object:
        book, number = self.shop.book, f"R{len(self.refunds):05}"
        self.refunds.append((attempt_id, amount_minor, str(actor)))
        amount = Money(amount_minor or 0, "CNY")
        at_ms = self.shop.clock.now_ms
        await book.commit(
            sale_id,
            lambda now: start_refund(
                here(now), attempt_id, amount, refund=number, reason=reason, actor=str(actor), approver="",
                at_ms=at_ms,
            ),
            actor,
        )  # fmt: skip
        for signal in (RefundSignal.COMMITTED, *((self.end,) if self.end else ())):
            await book.commit(
                sale_id, lambda now, signal=signal: hear_refund(here(now), number, signal, at_ms=at_ms), actor  # type: ignore[misc]  # bound now
            )  # fmt: skip
        return None

    async def close_exception(self, sale_id: str, exception: str, how: str, *, actor: Actor) -> object:
        at_ms = self.shop.clock.now_ms
        return await self.shop.book.commit(
            sale_id, lambda now: close_exception(here(now), exception, how, actor=str(actor), at_ms=at_ms), actor
        )


def here(sale: Sale | None) -> Sale:
    assert sale is not None
    return sale


def desk(shop: Shop, hands: Hands | None = None) -> Differences:
    shop.asked.word = ""
    views = shop.journal.settled
    return Differences(shop.feed, views, shop.clock, "s-1", shop.asked, hands or Hands(shop))


async def only(shop: Shop, lines: list[BillLine], **more: Any) -> Listed:
    """Import a bill and return its one difference."""
    await shop.take(lines, **more)
    (found,) = desk(shop).open()
    return found


async def late(shop: Shop) -> Listed:
    order = await shop.pay(700, NOON, end=Signal.CLOSE_OK)
    return await only(shop, [shop.line(order)])


def events(shop: Shop, difference: str) -> list[tuple[str, str, str]]:
    return [
        (each.type, str(each.actor), each.body.get("how") or each.body.get("fix", ""))
        for each in shop.feed.of_subject(difference)
    ]


@pytest.mark.row(110)
async def test_late_money_is_attached_to_its_sale_and_the_difference_ends_with_who_did_it(shop: Shop) -> None:
    found = await late(shop)
    assert (found.difference.kind, found.choices) == (Kind.LATE, (Fix.ATTACH, Fix.REFUND, Fix.ACCEPT))
    done = await desk(shop).fix(found.id, Fix.ATTACH, actor=OWNER)
    assert (done.state, done.how, done.choices) == ("ended", "attach", ())
    assert shop.sale("A00001").state.value == "paid"
    assert events(shop, found.id)[1:] == [
        ("difference_handled", "person:owner", "attach"),
        ("difference_ended", "person:owner", "attach"),
    ]
    assert desk(shop).open() == []
    with pytest.raises(Conflict, match="difference_ended"):
        await desk(shop).fix(found.id, Fix.REFUND, actor=OWNER)


@pytest.mark.row(110)
async def test_i8_late_money_goes_back_once_also_when_the_note_of_it_was_lost(shop: Shop) -> None:
    found, hands = await late(shop), Hands(shop, end=None)
    await hands.refund(
        found.difference.sale, 700, reason=f"bill difference {found.id}", actor=OWNER, attempt_id="A00001"
    )
    done = await desk(shop, hands).fix(found.id, Fix.REFUND, actor=OWNER)
    assert (done.how, len(hands.refunds)) == ("refund", 1)


@pytest.mark.row(110)
async def test_two_keys_pressed_at_once_do_it_once(shop: Shop) -> None:
    found, hands = await late(shop), Hands(shop)
    people = desk(shop, hands)
    told = await asyncio.gather(
        people.fix(found.id, Fix.REFUND, actor=OWNER),
        people.fix(found.id, Fix.REFUND, actor=OWNER),
        return_exceptions=True,
    )
    assert [isinstance(each, Conflict) for each in told] == [False, True]
    assert hands.refunds == [("A00001", 700, "person:owner")]


@pytest.mark.row(110)
async def test_b11_money_that_came_twice_may_go_back_and_a_line_that_only_repeats_may_not(shop: Shop) -> None:
    first, second = await shop.pay(900, NOON), await shop.pay(800, NOON)
    lines = [shop.line(first), shop.line(second), shop.line(first), shop.line(second, provider_txn="42009")]
    await shop.take(lines)
    by_order = {each.difference.attempt: each for each in desk(shop).open()}
    assert by_order[first].choices == (Fix.ACCEPT, Fix.ASK_BANK)
    with pytest.raises(Conflict, match="fix_not_possible") as refused:
        await desk(shop).fix(by_order[first].id, Fix.REFUND, actor=OWNER)
    assert refused.value.facts["choices"] == "accept, ask_bank"
    hands = Hands(shop)
    done = await desk(shop, hands).fix(by_order[second].id, Fix.REFUND, actor=OWNER)
    assert (done.how, hands.refunds) == ("refund", [(second, 800, "person:owner")])


async def missing(shop: Shop) -> Listed:
    await shop.pay(500, NOON)
    await shop.take([])
    return await only(shop, [], day=tomorrow(DAY), salt="the next one")


@pytest.mark.row(110, 111)
async def test_the_bank_is_asked_again_and_says_nothing_or_something(shop: Shop) -> None:
    found = await missing(shop)
    assert found.difference.kind is Kind.MISSING_THERE
    people = desk(shop)
    with pytest.raises(Unavailable, match="difference_not_answered"):
        await people.fix(found.id, Fix.QUERY, actor=OWNER)
    assert len(events(shop, found.id)) == 1, "nothing has changed"
    shop.asked.word = "paid"
    asked = await people.fix(found.id, Fix.QUERY, actor=OWNER)
    assert (asked.state, asked.said) == ("open", "paid")
    assert shop.asked.orders[-1] == "A00001"


@pytest.mark.row(110)
async def test_what_is_carried_or_asked_waits_and_a_later_bill_ends_it(shop: Shop) -> None:
    found = await missing(shop)
    people = desk(shop)
    carried = await people.fix(found.id, Fix.CARRY, actor=OWNER)
    assert (carried.state, carried.until, carried.open) == ("carried", "2026-11-23", True)
    asked = await people.fix(found.id, Fix.ASK_BANK, actor=OWNER)
    assert (asked.state, people.one(found.id)) == ("asked", asked)
    await shop.take([shop.line("A00001")], day=tomorrow(DAY, 2))
    assert (people.one(found.id).state, people.one(found.id).how) == ("ended", "matched")


async def attached_elsewhere(shop: Shop, found: Listed) -> None:
    sale = shop.book.sale(found.difference.sale)
    await Hands(shop).close_exception(sale.id, sale.exceptions[0].id, "attached", actor=OWNER)


async def refunded_elsewhere(shop: Shop, found: Listed) -> None:
    await shop.refund(found.difference.attempt, 700, NOON + HOUR_MS)


@pytest.mark.row(110, 111)
@pytest.mark.parametrize("elsewhere", [attached_elsewhere, refunded_elsewhere])
async def test_a_difference_whose_cause_went_away_ends_by_itself_when_it_is_seen_again(
    shop: Shop, elsewhere: Callable[[Shop, Listed], Awaitable[None]]
) -> None:
    found, people = await late(shop), desk(shop)
    assert await people.look_again() == 0
    await elsewhere(shop, found)
    hands = Hands(shop)
    with pytest.raises(Conflict, match="difference_ended"):
        await desk(shop, hands).fix(found.id, Fix.REFUND, actor=OWNER)
    assert hands.refunds == []
    assert (people.one(found.id).how, await people.look_again()) == ("healed", 0)
    assert events(shop, found.id)[-1] == ("difference_ended", "system:reconciliation", "healed")


@pytest.mark.row(110, 111)
async def test_the_next_bill_ends_what_was_taken_care_of_meanwhile(shop: Shop) -> None:
    found = await late(shop)
    await refunded_elsewhere(shop, found)
    report = await shop.take([shop.line("R00001")], day=tomorrow(DAY))
    assert (report.ended, desk(shop).one(found.id).how) == (1, "healed")


@pytest.mark.row(110)
async def test_to_accept_takes_a_reason_and_keeps_it(shop: Shop) -> None:
    order = await shop.pay(500, NOON)
    found = await only(shop, [shop.line(order, gross_minor=400)])
    with pytest.raises(InvalidRequest, match="difference_reason_missing"):
        await desk(shop).fix(found.id, Fix.ACCEPT, actor=OWNER, reason=" ")
    done = await desk(shop).fix(found.id, Fix.ACCEPT, actor=OWNER, reason="the bank knows")
    assert (done.state, done.how) == ("ended", "accept")
    assert shop.feed.of_subject(found.id)[1].body["reason"] == "the bank knows"


async def test_a_key_is_kept_with_the_decision(shop: Shop) -> None:
    found = await late(shop)
    await desk(shop).fix(found.id, Fix.ATTACH, actor=OWNER, claims=lambda each: (("idem", "k", f"m:{each}"),))
    assert shop.feed.claimed("idem", "k") == f"m:{found.id}"


async def test_what_never_was_is_unknown_and_lists_have_pages(shop: Shop) -> None:
    with pytest.raises(NotFound, match="difference_unknown"):
        desk(shop).one("A00001")
    order = await shop.pay(500, NOON)
    strange = [shop.line(order, order_no=f"X{n}", provider_txn=f"elsewhere-{n}") for n in range(3)]
    await shop.take([shop.line(order), *strange])
    people = desk(shop)
    first = people.page("open", "wechatpay", "2026-11-20", "missing_here", limit=2)
    rest = people.page("open", limit=2, before=first[-1].cursor)
    assert sorted(each.difference.key for each in (*first, *rest)) == ["X0", "X1", "X2"]
    assert people.page("ended") == people.page("open", "wechatpay", "2026-11-21") == []
    day = people.summary("2026-11-20")
    assert (day.lines, day.matched, day.open, day.kinds) == (4, 1, 3, {Kind.MISSING_HERE: 3})
    assert people.summary("2026-11-19").bills == ()
