"""What a settlement day brought, from the bank's own books: the one source of every bill. Pure.

A day is Beijing's; it is told the next morning, and told the same way whenever it is asked for again.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from terminal.sandbox.ledger import Ledger
from terminal.sandbox.records import Capture, Order, Refund

DAY_MS: Final = 86_400_000
BEIJING_MS: Final = 8 * 3_600_000
READY_MS: Final = 9 * 3_600_000  # of the next day: about nine in the morning
KEPT_DAYS: Final = 92  # three months
MILLION: Final = 1_000_000
Kind = Literal["paid", "refund", "reverse"]


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a day.

    Args:
        amount: fen, as the customer's order counts it.
        fee: fen that the merchant is charged; negative where a refund gives it back.
        number: of the transaction, or of the bank for a refund.
        status: of a refund when the bill was made: SUCCESS, PROCESSING, FAIL.
    """

    kind: Kind
    at_ms: int
    order: Order
    amount: int
    fee: int
    transaction_id: str
    number: str = ""
    refund_no: str = ""
    status: str = "SUCCESS"
    done_ms: int = 0


def day_of(text: str) -> int | None:
    """The first millisecond of ``yyyy-MM-dd`` in Beijing, UTC; None when it is no such day."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    if len(text) != 10:
        return None
    return (day - datetime.date(1970, 1, 1)).days * DAY_MS - BEIJING_MS


def fee_of(amount: int, fee_ppm: int) -> int:
    """Half up to the fen."""
    return (amount * fee_ppm + MILLION // 2) // MILLION


def movements(ledger: Ledger, mchid: str, types: tuple[str, ...], start_ms: int, fee_ppm: int) -> list[Movement]:
    """Everything of one merchant on the day that begins at ``start_ms``, in order of time.

    Args:
        types: trade types of the orders that belong to this bill.
        fee_ppm: the merchant's rate in parts per million.
    """
    found: list[Movement] = []
    made_ms = start_ms + DAY_MS + READY_MS
    for order in ledger.orders:
        if order.mchid != mchid or order.trade_type not in types:
            continue
        found += (_paid(order, capture, fee_ppm) for capture in order.captures)
        if order.returned and order.captures:
            found.append(_reversed(order, fee_ppm))
        found += (_refund(order, refund, made_ms, fee_ppm) for refund in ledger.refunds_of(order))
    day = [each for each in found if start_ms <= each.at_ms < start_ms + DAY_MS]
    return sorted(day, key=lambda each: (each.at_ms, each.order.out_trade_no, each.kind))


def _paid(order: Order, capture: Capture, fee_ppm: int) -> Movement:
    fee = fee_of(capture.amount, fee_ppm)
    return Movement("paid", capture.at_ms, order, capture.amount, fee, capture.transaction_id)


def _reversed(order: Order, fee_ppm: int) -> Movement:
    fee = -fee_of(order.returned, fee_ppm)
    first = order.captures[0].transaction_id
    return Movement("reverse", order.returned_ms, order, order.returned, fee, first, done_ms=order.returned_ms)


def _refund(order: Order, refund: Refund, made_ms: int, fee_ppm: int) -> Movement:
    done = refund.status == "SUCCESS" and refund.success_ms <= made_ms
    status = "SUCCESS" if done else "FAIL" if refund.status in ("CLOSED", "ABNORMAL") else "PROCESSING"
    return Movement(
        "refund",
        refund.created_ms,
        order,
        refund.amount,
        -fee_of(refund.amount, fee_ppm),
        refund.transaction_id,
        refund.refund_id,
        refund.out_refund_no,
        status,
        refund.success_ms if done else 0,
    )


# --- what the faults do to a day ------------------------------------------------------------------------------


def missing(day: list[Movement], order_no: str) -> list[Movement]:
    place = _place(day, order_no)
    return day[:place] + day[place + 1 :]


def extra(day: list[Movement], order_no: str) -> list[Movement]:
    """A payment nobody ordered here."""
    model = day[_place(day, "")]
    number = order_no or f"STRANGE{model.at_ms}"
    order = Order(
        model.order.mchid, model.order.appid, number, model.order.trade_type, "TEST", 100, "CNY", "", model.at_ms
    )
    return [
        *day,
        replace(model, kind="paid", order=order, amount=100, fee=1, transaction_id="9" + model.transaction_id[1:]),
    ]


def wrong_fee(day: list[Movement], order_no: str) -> list[Movement]:
    place = _place(day, order_no)
    return [replace(each, fee=each.fee * 2 + 5) if at == place else each for at, each in enumerate(day)]


def taken_back(day: list[Movement], order_no: str) -> list[Movement]:
    """A reverse that nobody asked for."""
    paid = day[_place(day, order_no)]
    return [*day, replace(paid, kind="reverse", fee=-paid.fee, done_ms=paid.at_ms)]


def twice(day: list[Movement], order_no: str) -> list[Movement]:
    place = _place(day, order_no)
    return [*day[: place + 1], day[place], *day[place + 1 :]]


def _place(day: list[Movement], order_no: str) -> int:
    """Of the named order's payment, else of the first one."""
    payments = list(_payments(day))
    return next((at for at in payments if day[at].order.out_trade_no == order_no), payments[0])


def _payments(day: list[Movement]) -> Iterator[int]:
    return (at for at, each in enumerate(day) if each.kind == "paid")


def has_payments(day: list[Movement]) -> bool:
    return next(_payments(day), None) is not None
