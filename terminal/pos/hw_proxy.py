"""What a browser's till sends to its hardware proxy, and what it is told: pure, JSON in, JSON out.

Source: OCA/pos, module pos_payment_terminal 18.0.1.0.0.4, ``payment_terminal.esm.js``; OCA/pywebdriver, routes of
``/hw_proxy``; JSON-RPC 2.0 Specification, sections 4 to 5.1.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from terminal.errors import InvalidRequest, TerminalError
from terminal.help.catalogue import Catalogue
from terminal.help.registry import describe
from terminal.payments.currencies import EXPONENTS
from terminal.payments.money import Money
from terminal.payments.sale import Sale
from terminal.pos.amounts import amount_of
from terminal.pos.desk import Outcome, outcome
from terminal.strict_json import parse_exact

BODY_MAX: Final = 64 * 1024  # bytes of a call; a picture of a receipt may be larger
INFO_MAX: Final = 4096
DRIVER: Final = "countertop"
_NAME: Final = re.compile(r"[!-~]{1,64}")
WORDS: Final = {
    Outcome.WAITING: "state.waiting",
    Outcome.CHECKING: "state.checking",
    Outcome.PAID: "state.paid",
    Outcome.NOT_PAID: "state.nothing_charged",
}
SUCCESS: Final = {Outcome.PAID: True, Outcome.NOT_PAID: False}  # else null: neither is proven


@dataclass(frozen=True, slots=True)
class Call:
    """``id`` is echoed as it came; ``params`` are the named ones."""

    id: Any
    params: dict[str, Any]


class Unreadable(Exception):
    """No call: ``code`` is the one of JSON-RPC 2.0, section 5.1."""

    def __init__(self, code: int, error: TerminalError, id_: Any = None) -> None:
        super().__init__(error.slug)
        self.code, self.error, self.id = code, error, id_


@dataclass(frozen=True, slots=True)
class Payment:
    """``name``: of the till's payment line, for as many tries as it takes; ``order``: what it belongs to."""

    amount: Money
    name: str
    order: str
    terminal: str


def read_call(body: bytes, limit: int = BODY_MAX) -> Call:
    """Raises Unreadable."""
    try:
        told = parse_exact(body, limit=limit)
    except InvalidRequest as error:
        raise Unreadable(-32700, error) from None
    if not isinstance(told, dict) or "method" not in told or told.get("jsonrpc") != "2.0":
        id_ = told.get("id") if isinstance(told, dict) else None
        raise Unreadable(-32600, InvalidRequest("field_wrong", field="jsonrpc"), id_)
    params = told.get("params", {})
    if not isinstance(params, dict):
        raise Unreadable(-32602, InvalidRequest("field_wrong", field="params"), told.get("id"))
    return Call(told.get("id"), params)


def result(call: Call, value: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call.id, "result": value}


def failure(code: int, error: TerminalError, id_: Any = None, language: str = "en") -> dict[str, Any]:
    told = describe(error.slug, error.facts, language)
    data = {"name": error.slug, "code": told.code, "message": f"{told.sentence} {told.fix}"}
    return {"jsonrpc": "2.0", "id": id_, "error": {"code": code, "message": told.sentence, "data": data}}


def read_payment(params: dict[str, Any], currency: str) -> Payment:
    """``payment_info`` is JSON in a string, or the object itself.

    Raises:
        InvalidRequest: ``field_wrong``, ``amount_…``, ````currency_not_taken``, or as ``strict_json``.
    """
    info = params.get("payment_info")
    if isinstance(info, str):
        info = parse_exact(info.encode("utf-8", "replace"), limit=INFO_MAX)
    if not isinstance(info, dict):
        raise InvalidRequest("field_wrong", field="payment_info")
    if info.get("currency_iso") != currency:
        raise InvalidRequest("currency_not_taken", currency=currency)
    if info.get("currency_decimals", EXPONENTS[currency]) != EXPONENTS[currency]:
        raise InvalidRequest("field_wrong", field="currency_decimals")
    payment, order = _text(info, "payment_id"), _text(info, "order_id", needed=False)
    return Payment(
        amount_of(info.get("amount"), currency),
        _short(f"{order}:{payment}" if order else payment),
        order,
        _text(info, "terminal_id", needed=False) or _text(params, "terminal_id", needed=False),
    )


def try_key(name: str, number: int, day_ms: int) -> str:
    """The desk's key of a payment line's first, second, … try on the day that began then, UTC milliseconds."""
    return _short(f"{name}@{day_ms // 60_000}#{number}")


def transaction(sale: Sale, check_code: str, language: str) -> dict[str, Any]:
    """``success`` null: not known yet, the till asks on."""
    came = outcome(sale)
    return {
        "transaction_id": sale.id,
        "success": SUCCESS.get(came),
        "status": came.value,
        "status_details": Catalogue.load(language).text(WORDS[came]),
        "reference": check_code or sale.id,
    }


def _text(info: dict[str, Any], field: str, *, needed: bool = True) -> str:
    value = info.get(field)
    if value in (None, False, "") and not needed:  # Odoo writes false for what was never filled in
        return ""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidRequest("field_wrong", field=field)
    return value


def _short(name: str) -> str:
    return name if len(name) <= 64 else hashlib.sha256(name.encode()).hexdigest()
