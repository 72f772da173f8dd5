"""Authentic is not valid: what differs from our record must reach the core as it was said."""

from dataclasses import replace
from typing import Final

from terminal.banks.connector import Act
from terminal.conformance.kit import Group, Rig, Says, expect
from terminal.errors import NotEvidence
from terminal.payments.money import Money
from terminal.payments.notice import Notice, Told, Unclear

GROUP: Final = Group("amounts", "Amounts, currency, merchant: authentic is not valid")
case = GROUP.case
_TELLS: Final[tuple[Act, ...]] = ("pay", "query")


def _asks(rig: Rig) -> tuple[Act, ...]:
    return tuple(act for act in _TELLS if act in rig.acts)


@case(
    "amount-wrong-is-told-as-said",
    "A paid amount that differs from the order's is told as the provider says it.",
    faults="B6 S12 I2",
    why="The core refuses it and a person sees it; hidden here, 0.01 pays for everything.",
)
async def _wrong(rig: Rig) -> None:
    for minor in (1, rig.order.amount.minor - 1, rig.order.amount.minor + 1, rig.order.amount.minor * 100):
        wrong = replace(rig.order, amount=Money(minor, rig.order.amount.currency))
        for act in _asks(rig):
            answer = await rig.asked(act, rig.genuine("paid", act, wrong))
            expect(isinstance(answer, Told) and answer.notice.amount_minor == minor, f"{act}: {answer}")


@case(
    "amount-exact-in-every-size",
    "Every amount comes back as the same integer.",
    faults="I12",
    why="28.5 × 100 is 2849 in some languages; one fen a sale is found by the auditor.",
)
async def _exact(rig: Rig) -> None:
    for minor in (1, 9, 10, 29, 57, 58, 101, 113, 1001, 1999, 2_849, 99_999_999):
        order = replace(rig.order, amount=Money(minor, rig.order.amount.currency))
        answer = await rig.asked("query", rig.genuine("paid", "query", order))
        expect(isinstance(answer, Told), f"{minor}: {answer}")
        assert isinstance(answer, Told)
        expect(
            answer.notice.amount_minor == minor and type(answer.notice.amount_minor) is int,
            f"{minor} came back as {answer.notice.amount_minor!r}",
        )


async def _is_no_amount(rig: Rig, word: Says) -> None:
    for act in _asks(rig):
        answer = await rig.asked(act, rig.genuine(word, act))
        expect(isinstance(answer, Unclear), f"{act}: {answer}")


@case(
    "amount-in-odd-form-is-unclear",
    "An amount in a form that the document does not know is Unclear.",
    faults="B4 I12",
    why="Reading it “somehow” is how 28.5 becomes 2850 yuan.",
)
async def _odd(rig: Rig) -> None:
    await _is_no_amount(rig, "odd_amount")


@case(
    "amount-below-zero-is-unclear",
    "A negative amount is Unclear.",
    faults="B4 I12",
    why="It would lower the day's total as a payment.",
)
async def _negative(rig: Rig) -> None:
    await _is_no_amount(rig, "negative_amount")


@case(
    "currency-is-told-as-said",
    "Another currency than asked is told as said, or Unclear.",
    faults="B6 I2",
    word="foreign_currency",
    why="28.50 of something cheaper is no 28.50 yuan.",
)
async def _currency(rig: Rig) -> None:
    for act in _asks(rig):
        answer = await rig.asked(act, rig.genuine("foreign_currency", act))
        seen = isinstance(answer, Told) and answer.notice.currency != rig.order.amount.currency
        expect(seen or isinstance(answer, Unclear), f"{act}: {answer}")


@case(
    "merchant-is-told-as-said",
    "A payment to another shop is told with that shop's number, or Unclear.",
    faults="B6 S12 I14",
    word="foreign_merchant",
    why="Somebody else's money would turn our screen green.",
)
async def _merchant(rig: Rig) -> None:
    for act in _asks(rig):
        answer = await rig.asked(act, rig.genuine("foreign_merchant", act))
        expect(
            isinstance(answer, Unclear) or (isinstance(answer, Told) and _foreign(rig, answer.notice)),
            f"{act}: {answer}",
        )


def _foreign(rig: Rig, notice: Notice) -> bool:
    account = rig.channel.account
    return notice.merchant_id != account.merchant_id or notice.app_id != account.app_id


@case(
    "notified-amount-wrong-is-told-as-said",
    "A notification's wrong amount is told as said.",
    faults="B6 S12",
    needs="signed_notifications",
    why="CVE-2026-9189: genuine message, unchecked amount.",
)
async def _notified_amount(rig: Rig) -> None:
    wrong = replace(rig.order, amount=Money(1, rig.order.amount.currency))
    notice = await rig.took(rig.notified(wrong))
    expect(isinstance(notice, Notice) and notice.amount_minor == 1, f"{notice}")


@case(
    "notified-merchant-is-told-as-said",
    "A notification for another shop is told so, or is not evidence.",
    faults="B6 S12 I14",
    needs="signed_notifications",
    word="notified_merchant",
    why="The provider signs for all its merchants with one key.",
)
async def _notified_merchant(rig: Rig) -> None:
    try:
        notice = await rig.took(rig.notified(what="foreign_merchant"))
    except NotEvidence:
        return
    expect(isinstance(notice, Notice) and _foreign(rig, notice), f"{notice}")


@case(
    "notified-currency-is-told-as-said",
    "A notification in another currency is told so, or is not evidence.",
    faults="B6 I2",
    needs="signed_notifications",
    word="foreign_currency",
    why="The figure is right and the money is not.",
)
async def _notified_currency(rig: Rig) -> None:
    try:
        notice = await rig.took(rig.notified(what="foreign_currency"))
    except NotEvidence:
        return
    expect(isinstance(notice, Notice) and notice.currency != rig.order.amount.currency, f"{notice}")


@case(
    "notified-odd-amount-is-not-evidence",
    "A notification whose amount is no amount is not evidence.",
    faults="B4 I12",
    needs="signed_notifications",
    why="As with answers.",
)
async def _notified_odd(rig: Rig) -> None:
    await rig.refuses(rig.notified(what="odd_amount"), "notification_unreadable")
