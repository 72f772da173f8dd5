"""A request as a till writes it into a file, and the result it finds: JSON or lines of KEY=VALUE. Pure."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from terminal.errors import InvalidRequest
from terminal.payments.lines import SaleLine
from terminal.payments.money import Money
from terminal.pos.amounts import amount_of
from terminal.pos.item_lines import of_request
from terminal.strict_json import parse_exact

TXT_MAX: Final = 16 * 1024
JSON_MAX: Final = 384 * 1024  # as of a sale's body over HTTP: 200 lines with long names
NAME: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,49})\.(json|txt)")  # the file; its first part is the key
FIELDS: Final = ("action", "amount", "currency", "order", "title", "sale", "reason", "lines")
ACTIONS: Final = ("sale", "cancel", "refund", "status")
_TEXT_MAX: Final = {"order": 64, "title": 40, "reason": 80}
_LINE: Final = re.compile(r"([A-Za-z]{1,16})[ \t]*=[ \t]*(.*)")

Action = Literal["sale", "cancel", "refund", "status"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``sale``: the name of the request that opened the sale which an action is about.

    ``amount`` None: of a refund all that is left; of the other actions it has no meaning.
    """

    action: Action
    amount: Money | None = None
    order: str = ""
    title: str = ""
    sale: str = ""
    reason: str = ""
    lines: tuple[SaleLine, ...] = ()


def size_max(name: str) -> int:
    """Bytes of a request in a file of this name."""
    return JSON_MAX if name.endswith(".json") else TXT_MAX


def read_request(name: str, data: bytes, currency: str) -> Wanted:
    """``name``: of the file; its ending says how it is written.

    Raises:
        InvalidRequest: ``field_wrong``, ``amount_…``, ``currency_not_taken``, ``text_unreadable``, or as
            ``strict_json``.
    """
    told = parse_exact(data, limit=JSON_MAX) if name.endswith(".json") else _lines(data)
    if not isinstance(told, dict):
        raise InvalidRequest("field_wrong", field="{")
    if unknown := [each for each in told if each not in FIELDS]:
        raise InvalidRequest("field_wrong", field=unknown[0][:40])
    action = told.get("action", "sale")
    if action not in ACTIONS:
        raise InvalidRequest("field_wrong", field="action")
    if told.get("currency", currency) != currency:
        raise InvalidRequest("currency_not_taken", currency=str(told["currency"])[:8])
    if action != "sale" and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}", _text(told, "sale")):
        raise InvalidRequest("field_wrong", field="sale")
    return Wanted(
        action,
        _amount(told, action, currency),
        order=_text(told, "order"),
        title=_text(told, "title"),
        sale=_text(told, "sale"),
        reason=_text(told, "reason"),
        lines=_what_for(told, action, currency),
    )


def _what_for(told: dict[str, Any], action: str, currency: str) -> tuple[SaleLine, ...]:
    """Lines of a sale, in JSON alone: a file of KEY=VALUE has each key once."""
    if "lines" not in told:
        return ()
    if action != "sale":
        raise InvalidRequest("field_wrong", field="lines")
    return of_request(told["lines"], currency)


def _lines(data: bytes) -> dict[str, Any]:
    """Blank lines and lines after # say nothing. Raises InvalidRequest("text_unreadable")."""
    if len(data) > TXT_MAX:
        raise InvalidRequest("body_too_large", limit=TXT_MAX)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("text_unreadable", line=data[:TXT_MAX].count(b"\n") + 1) from None
    told: dict[str, Any] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None or match[1].lower() in told:
            raise InvalidRequest("text_unreadable", line=number)
        told[match[1].lower()] = match[2]
    return told


def _text(told: dict[str, Any], field: str) -> str:
    value = told.get(field, "")
    if not isinstance(value, str) or not value.isprintable() or len(value) > _TEXT_MAX.get(field, 64):
        raise InvalidRequest("field_wrong", field=field)
    return value


def _amount(told: dict[str, Any], action: str, currency: str) -> Money | None:
    """ "12.50" as text, or a JSON number; a sale has one, a refund may."""
    value = told.get("amount")
    if action not in ("sale", "refund"):
        if value is not None:
            raise InvalidRequest("field_wrong", field="amount")
        return None
    if value is None and action == "refund":
        return None
    if isinstance(value, str):
        return Money.parse(value, currency)
    if isinstance(value, Decimal) or type(value) is int:
        return amount_of(value, currency)
    raise InvalidRequest("field_wrong", field="amount")


def write_result(name: str, result: dict[str, str]) -> bytes:
    """In the way the request was written; every value is text on one line."""
    if name.endswith(".json"):
        return msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"
    return "".join(f"{key.upper()}={value}\n" for key, value in result.items()).encode()
