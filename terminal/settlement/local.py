"""One payment or refund as this journal knows it: from its sale's row where that is enough, else its events."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from terminal.errors import InvalidRequest
from terminal.payments.event import Events, Summary
from terminal.payments.fees import FeeRule
from terminal.payments.money import Money
from terminal.payments.refund import RefundState
from terminal.payments.sale import Attempt, Refund, Sale, evolve


class Standing(StrEnum):
    PAID = "paid"  # of a refund: the money went back
    UNPAID = "unpaid"  # ended without; of a refund: definitely failed
    OPEN = "open"  # not known yet
    VOIDED = "voided"  # paid, and taken back whole by our own reverse


class Local(NamedTuple):  # made for every line of a bill, where a frozen dataclass takes four times as long
    """What the journal says of one order or refund number.

    Args:
        at_ms: when its attempt began here, UTC.
        captured: proof of its money was seen; ``returned``: and all of it went back.
        rule: the price it was made under; None: it has none of its own.
        sale_paid: by whichever attempt.
    """

    id: str
    sale: str
    no: int
    channel: str
    amount: Money
    standing: Standing
    captured: bool
    at_ms: int
    txn: str = ""
    rule: FeeRule | None = None
    sale_paid: bool = False
    returned: bool = False


def of_summary(row: Summary, order_no: str, fee: str) -> Local | None:
    """A plain sale, paid by this one order at the price ``fee`` ("": none); None: its events have to be read."""
    body = row.body
    if not body.get("last_pays") or body["attempt"] != order_no or body["refunded_minor"] or body["exceptions"]:
        return None
    if "fee" not in body or body["fee"] != fee:
        return None  # made at another price, which is with its attempt
    amount = Money(body["amount_minor"], body["currency"])
    return Local(
        order_no,
        row.subject,
        body["no"],
        body["channel"],
        amount,
        Standing.PAID,
        True,
        row.first_ms,
        sale_paid=True,
    )


def sale_of(events: Events) -> Sale | None:
    sale: Sale | None = None
    for event in events:
        if sale is not None or event.type == "sale_opened":
            sale = evolve(sale, event.type, event.body)
    return sale


def proven_ms(events: Events, order_no: str) -> int:
    """When this journal first had the money of an attempt as proven; 0: it never had."""
    sale: Sale | None = None
    for event in events:
        if sale is not None or event.type == "sale_opened":
            sale = evolve(sale, event.type, event.body)
        if sale and any(each.id == order_no and (each.captured or each.pays) for each in sale.attempts):
            return event.wall_ms
    return 0


def payment(sale: Sale, order_no: str, rules: Mapping[str, FeeRule] | None = None) -> Local | None:
    attempt = next((each for each in sale.attempts if each.id == order_no), None)
    if attempt is None:
        return None
    return Local(
        id=attempt.id,
        sale=sale.id,
        no=sale.no,
        channel=attempt.provider,
        amount=attempt.amount,
        standing=_standing(sale, attempt),
        captured=attempt.captured,
        at_ms=attempt.started_ms,
        txn=attempt.provider_txn,
        rule=(rules or {}).get(order_no),
        sale_paid=sale.state == "paid",
        returned=attempt.captured and sale.held_minor(attempt) <= 0,
    )


def refund(sale: Sale, refund_no: str) -> Local | None:
    found = next((each for each in sale.refunds if each.id == refund_no), None)
    if found is None:
        return None
    attempt = sale.attempt(found.attempt)
    return Local(
        id=found.id,
        sale=sale.id,
        no=sale.no,
        channel=attempt.provider,
        amount=found.amount,
        standing=_refund_standing(found),
        captured=found.state is RefundState.REFUNDED,
        at_ms=attempt.started_ms,
        txn=found.provider_refund,
        sale_paid=sale.state == "paid",
    )


def _standing(sale: Sale, attempt: Attempt) -> Standing:
    voids = (each for each in sale.refunds if each.attempt == attempt.id and each.way == "void")
    if any(each.state is RefundState.REFUNDED for each in voids):
        return Standing.VOIDED
    if attempt.pays:
        return Standing.PAID
    return Standing.OPEN if attempt.live else Standing.UNPAID


def _refund_standing(found: Refund) -> Standing:
    if found.state is RefundState.REFUNDED:
        return Standing.PAID
    return Standing.UNPAID if found.state is RefundState.FAILED else Standing.OPEN


def fee_rules(events: Events) -> dict[str, FeeRule]:
    """By order number, the price each attempt was made under; those without are left out."""
    found: dict[str, FeeRule] = {}
    for event in events:
        fields: Any = event.body.get("fee_rule") if event.type == "attempt_started" else None
        if isinstance(fields, Mapping):
            try:
                found[event.body["attempt"]] = FeeRule.from_fields(fields)
            except InvalidRequest:
                continue  # a rule this version cannot read is no rule to hold a bank to
    return found
