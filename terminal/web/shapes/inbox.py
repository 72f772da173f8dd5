"""What waits for a person beside the sales: money without one, refused messages, keys that end."""

from typing import Annotated, Literal

import msgspec

from terminal.web.shapes.form import PAGE_MAX, Form, Number


class OrphanEnding(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note of money without a sale; ``note`` says what became of it."""

    how: Literal["seen"]
    note: Annotated[str, msgspec.Meta(max_length=200)] = ""


class AlertEnding(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note of messages that were refused."""

    how: Literal["seen"]


class OrphansQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``after``: the ``next`` of the page before."""

    after: Number = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)] = 20


class EndingKeyRow(msgspec.Struct, frozen=True):
    """A key or certificate that ends by itself. ``days``: 30, 7, 1, or 0 once it has ended.

    ``kind``: merchant_certificate, client_certificate, authority or provider_certificate.
    """

    id: str
    channel: str
    kind: str
    name: str
    until_ms: int
    days: int


class UnverifiedRow(msgspec.Struct, frozen=True):
    """A sale nobody could confirm. ``mark``: unverified, or claimed with the bank's number as ``reference``."""

    sale: str
    no: int
    counter: str
    amount_minor: int
    currency: str
    mark: str
    listed_ms: int
    reference: str


class ProposedSale(msgspec.Struct, frozen=True):
    """A sale that waits for the same amount. ``mark``: unverified or claimed, where it is on that list."""

    sale: str
    no: int
    counter: str
    opened_ms: int
    mark: str


class CreditRow(msgspec.Struct, frozen=True):
    """A transfer without our reference, and the sales it may be for, best first; never taken by itself.

    ``at``: as the bank wrote it. ``clash``: another sale, or another transfer, fits as well.
    """

    channel: str
    entry: str
    amount_minor: int
    currency: str
    at: str
    clash: bool
    sales: list[ProposedSale]


class TillAlert(msgspec.Struct, frozen=True):
    """A warning that every till shows, in the caller's language; an owner ends it on the page Risk."""

    id: str
    title: str
    sentence: str
    at_ms: int


class Inbox(msgspec.Struct, frozen=True):
    """Oldest first. ``counter.orphans`` changes when it is worth reading again.

    ``unverified_sums``: by currency, of all of them; at most fifty are listed one by one.
    ``stickers_due``: static codes of the shop that nobody has scanned on this business day.
    """

    keys: list[EndingKeyRow]
    unverified: list[UnverifiedRow] = []
    unverified_sums: dict[str, int] = {}
    credits: list[CreditRow] = []
    risks: list[TillAlert] = []
    stickers_due: int = 0


class SeenForm(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note."""

    how: Literal["seen"]


class MatchForm(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person says whose a transfer is. ``entry``: the bank's number of it, as the inbox told."""

    channel: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    entry: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    sale: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class OrphanRow(msgspec.Struct, frozen=True):
    """Proven money for an order this journal does not know; ``at_ms`` is when it was heard of last."""

    order_no: str
    channel: str
    amount_minor: int
    currency: str
    at_ms: int


class OrphanList(msgspec.Struct, frozen=True):
    """Oldest first; ``next`` is the ``after`` of the next page, null at the end."""

    orphans: list[OrphanRow]
    next: int | None = None


class AlertRow(msgspec.Struct, frozen=True):
    """Messages in a bank's name that proved nothing. ``slug``: what the newest one of ``at_ms`` lacked."""

    channel: str
    slug: str
    count: int
    at_ms: int


class AlertList(msgspec.Struct, frozen=True):
    """Oldest first, at most one a channel."""

    alerts: list[AlertRow]
