"""Codes on the glass: what is asked for, and what may be shown."""

from dataclasses import replace
from typing import Final

from terminal.conformance.kit import Group, Rig, expect, said_in
from terminal.payments.codes.links import is_under
from terminal.payments.money import Money
from terminal.payments.notice import CodeReady, Refused, Unclear

GROUP: Final = Group("orders", "Orders and the codes they give")
AMOUNTS: Final = (1, 5, 10, 99, 100, 101, 1010, 1999, 99_999, 100_000, 4_999_999)
_TEXTS: Final = ('quote " and \\ back', "<script>alert(1)</script>", "面包🍞", "a" * 2000, "line\nline", "  ", "")
case = GROUP.case


def figure(minor: int) -> tuple[str, str]:
    """An amount as an integer of the smallest unit, and as a decimal of two places."""
    return str(minor), f"{minor // 100}.{minor % 100:02d}"


@case(
    "order-gives-a-code",
    "A genuine yes to an order is a code that can be shown.",
    faults="3.2 S62",
    needs="push",
    why="No code, no sale; and what goes on the glass is what the provider signed.",
)
async def _code(rig: Rig) -> None:
    answer = await rig.asked("order", rig.success("order"))
    expect(isinstance(answer, CodeReady), f"{answer}")
    assert isinstance(answer, CodeReady)
    payload = answer.payload
    expect(
        payload.isascii() and payload.isprintable() and 0 < len(payload) <= 512, "the code is no printable text"
    )


@case(
    "order-repeats-identically",
    "The same order asked for twice sends the same bytes.",
    faults="3.2 I3 B1",
    needs="push",
    why="After a lost answer the order is asked for again; other bytes would be a second order, "
    "or a refusal in the middle of a sale.",
)
async def _same(rig: Rig) -> None:
    await rig.asked("order", rig.success("order"))
    await rig.asked("order", rig.success("order"))
    expect(len({request.body for request in rig.http.requests}) == 1, "the second request differs")


@case(
    "order-says-its-number",
    "An order carries our order number and no other.",
    faults="3.4 I5",
    needs="push",
    why="A number we did not write down first cannot be asked about after a crash: the money is an orphan.",
)
async def _number(rig: Rig) -> None:
    await rig.asked("order", rig.success("order"))
    expect(rig.order.order_no in said_in(rig.http.requests[-1]), "the request does not name our order")


@case(
    "order-says-the-exact-amount",
    "An order asks for exactly the amount of the sale.",
    faults="I12 S12",
    needs="push",
    why="An amount that passed through a float or a rounding takes a wrong sum from somebody.",
)
async def _amount(rig: Rig) -> None:
    for minor in AMOUNTS:
        order = replace(rig.order, amount=Money(minor, rig.order.amount.currency))
        rig.http.steps.append(rig.success("order", order))
        await rig.channel.order(order)
        said = said_in(rig.http.requests[-1])
        expect(
            any(f"{mark}{text}{end}" in said for text in figure(minor) for mark in ':" =' for end in ',}"\n&'),
            f"{minor} is not in the request as {' or '.join(figure(minor))}",
        )


@case(
    "order-code-leads-here",
    "A code that leads elsewhere is never shown.",
    faults="S62 I10",
    needs="push",
    why="A swapped code sends the customer's money to a stranger.",
)
async def _foreign(rig: Rig) -> None:
    answer = await rig.asked("order", rig.genuine("made_foreign", "order"))
    expect(isinstance(answer, Unclear), f"{answer}")


@case(
    "order-code-is-under-a-prefix",
    "A shown code begins as the profile says this wallet's codes begin.",
    faults="S62",
    needs="push",
    why="The last check before the glass compares with these words.",
)
async def _prefix(rig: Rig) -> None:
    answer = await rig.asked("order", rig.success("order"))
    expect(isinstance(answer, CodeReady), f"{answer}")
    assert isinstance(answer, CodeReady)
    prefixes = rig.channel.profile.code_prefixes
    good = is_under(answer.payload, prefixes) or answer.payload.startswith(prefixes)
    expect(prefixes and good, f"not under {prefixes}")


@case(
    "order-already-paid-is-unclear",
    "“Already paid” to an order is no refusal.",
    faults="B1 I3",
    needs="push",
    word="order_paid",
    why="Perhaps our own lost request made it and the customer has paid: only a query may decide.",
)
async def _paid(rig: Rig) -> None:
    answer = await rig.asked("order", rig.genuine("order_paid", "order"))
    expect(isinstance(answer, Unclear), f"{answer}")


@case(
    "order-other-currency-stays-home",
    "An order in a currency the channel does not take is refused unsent.",
    faults="I12",
    needs="push",
    why="One yuan and one yen are different money.",
)
async def _currency(rig: Rig) -> None:
    strange = next(each for each in ("KWD", "JPY", "USD") if each not in rig.channel.profile.currencies)
    answer = await rig.channel.order(replace(rig.order, amount=Money(2850, strange)))
    expect(isinstance(answer, Refused) and not rig.http.requests, f"{answer}")


@case(
    "order-carries-any-text",
    "Whatever the shop calls its goods, the request is signed, sent and accepted.",
    faults="W2 S4",
    needs="push",
    why="A product's name must never stop a sale or change what is signed.",
)
async def _texts(rig: Rig) -> None:
    signs = rig.channel.profile.speaks.signs_requests
    for text in _TEXTS:
        rig.http.steps.append(rig.success("order"))
        answer = await rig.channel.order(replace(rig.order, description=text))
        expect(isinstance(answer, CodeReady), f"{text[:20]!r}: {answer}")
        expect(not signs or rig.peer.accepts(rig.http.requests[-1]), f"{text[:20]!r}: the signature is refused")


@case(
    "order-prepared-is-the-order",
    "An order that was prepared ahead leaves as it is when it is asked for, never as it was.",
    faults="I5 I12",
    needs="push",
    why="Bytes signed beside the commit are sent after it: a changed amount must not leave with the old figure.",
)
async def _prepared(rig: Rig) -> None:
    signs = rig.channel.profile.speaks.signs_requests
    changed = replace(rig.order, amount=Money(1999, rig.order.amount.currency))
    for order in (rig.order, changed):
        rig.channel.prepare(rig.order)
        expect(len(rig.http.requests) == (order is changed), "something left before it was asked for")
        rig.http.steps.append(rig.success("order", order))
        await rig.channel.order(order)
        said = said_in(rig.http.requests[-1])
        expect(not signs or rig.peer.accepts(rig.http.requests[-1]), "the signature is refused")
        expect(
            any(text in said for text in figure(order.amount.minor)), f"{order.amount.minor} is not in the request"
        )
