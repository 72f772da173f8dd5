"""The customer's code under the scanner: one charge, told as it is."""

from dataclasses import replace
from typing import Final

from terminal.conformance.cases.orders import AMOUNTS, figure
from terminal.conformance.cases.queries import check_paid
from terminal.conformance.kit import WORDS, Group, Rig, expect, said_in
from terminal.payments.money import Money
from terminal.payments.notice import Paying, Refusal, Refused, Told, Unclear

GROUP: Final = Group("pays", "Charges by the customer's code")
case = GROUP.case
_SPENT: Final = {Refusal.CODE_EXPIRED, Refusal.CODE_INVALID}


@case(
    "pay-told-paid",
    "A charge that succeeded is told with all fields.",
    faults="3.1 I2",
    needs="pull",
    why="Paid needs merchant, order, amount, currency and status; one of them missing is a false green.",
)
async def _paid(rig: Rig) -> None:
    answer = await rig.asked("pay", rig.success("pay"))
    expect(isinstance(answer, Told), f"{answer}")
    assert isinstance(answer, Told)
    check_paid(rig, answer.notice)


@case(
    "pay-says-its-number",
    "A charge carries our order number, the same when it is repeated.",
    faults="3.4 I3 B1",
    needs="pull",
    why="A new number for the same sale is a second charge.",
)
async def _number(rig: Rig) -> None:
    for _ in range(2):
        await rig.asked("pay", rig.success("pay"))
        expect(rig.order.order_no in said_in(rig.http.requests[-1]), "the request does not name our order")
    expect(len({request.body for request in rig.http.requests}) == 1, "the second request differs")


@case(
    "pay-says-the-exact-amount",
    "A charge asks for exactly the amount of the sale.",
    faults="I12",
    needs="pull",
    why="The customer has no second look: what is asked for is taken.",
)
async def _amount(rig: Rig) -> None:
    for minor in AMOUNTS:
        order = replace(rig.order, amount=Money(minor, rig.order.amount.currency))
        rig.http.steps.append(rig.success("pay", order))
        await rig.channel.pay(order, rig.code)
        said = said_in(rig.http.requests[-1])
        expect(
            any(f"{mark}{text}{end}" in said for text in figure(minor) for mark in ':" =' for end in ',}"\n&'),
            f"{minor} is not in the request as {' or '.join(figure(minor))}",
        )


@case(
    "pay-customer-is-confirming",
    "“The customer is confirming” is Paying.",
    faults="3.1",
    needs="pull",
    why="Taken as a no, the shop charges again; taken as a yes, it hands over unpaid goods.",
)
async def _confirming(rig: Rig) -> None:
    answer = await rig.asked("pay", rig.genuine("asks_to_wait", "pay"))
    expect(isinstance(answer, Paying), f"{answer}")


@case(
    "pay-spent-code-is-refused",
    "A verified refusal of the code is a refusal, in our words.",
    faults="3.1",
    needs="pull",
    word="code_expired",
    why="The cashier must know at once that a new scan is needed.",
)
async def _expired(rig: Rig) -> None:
    answer = await rig.asked("pay", rig.genuine("code_expired", "pay"))
    expect(isinstance(answer, Refused) and answer.why in _SPENT, f"{answer}")


@case(
    "pay-no-funds-is-refused",
    "A verified “not enough money” is a refusal with its reason.",
    faults="3.1",
    needs="pull",
    word="no_funds",
    why="Another card helps, waiting does not.",
)
async def _funds(rig: Rig) -> None:
    answer = await rig.asked("pay", rig.genuine("no_funds", "pay"))
    expect(isinstance(answer, Refused) and answer.why is Refusal.NO_FUNDS, f"{answer}")


@case(
    "pay-refusal-needs-proof",
    "A refusal without its right signature is Unclear.",
    faults="B5 3.1",
    needs="pull signed_answers",
    word="code_expired",
    why="A forged no makes the shop charge a customer who has paid.",
)
async def _doubtful(rig: Rig) -> None:
    genuine = rig.genuine("code_expired", "pay")
    for doubtful in (rig.peer.unsigned(genuine), rig.peer.forged(genuine)):
        answer = await rig.asked("pay", doubtful)
        expect(isinstance(answer, Unclear), f"{answer}")


@case(
    "pay-already-paid-is-unclear",
    "“Already paid” to a charge is no refusal.",
    faults="B1 I3",
    needs="pull",
    word="order_paid",
    why="It may be our own charge whose answer was lost.",
)
async def _again(rig: Rig) -> None:
    answer = await rig.asked("pay", rig.genuine("order_paid", "pay"))
    expect(isinstance(answer, Unclear | Told), f"{answer}")


@case(
    "pay-strange-code-stays-home",
    "What is no code of this wallet never leaves the shop.",
    faults="S42 S3",
    needs="pull",
    why="It may be a card number, or another wallet's code that still can be charged.",
)
async def _strange(rig: Rig) -> None:
    wide = "".join(chr(0xFF10 + int(digit)) for digit in rig.code)
    strange = (
        "",
        " ",
        "4111111111111111",
        rig.code + "0" * 20,
        rig.code[:-1] + "x",
        rig.code + "\n",
        wide,
        "9" * 18,
    )
    for code in strange:
        answer = await rig.channel.pay(rig.order, code)
        expect(isinstance(answer, Refused) and answer.why is Refusal.CODE_INVALID, f"{answer}")
    expect(not rig.http.requests, "a request left the shop")


@case(
    "pay-other-currency-stays-home",
    "A charge in a currency the channel does not take is refused unsent.",
    faults="I12",
    needs="pull",
    why="One yuan and one yen are different money.",
)
async def _currency(rig: Rig) -> None:
    strange = next(each for each in ("KWD", "JPY", "USD") if each not in rig.channel.profile.currencies)
    answer = await rig.channel.pay(replace(rig.order, amount=Money(2850, strange)), rig.code)
    expect(isinstance(answer, Refused) and not rig.http.requests, f"{answer}")


@case(
    "pay-refusal-words-are-bounded",
    "The provider's own words are cut to 200 characters.",
    faults="W2 I21",
    needs="pull",
    word="code_expired",
    why="A screen full of a stranger's text hides what the cashier must do.",
)
async def _words(rig: Rig) -> None:
    genuine = rig.genuine("code_expired", "pay")
    content = rig.peer.content(genuine)
    expect(WORDS.encode() in content, f"the peer's refusals say {WORDS!r}")
    long = rig.peer.signed(genuine.status, content.replace(WORDS.encode(), b"x" * 3000), act="pay")
    answer = await rig.asked("pay", long)
    expect(isinstance(answer, Refused) and len(answer.text) <= 200, "longer, or no refusal any more")
