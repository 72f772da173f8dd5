"""What arrives by itself: told like an answer, once, or not believed."""

from dataclasses import replace
from typing import Final

from terminal.conformance.cases.queries import check_paid
from terminal.conformance.kit import Group, NonconformingError, Rig, expect
from terminal.errors import Hint, NotEvidence
from terminal.payments.notice import Notice, RefundNotice, RefundTrade, Trade

GROUP: Final = Group("notifications", "Notifications")
case = GROUP.case


@case(
    "notification-told-like-a-query",
    "A genuine notification is told with all fields.",
    faults="I2 S12",
    needs="signed_notifications",
    why="It is the fastest proof of a payment, and mostly the first.",
)
async def _told(rig: Rig) -> None:
    notice = await rig.took(rig.notified())
    expect(isinstance(notice, Notice) and notice.source == "notification", f"{notice}")
    assert isinstance(notice, Notice)
    check_paid(rig, notice)


@case(
    "notification-repeated-is-one",
    "The same notification again is the same evidence.",
    faults="B7 S11",
    needs="signed_notifications",
    why="Providers repeat for days: it counts once.",
)
async def _repeated(rig: Rig) -> None:
    message = rig.notified()
    first, again = await rig.took(message), await rig.took(message)
    expect(first == again, f"{first} and {again}")


@case(
    "notification-others-differ",
    "Another payment's notification is other evidence.",
    faults="B7 I1",
    needs="signed_notifications",
    why="Two payments under one id would lose one.",
)
async def _others(rig: Rig) -> None:
    first, other = await rig.took(rig.notified()), await rig.took(rig.notified(rig.other))
    expect(first.evidence_id != other.evidence_id, "two notifications with one id")
    expect(other.order_no == rig.other.order_no, other.order_no)


@case(
    "notification-of-a-refund",
    "A refund's notification is told whole, or as news about its order.",
    faults="3.3",
    needs="signed_notifications refund",
    word="refund_notification",
    why="Taken for a payment it would cancel the refund in the books.",
)
async def _refund(rig: Rig) -> None:
    message = rig.peer.notifies(rig.order, rig.refund)
    if message is None:
        raise NonconformingError("the peer cannot notify a refund: declare refund_notification in speaks.lacks")
    notice = await rig.took(message)
    expect(notice.order_no == rig.order.order_no, notice.order_no)
    if isinstance(notice, RefundNotice):
        expect(notice.refund_no == rig.refund.refund_no, notice.refund_no)
        expect(notice.trade is RefundTrade.REFUNDED, f"{notice.trade}")
        expect(notice.amount_minor == rig.refund.amount.minor, f"{notice.amount_minor}")
    else:
        expect(notice.trade in {Trade.PAID, Trade.RETURNED}, f"{notice.trade}")


@case(
    "notification-odd-state",
    "A state that no document lists is not evidence.",
    faults="B6",
    needs="signed_notifications",
    word="notified_states",
    why="A guessed word is a false paid.",
)
async def _odd(rig: Rig) -> None:
    await rig.refuses(rig.notified(what="odd_state"), "notification_unreadable", "notification_unknown_kind")


@case(
    "notification-without-headers",
    "A message without any header is not evidence or needs none; it never breaks.",
    faults="B5 W3",
    needs="signed_notifications",
    why="Everybody on the net can post to this address.",
)
async def _headers(rig: Rig) -> None:
    message = replace(rig.notified(), headers={})
    try:
        await rig.took(message)
    except NotEvidence as error:
        expect(error.slug in {"signature_missing", "signature_unreadable"}, error.slug)


@case(
    "notification-headers-in-any-case",
    "Header names are read in any case.",
    faults="S10",
    needs="signed_notifications",
    why="Proxies rewrite them, and a payment would be noticed late.",
)
async def _upper(rig: Rig) -> None:
    message = rig.notified()
    shouted = replace(message, headers={name.title(): value for name, value in message.headers.items()})
    expect((await rig.took(shouted)).order_no == rig.order.order_no, "not read")


@case(
    "notification-unsigned-is-a-hint",
    "An unsigned notification is a hint that names its order, and no evidence.",
    faults="S13 I2",
    needs="unsigned_notifications",
    why="Anybody could post one: only the provider's own answer to our question counts.",
)
async def _hint(rig: Rig) -> None:
    expect(rig.channel.profile.confirm_notification_by_query, "confirm_notification_by_query is not set")
    hint = await rig.refuses(rig.notified(), "notification_hint")
    expect(isinstance(hint, Hint) and rig.order.order_no in hint.order_nos, f"{hint} names no order to ask about")
