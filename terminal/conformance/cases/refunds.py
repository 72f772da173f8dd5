"""Giving money back: once, its own amount, followed to the end."""

from dataclasses import replace
from typing import Final

from terminal.banks.connector import Act
from terminal.conformance.cases.orders import figure
from terminal.conformance.kit import Group, Rig, Says, expect, refund_no, said_in
from terminal.payments.money import Money
from terminal.payments.notice import NotThere, RefundTold, RefundTrade, Refusal, Refused, Unclear

GROUP: Final = Group("refunds", "Refunds")
case = GROUP.case
_PARTS: Final = (1, 9, 10, 100, 1999, 2849, 2850)


async def _told(rig: Rig, act: Act, word: Says, *trades: RefundTrade) -> None:
    answer = await rig.asked(act, rig.genuine(word, act))
    expect(isinstance(answer, RefundTold), f"{answer}")
    assert isinstance(answer, RefundTold)
    notice = answer.notice
    expect(notice.trade in trades, f"{notice.trade}")
    expect(notice.refund_no == rig.refund.refund_no, f"refund {notice.refund_no}")
    expect(notice.order_no == rig.refund.order_no, f"order {notice.order_no}")
    expect(notice.amount_minor == rig.refund.amount.minor, f"amount {notice.amount_minor}")
    expect(notice.currency == rig.refund.amount.currency, f"currency {notice.currency}")
    expect(notice.merchant_id == rig.channel.account.merchant_id, f"merchant {notice.merchant_id}")


@case(
    "refund-taken",
    "A refund that was taken is told with its own number and amount.",
    faults="3.3 I8",
    needs="refund",
    why="Until then its amount stays reserved, so that nobody gives it back twice.",
)
async def _taken(rig: Rig) -> None:
    # where the answer proves no more than that it was taken, the query tells the end
    await _told(rig, "refund", "refund_done", RefundTrade.REFUNDED, RefundTrade.PROCESSING)


@case(
    "refund-running",
    "A refund that is under way is PROCESSING.",
    faults="3.3",
    needs="refund",
    word="refund_running",
    why="Told as done, the slip promises money that may come back to the shop.",
)
async def _running(rig: Rig) -> None:
    await _told(rig, "refund", "refund_running", RefundTrade.PROCESSING)


@case(
    "refund-query-done",
    "A refund that arrived is REFUNDED.",
    faults="3.3 I8",
    needs="refund",
    why="Paid minus refunded must be the provider's bill.",
)
async def _done(rig: Rig) -> None:
    await _told(rig, "query_refund", "refund_done", RefundTrade.REFUNDED)


@case(
    "refund-query-running",
    "Asked about a refund under way: PROCESSING.",
    faults="3.3",
    needs="refund",
    word="refund_running",
    why="It is asked about again, to the end.",
)
async def _still(rig: Rig) -> None:
    await _told(rig, "query_refund", "refund_running", RefundTrade.PROCESSING)


@case(
    "refund-query-failed",
    "A refund that failed for good is FAILED.",
    faults="3.3 I8",
    needs="refund",
    word="refund_failed",
    why="Only this frees the reserved amount for another try.",
)
async def _failed(rig: Rig) -> None:
    await _told(rig, "query_refund", "refund_failed", RefundTrade.FAILED)


@case(
    "refund-odd-state-is-unclear",
    "A state of refunds that no document lists is Unclear.",
    faults="B6 3.3",
    needs="refund",
    why="Guessed as failed, the money goes back twice.",
)
async def _odd(rig: Rig) -> None:
    answer = await rig.asked("query_refund", rig.genuine("refund_odd", "query_refund"))
    expect(isinstance(answer, Unclear), f"{answer}")


@case(
    "refund-not-found",
    "“No such refund” is NotThere, no failure.",
    faults="3.3 I8",
    needs="refund",
    why="The request may be queued: freeing its amount now would give it back twice.",
)
async def _not_there(rig: Rig) -> None:
    answer = await rig.asked("query_refund", rig.genuine("not_there", "query_refund"))
    expect(isinstance(answer, NotThere), f"{answer}")


@case(
    "refund-too-much-is-refused",
    "“More than was paid” is a refusal that says so.",
    faults="I8",
    needs="refund",
    word="refund_too_much",
    why="A definite no frees the reserved amount.",
)
async def _too_much(rig: Rig) -> None:
    answer = await rig.asked("refund", rig.genuine("refund_too_much", "refund"))
    expect(isinstance(answer, Refused) and answer.why is Refusal.REFUND_TOO_MUCH, f"{answer}")


@case(
    "refund-says-numbers-and-amount",
    "A refund names its number, its order and its own exact amount.",
    faults="I8 I12 3.4",
    needs="refund",
    why="The whole instead of the part gives away the difference.",
)
async def _says(rig: Rig) -> None:
    for minor in _PARTS:
        part = replace(rig.refund, amount=Money(minor, rig.refund.amount.currency))
        rig.http.steps.append(rig.genuine("refund_done", "refund", refund=part))
        await rig.channel.refund(part)
        said = said_in(rig.http.requests[-1])
        named = part.order_no in said or (part.provider_txn and part.provider_txn in said)
        expect(part.refund_no in said and named, "the request does not name refund and payment")
        expect(
            any(f"{mark}{text}{end}" in said for text in figure(minor) for mark in ':" =' for end in ',}"\n&'),
            f"{minor} is not in the request as {' or '.join(figure(minor))}",
        )


@case(
    "refund-repeats-identically",
    "The same refund asked for twice sends the same bytes.",
    faults="I8 B1",
    needs="refund",
    why="After a lost answer it is asked for again under its number; a new one is a second refund.",
)
async def _again(rig: Rig) -> None:
    await rig.asked("refund", rig.success("refund"))
    await rig.asked("refund", rig.success("refund"))
    expect(len({request.body for request in rig.http.requests}) == 1, "the second request differs")


@case(
    "refund-other-is-not-ours",
    "An answer about another refund or order is Unclear.",
    faults="B10 I14",
    needs="refund",
    why="One customer's refund would end another's.",
)
async def _other(rig: Rig) -> None:
    acts: tuple[Act, ...] = ("refund", "query_refund")
    for act in acts:
        answer = await rig.asked(act, rig.success(act, rig.other))
        expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case(
    "refund-half-ours-is-not-ours",
    "An answer that fits only the refund's number, or only its order's, never ends our refund.",
    faults="B10 I8 I14",
    needs="refund",
    why="Two refunds of one order differ in one number: the smaller must not end the larger.",
)
async def _half(rig: Rig) -> None:
    second = replace(rig.refund, refund_no=refund_no(rig.other.order_no))
    elsewhere = replace(rig.refund, order_no=rig.other.order_no)
    acts: tuple[Act, ...] = ("refund", "query_refund")
    for act in acts:
        for order, refund in ((rig.order, second), (rig.other, elsewhere)):
            reply = rig.genuine("refund_done", act, order, refund)
            foreign = rig.other.order_no if order is rig.other else second.refund_no
            if foreign.encode() not in rig.peer.content(reply):
                continue  # this answer does not repeat that number: the connection alone binds it
            answer = await rig.asked(act, reply)
            expect(isinstance(answer, Unclear | NotThere), f"{act}: {answer}")
