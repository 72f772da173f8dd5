"""Receipts as the API gives them."""

from typing import Annotated, Literal

import msgspec

from terminal.web.shapes.form import Form


class ReceiptQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``refund``: the id of a refund whose slip is wanted.

    ``kind``: queued, the one that says it waits; merchant, the shop's own copy with fees, for who may see sums.
    """

    format: Literal["text", "json", "png"] = "json"
    refund: Annotated[str, msgspec.Meta(max_length=64)] = ""
    kind: Literal["", "queued", "merchant"] = ""


class ReceiptView(msgspec.Struct, frozen=True):
    """``lines`` as frozen at the first print: ``["row", left, right, align, size, bold]``, ``["rule"]``,
    ``["blank", lines]``, ``["code", text]``. ``printings`` counts how often printing was begun."""

    receipt: str
    frozen: bool
    printings: int
    lines: list[list[str | int | bool]]
