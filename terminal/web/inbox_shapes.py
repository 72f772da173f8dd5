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


class Inbox(msgspec.Struct, frozen=True):
    """Oldest first. ``counter.orphans`` changes when it is worth reading again."""

    keys: list[EndingKeyRow]


class SeenForm(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person has taken note."""

    how: Literal["seen"]
