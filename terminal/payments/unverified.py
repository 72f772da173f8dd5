"""Sales that nobody could confirm: listed, claimed by an owner, written off. None of it is ever "paid" (I2).

A marked sale stays "checking" until evidence comes by the ordinary ways, or a person writes it off with a reason.
"""

from typing import Any, Final

from terminal.errors import Conflict, InvalidRequest
from terminal.payments.exceptions import sale_to
from terminal.payments.fact import Claim, Fact, Facts, fold
from terminal.payments.sale import Sale, SaleState, derive

REFERENCE_MIN: Final = 4
KIND: Final = "claimed_reference"  # a bank's number stands for one sale, for ever


def put_on_list(sale: Sale, *, at_ms: int, claims: tuple[Claim, ...] = ()) -> Facts:
    """Nobody can confirm it now and the shop trusts the customer: marked, parked; slip and voice say so.

    Raises:
        Conflict: ``sale_unverified`` (it is listed), ``list_not_possible``: it ended, is being cancelled, part of
            it is proven, or a scanned payment would be taken back by itself.
    """
    if sale.mark:
        raise Conflict("sale_unverified", sale=sale.id)
    taken_back = any(each.live and each.direction == "pull" for each in sale.attempts)
    proven = any(each.captured for each in sale.attempts)
    if sale.ended or sale.cancel_why or taken_back or proven:
        raise Conflict("list_not_possible", sale=sale.id)
    body = {
        "sale": sale.id,
        "amount_minor": sale.amount.minor,
        "currency": sale.amount.currency,
        "at_ms": at_ms,
    }
    listed = [Fact("sale_unverified", body, owes=(_slip(sale, "unverified"), _said(sale)), claims=claims)]
    if not sale.parked:
        listed.append(Fact("sale_parked", {"at_ms": at_ms}))
    after = fold(sale, listed)
    return (*listed, *sale_to(sale, after, derive(after), "unverified", at_ms))


def claim_paid(sale: Sale, *, reference: str, reason: str, at_ms: int, claims: tuple[Claim, ...] = ()) -> Facts:
    """An owner read the bank's number somewhere: on record, and still no proof until the bank's own word comes.

    Raises:
        Conflict: ``not_unverified``; InvalidRequest: ``claim_reference_missing``.
    """
    if sale.mark != "unverified":
        raise Conflict("not_unverified", sale=sale.id)
    told = "".join(reference.split()).upper()
    if len(told) < REFERENCE_MIN:
        raise InvalidRequest("claim_reference_missing")
    body = {"reference": told, "reason": reason, "at_ms": at_ms}
    taken = ((KIND, told, sale.id), *claims)
    return (Fact("sale_claimed", body, owes=(_slip(sale, "claimed"),), claims=taken),)


def write_off(sale: Sale, *, reason: str, at_ms: int, claims: tuple[Claim, ...] = ()) -> Facts:
    """The money is not expected any more. What is still live is resolved to its end first; late money stays late.

    Raises:
        Conflict: ``not_unverified``.
    """
    if not sale.mark:
        raise Conflict("not_unverified", sale=sale.id)
    body = {"amount_minor": sale.amount.minor, "currency": sale.amount.currency, "reason": reason, "at_ms": at_ms}
    gone = Fact("sale_written_off", body, claims=claims)
    after = fold(sale, (gone,))
    state = derive(after) if after.live_attempt else SaleState.CANCELLED
    return (gone, *sale_to(sale, after, state, "written_off", at_ms))


def _slip(sale: Sale, kind: str) -> dict[str, Any]:
    return {"id": f"{sale.id}:{kind}:receipt", "kind": "receipt"}


def _said(sale: Sale) -> dict[str, Any]:
    """No attempt stands behind it: there may be none."""
    return {"id": f"{sale.id}:voice:unverified", "kind": "voice", "says": "unverified", "attempt": ""}
