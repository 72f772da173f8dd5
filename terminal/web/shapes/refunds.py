"""Money going back, in types and in one sentence of the caller's language."""

from datetime import tzinfo
from typing import Annotated

import msgspec

from terminal.counter.aftercare import Offer
from terminal.help.catalogue import Catalogue
from terminal.payments.lines import LINES_MAX
from terminal.web.shapes.form import Approver, Form, Minor
from terminal.web.shapes.sales import RefundView, SaleView

_LineNo = Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]


class NewRefund(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Without ``amount_minor`` all that is left of the payment goes back, or what its ``lines`` were sold for.

    ``lines``: numbers of the sale's lines, from 1, that go back whole, each once; the refund's slip lists them. An
    empty list is refused: whoever picked nothing does not mean all.
    """

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    amount_minor: Minor | None = None
    lines: Annotated[tuple[_LineNo, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)] | None = None
    approver: Approver | None = None


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


class RefundAnswer(msgspec.Struct, frozen=True):
    """``way``: void or refund. ``sentence``: cost and time in the caller's language, for the customer."""

    refund: RefundView
    sale: SaleView
    way: str = "refund"
    sentence: str = ""


def sentence(offer: Offer, words: Catalogue, zone: tzinfo) -> str:
    amount, days = words.money(offer.amount), offer.takes_days
    if offer.way.kind == "void":
        return words.text("refund.way_void", amount=amount)
    if offer.due_ms:
        when = f"{words.date(offer.due_ms, zone)} {words.clock(offer.due_ms, zone)[:_MINUTES]}"
        return words.text("refund.way_queued", amount=amount, when=when, n=days)
    return words.text(f"refund.way_refund_{offer.fee_returned}", amount=amount, n=days)
