"""Shapes of the inbox: what every till shows beside its own sales."""

from typing import Literal

import msgspec

from terminal.web.forms import Form


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


class Inbox(msgspec.Struct, frozen=True):
    """Oldest first. ``counter.orphans`` changes when it is worth reading again.

    ``unverified_sums``: by currency, of all of them; at most fifty are listed one by one.
    """

    keys: list[EndingKeyRow]
    unverified: list[UnverifiedRow] = []
    unverified_sums: dict[str, int] = {}


class SeenForm(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note."""

    how: Literal["seen"]
