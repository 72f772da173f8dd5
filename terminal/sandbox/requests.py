"""What a merchant may ask for, checked field by field before the ledger sees it.

Source: WeChat Pay merchant documentation, API v3: parameters of "Native下单", "付款码支付", "申请退款".
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from terminal.sandbox.refusals import Refused, bad_parameter
from terminal.sandbox.wire_forms import read_rfc3339

TOTAL_MAX: Final = 100_000_000_00  # fen; the provider's limit is the merchant's quota, far below
_ORDER_NO: Final = re.compile(r"[0-9A-Za-z_\-*|]{6,32}")
_REFUND_NO: Final = re.compile(r"[0-9A-Za-z_\-*|@]{1,64}")
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A Native order, or with ``auth_code`` a code payment."""

    mchid: str
    appid: str
    out_trade_no: str
    description: str
    total: int
    currency: str
    meaning: str
    notify_url: str = ""
    expires_ms: int = 0
    attach: str = ""
    device_id: str = ""
    auth_code: str = ""


@dataclass(frozen=True, slots=True)
class NewRefund:
    transaction_id: str
    out_trade_no: str
    out_refund_no: str
    amount: int
    total: int
    currency: str
    notify_url: str
    meaning: str


def read_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object, or PARAM_ERROR."""
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Refused("PARAM_ERROR", "请求体不是有效的JSON") from None
    if not isinstance(value, dict):
        raise Refused("PARAM_ERROR", "请求体不是JSON对象")
    return value


def new_native(form: dict[str, Any], now_ms: int) -> NewOrder:
    expires = _text(form, "time_expire", 64, required=False)
    expires_ms = read_rfc3339(expires) if expires else 0
    if expires_ms is None or (expires and expires_ms <= now_ms):
        raise bad_parameter("/time_expire", "not an RFC 3339 time in the future", expires)
    scene = _object(form, "scene_info", required=False)
    if scene:
        _text(scene, "payer_client_ip", 45, at="/scene_info")
    total, currency = _amount(form, "total")
    return NewOrder(
        mchid=_text(form, "mchid", 32),
        appid=_text(form, "appid", 32),
        out_trade_no=_number(form, "out_trade_no", _ORDER_NO),
        description=_text(form, "description", 127),
        total=total,
        currency=currency,
        meaning=meaning_of(form),
        notify_url=_notify_url(form, required=True),
        expires_ms=expires_ms,
        attach=_text(form, "attach", 128, required=False),
        device_id=_text(scene, "device_id", 32, required=False, at="/scene_info"),
    )


def new_code_payment(form: dict[str, Any]) -> NewOrder:
    scene = _object(form, "scene_info")
    store = _object(scene, "store_info", at="/scene_info")
    if not store.get("id") and not store.get("out_id"):
        raise bad_parameter("/scene_info/store_info", "id or out_id is needed")
    total, currency = _amount(form, "total")
    return NewOrder(
        mchid=_text(form, "mchid", 32),
        appid=_text(form, "appid", 32),
        out_trade_no=_number(form, "out_trade_no", _ORDER_NO),
        description=_text(form, "description", 127),
        total=total,
        currency=currency,
        meaning=meaning_of(form),
        attach=_text(form, "attach", 128, required=False),
        device_id=_text(scene, "device_id", 32, required=False, at="/scene_info"),
        auth_code=_text(_object(form, "payer"), "auth_code", 128, at="/payer"),
    )


def new_refund(form: dict[str, Any]) -> NewRefund:
    transaction_id = _text(form, "transaction_id", 32, required=False)
    out_trade_no = _text(form, "out_trade_no", 32, required=False)
    if bool(transaction_id) == bool(out_trade_no):
        raise bad_parameter("/transaction_id", "transaction_id or out_trade_no, one of them")
    total, currency = _amount(form, "total", currency_required=True)
    amount, _ = _amount(form, "refund")
    _text(form, "reason", 80, required=False)
    return NewRefund(
        transaction_id=transaction_id,
        out_trade_no=out_trade_no,
        out_refund_no=_number(form, "out_refund_no", _REFUND_NO),
        amount=amount,
        total=total,
        currency=currency,
        notify_url=_notify_url(form, required=False),
        meaning=meaning_of(form),
    )


def merchant_named(form: dict[str, Any]) -> str:
    return _text(form, "mchid", 32)


def app_named(form: dict[str, Any]) -> str:
    return _text(form, "appid", 32)


def meaning_of(form: dict[str, Any]) -> str:
    """A digest of the parameters: the same whatever their order and spacing."""
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def _text(form: dict[str, Any], name: str, longest: int, *, required: bool = True, at: str = "") -> str:
    value = form.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > longest or (required and not value):
        raise bad_parameter(f"{at}/{name}", f"a string of 1 to {longest} characters", value)
    return value


def _number(form: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = form.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise bad_parameter(f"/{name}", f"must match {pattern.pattern}", value)
    return value


def _object(form: dict[str, Any], name: str, *, required: bool = True, at: str = "") -> dict[str, Any]:
    value = form.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise bad_parameter(f"{at}/{name}", "an object is needed")
    return value


def _amount(form: dict[str, Any], part: str, *, currency_required: bool = False) -> tuple[int, str]:
    amount = _object(form, "amount")
    value = amount.get(part)
    if type(value) is not int or not 1 <= value <= TOTAL_MAX:
        raise bad_parameter(f"/amount/{part}", "an integer of fen from 1", value)
    currency = amount.get("currency", None if currency_required else "CNY")
    if currency != "CNY":
        raise bad_parameter("/amount/currency", "Currency code is invalid", currency)
    return value, "CNY"


def _notify_url(form: dict[str, Any], *, required: bool) -> str:
    """https without a query. Plain http is taken for loopback only, where a sandbox lives."""
    url = _text(form, "notify_url", 255, required=required)
    if not url:
        return ""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname or parts.query or parts.fragment:
        raise bad_parameter("/notify_url", "an https address without a query", url)
    return url
