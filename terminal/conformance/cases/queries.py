"""Asking about an order: every state in our words, and nothing invented."""

from dataclasses import replace
from typing import Final

from terminal.conformance.kit import Group, Rig, Says, expect
from terminal.payments.notice import Notice, NotThere, Told, Trade, Unclear

GROUP: Final = Group("queries", "Questions about an order")
case = GROUP.case


def check_paid(rig: Rig, notice: Notice) -> None:
    """The evidence names everything that I2 compares."""
    expect(notice.trade is Trade.PAID, f"{notice.trade}")
    expect(notice.provider == rig.channel.profile.name, notice.provider)
    expect(notice.order_no == rig.order.order_no, notice.order_no)
    expect(notice.amount_minor == rig.order.amount.minor, f"{notice.amount_minor}")
    expect(type(notice.amount_minor) is int, f"the amount is a {type(notice.amount_minor).__name__}")
    expect(notice.currency == rig.order.amount.currency, f"{notice.currency}")
    expect(notice.merchant_id == rig.channel.account.merchant_id, f"merchant {notice.merchant_id}")
    expect(notice.app_id == rig.channel.account.app_id or not rig.channel.account.app_id, f"app {notice.app_id}")
    expect(notice.evidence_id and notice.provider_txn and notice.paid_at, f"{notice}")


async def _state(rig: Rig, word: Says, trade: Trade) -> None:
    answer = await rig.asked("query", rig.genuine(word, "query"))
    expect(isinstance(answer, Told) and answer.notice.trade is trade, f"{word}: {answer}")


@case(
    "query-told-paid",
    "A paid order is told with all fields: our words, the provider's figures.",
    faults="I2 S12",
    why="Paid needs merchant, order, amount, currency and status; one of them missing is a false green.",
)
async def _paid(rig: Rig) -> None:
    answer = await rig.asked("query", rig.success("query"))
    expect(isinstance(answer, Told), f"{answer}")
    assert isinstance(answer, Told)
    check_paid(rig, answer.notice)


@case(
    "query-told-unpaid",
    "An order nobody paid yet is UNPAID.",
    faults="3.2",
    word="unpaid",
    why="Taken as closed, a customer who pays a second later is told that nothing was charged.",
)
async def _unpaid(rig: Rig) -> None:
    await _state(rig, "unpaid", Trade.UNPAID)


@case(
    "query-told-paying",
    "A customer who is confirming is PAYING.",
    faults="3.1",
    word="paying",
    why="The shop waits instead of charging again.",
)
async def _paying(rig: Rig) -> None:
    await _state(rig, "paying", Trade.PAYING)


@case(
    "query-told-closed",
    "A closed order is CLOSED.",
    faults="3.2 I7",
    word="closed",
    why="Only proof of death lets the next attempt begin.",
)
async def _closed(rig: Rig) -> None:
    await _state(rig, "closed", Trade.CLOSED)


@case(
    "query-told-reversed",
    "An order that was taken back is REVERSED.",
    faults="3.1 I7",
    word="reversed",
    why="The customer must hear that nothing stays charged.",
)
async def _reversed(rig: Rig) -> None:
    await _state(rig, "reversed", Trade.REVERSED)


@case(
    "query-told-failed",
    "A charge that failed for good is FAILED.",
    faults="3.1 I7",
    word="failed",
    why="The shop may scan again at once.",
)
async def _failed(rig: Rig) -> None:
    await _state(rig, "failed", Trade.FAILED)


@case(
    "query-told-returned",
    "An order whose money went back is RETURNED, never PAID or CLOSED.",
    faults="I7 I2",
    word="returned",
    why="PAID would count money that is gone; CLOSED would forget that it had come.",
)
async def _returned(rig: Rig) -> None:
    await _state(rig, "returned", Trade.RETURNED)


@case(
    "query-odd-state-is-unclear",
    "A state that no document lists is Unclear.",
    faults="B6 3.1",
    why="A new word guessed as paid or closed is wrong money from the day the provider adds it.",
)
async def _odd(rig: Rig) -> None:
    answer = await rig.asked("query", rig.genuine("odd_state", "query"))
    expect(isinstance(answer, Unclear), f"{answer}")


@case(
    "query-not-found-is-not-refused",
    "“No such order” is NotThere.",
    faults="3.1 3.2",
    why="The charge may still be queued: the engine believes it late and twice, never at once.",
)
async def _not_there(rig: Rig) -> None:
    answer = await rig.asked("query", rig.genuine("not_there", "query"))
    expect(isinstance(answer, NotThere), f"{answer}")


@case(
    "query-other-order-is-not-ours",
    "An answer about another order is Unclear.",
    faults="B10 I14",
    why="A mixed-up cache would show one customer's payment as another's.",
)
async def _other(rig: Rig) -> None:
    answer = await rig.asked("query", rig.success("query", rig.other))
    expect(isinstance(answer, Unclear), f"{answer}")


@case(
    "query-same-answer-same-evidence",
    "The same answer is the same evidence, another answer another.",
    faults="I1 B7",
    why="One id counts once; two payments under one id would lose one.",
)
async def _evidence(rig: Rig) -> None:
    reply = rig.success("query")
    first, again = await rig.asked("query", reply), await rig.asked("query", reply)
    changed = replace(rig.order, amount=replace(rig.order.amount, minor=rig.order.amount.minor + 1))
    other = await rig.asked("query", rig.genuine("paid", "query", changed))
    told = [each.notice.evidence_id for each in (first, again, other) if isinstance(each, Told)]
    expect(len(told) == 3, f"{first}")
    expect(told[0] == told[1] != told[2], "the ids do not follow the answers")
