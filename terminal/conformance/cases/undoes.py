"""Taking an order back: closing what was not paid, reversing what may have been."""

from typing import Final, Literal

from terminal.conformance.kit import Group, Rig, expect, said_in
from terminal.payments.notice import Accepted, NotThere, Paying, Refusal, Refused, Unclear

GROUP: Final = Group("undoes", "Close and reverse")
case = GROUP.case


@case(
    "close-yes",
    "A verified yes to closing is Accepted, and says nothing else.",
    faults="3.2",
    needs="close",
    why="A yes to closing that is read as paid hands over goods; not read at all, the counter waits for ever.",
)
async def _close(rig: Rig) -> None:
    answer = await rig.asked("close", rig.success("close"))
    expect(answer == Accepted(), f"{answer}")


@case(
    "close-because-paid",
    "“It is paid” to closing is a refusal that says so.",
    faults="3.2 I3",
    needs="close",
    word="order_paid",
    why="Taken as closed, the customer pays twice.",
)
async def _close_paid(rig: Rig) -> None:
    answer = await rig.asked("close", rig.genuine("order_paid", "close"))
    expect(isinstance(answer, Refused) and answer.why is Refusal.ORDER_PAID, f"{answer}")


@case(
    "close-not-found",
    "“No such order” to closing is NotThere, no yes.",
    faults="3.2",
    needs="close",
    why="An order that is still on its way can be paid after we believed it closed.",
)
async def _close_not_there(rig: Rig) -> None:
    answer = await rig.asked("close", rig.genuine("not_there", "close"))
    expect(isinstance(answer, NotThere), f"{answer}")


@case(
    "close-says-its-number",
    "Closing names our order.",
    faults="3.4 I14",
    needs="close",
    why="Closing somebody else's order takes away a code a customer is paying.",
)
async def _close_number(rig: Rig) -> None:
    await rig.asked("close", rig.success("close"))
    expect(rig.order.order_no in said_in(rig.http.requests[-1]), "the request does not name our order")


@case(
    "close-repeats-identically",
    "Closing again sends the same bytes.",
    faults="3.2 B1",
    needs="close",
    why="It is repeated until there is proof.",
)
async def _close_again(rig: Rig) -> None:
    await rig.asked("close", rig.success("close"))
    await rig.asked("close", rig.success("close"))
    expect(len({request.body for request in rig.http.requests}) == 1, "the second request differs")


@case(
    "close-other-order-is-no-yes",
    "A yes that names another order is Unclear.",
    faults="B10 I14",
    needs="close",
    why="The code on the glass would still be alive.",
)
async def _close_other(rig: Rig) -> None:
    await _other(rig, "close")


@case(
    "reverse-yes",
    "A verified yes to reversing is Accepted.",
    faults="3.1",
    needs="reverse",
    why="Only this lets the cashier say that nothing was charged.",
)
async def _reverse(rig: Rig) -> None:
    answer = await rig.asked("reverse", rig.success("reverse"))
    expect(answer == Accepted(), f"{answer}")


@case(
    "reverse-customer-is-confirming",
    "“The customer is confirming” to reversing is Paying.",
    faults="3.1",
    needs="reverse",
    word="reverse_asks_to_wait",
    why="It is asked again later; giving up leaves a charge.",
)
async def _reverse_paying(rig: Rig) -> None:
    answer = await rig.asked("reverse", rig.genuine("asks_to_wait", "reverse"))
    expect(isinstance(answer, Paying), f"{answer}")


@case(
    "reverse-too-late",
    "“Too late to take back” is a refusal that says so.",
    faults="3.1",
    needs="reverse",
    word="too_late",
    why="The money is taken and stays: a person must know.",
)
async def _reverse_late(rig: Rig) -> None:
    answer = await rig.asked("reverse", rig.genuine("too_late", "reverse"))
    expect(isinstance(answer, Refused) and answer.why is Refusal.NOT_REVERSIBLE, f"{answer}")


@case(
    "reverse-not-found-is-no-yes",
    "“No such order” to reversing is no yes.",
    faults="3.1",
    needs="reverse",
    why="The charge may still be queued and would stand.",
)
async def _reverse_not_there(rig: Rig) -> None:
    answer = await rig.asked("reverse", rig.genuine("not_there", "reverse"))
    expect(isinstance(answer, NotThere | Unclear), f"{answer}")


@case(
    "reverse-nothing-done-is-no-yes",
    "“There was nothing to take back” to reversing is no yes.",
    faults="3.1 B1",
    needs="reverse",
    word="nothing_done",
    why="The charge may still be queued: it would be taken a second after we said that it was not.",
)
async def _reverse_nothing(rig: Rig) -> None:
    answer = await rig.asked("reverse", rig.genuine("nothing_done", "reverse"))
    expect(isinstance(answer, NotThere | Unclear), f"{answer}")


@case(
    "reverse-other-order-is-no-yes",
    "A yes that names another order is Unclear.",
    faults="B10 I14",
    needs="reverse",
    why="This customer's charge would stand.",
)
async def _reverse_other(rig: Rig) -> None:
    await _other(rig, "reverse")


async def _other(rig: Rig, act: Literal["close", "reverse"]) -> None:
    reply = rig.success(act, rig.other)
    if rig.other.order_no.encode() not in rig.peer.content(reply):
        return  # a yes without words is bound to its request by the connection alone
    answer = await rig.asked(act, reply)
    expect(isinstance(answer, Unclear), f"{answer}")
