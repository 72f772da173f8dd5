"""How an amount would go back, in types and in one sentence of the caller's language."""

from datetime import tzinfo

import msgspec

from terminal.counter.aftercare import Offer
from terminal.help.catalogue import Catalogue
from terminal.web.forms import Form, Minor

_MINUTES = 5  # characters of HH:MM


class OfferQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``amount_minor``: all that is left."""

    amount_minor: Minor | None = None


class RefundOffer(msgspec.Struct, frozen=True):
    """``way`` void: the payment is undone and nothing is charged; refund: it goes back later.

    ``why``: the part of the channel's rule that decided. ``due_ms``: when it would be sent, 0 is at once.
    ``sentence``: cost and time in the caller's language, to be told to the customer.
    """

    way: str
    why: str
    amount_minor: int
    left_minor: int
    currency: str
    due_ms: int
    sentence: str


def sentence(offer: Offer, words: Catalogue, zone: tzinfo) -> str:
    amount, days = words.money(offer.amount), offer.takes_days
    if offer.way.kind == "void":
        return words.text("refund.way_void", amount=amount)
    if offer.due_ms:
        when = f"{words.date(offer.due_ms, zone)} {words.clock(offer.due_ms, zone)[:_MINUTES]}"
        return words.text("refund.way_queued", amount=amount, when=when, n=days)
    return words.text(f"refund.way_refund_{offer.fee_returned}", amount=amount, n=days)
