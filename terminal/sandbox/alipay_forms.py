"""Alipay's texts made from records: trades, times, amounts, signatures.

Source: Alipay Open Platform documentation: "Signing", "Asynchronous notifications", alipay.trade.query.
"""

import base64
import datetime
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from terminal.sandbox.keyring import Keyring
from terminal.sandbox.records import Order

Form = dict[str, Any]
PRECREATE: Final = "PRECREATE"
BARCODE: Final = "BARCODE"
_BEIJING: Final = datetime.timezone(datetime.timedelta(hours=8))


def beijing(at_ms: int) -> str:
    """yyyy-MM-dd HH:mm:ss"""
    return datetime.datetime.fromtimestamp(at_ms // 1000, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def read_beijing(text: str) -> int | None:
    """UTC milliseconds; None when it is no such time."""
    try:
        moment = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  # Beijing's, set below
    except ValueError:
        return None
    return int(moment.replace(tzinfo=_BEIJING).timestamp()) * 1000


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def raise_amount(form: Form, by: int) -> None:
    """State more than was taken, or less when ``by`` is negative."""
    whole, _, cents = form["total_amount"].partition(".")
    form["total_amount"] = yuan(int(whole) * 100 + int(cents) + by)


def number_of(asked: Form) -> str:
    return str(asked.get("out_trade_no", ""))


def trade_no(order: Order) -> str:
    """28 digits: the first capture's, or what it would be."""
    if order.captures:
        return order.captures[0].transaction_id
    digest = int.from_bytes(hashlib.sha256(order.key.encode()).digest()[:8])
    return beijing(order.created_ms)[:10].replace("-", "") + str(digest % 10**20).rjust(20, "0")


def status(order: Order, refundable: int, now_ms: int) -> str:
    if order.state == "SUCCESS" or (order.state == "REFUND" and refundable > 0):
        return "TRADE_SUCCESS"
    alive = order.state == "USERPAYING" or (order.state == "NOTPAY" and now_ms < order.payable_until_ms)
    return "WAIT_BUYER_PAY" if alive else "TRADE_CLOSED"


def payment(order: Order, paid_name: str) -> Form:
    """What both the answer to pay and the answer to a query say of money taken."""
    first = order.captures[0]
    amount = yuan(first.amount)
    return {
        paid_name: beijing(first.at_ms),
        "receipt_amount": amount,
        "buyer_pay_amount": amount,
        "point_amount": "0.00",
        "invoice_amount": amount,
        "buyer_logon_id": "tes***@sandbox.test",
        "buyer_user_id": "2088000000009999",
        "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": amount}],
    }


def sign_text(given: Mapping[str, str], *, leave_out: tuple[str, ...]) -> bytes:
    """Sorted ``name=value`` of what is not empty, joined with ``&``, not URL-encoded."""
    kept = (name for name in sorted(given) if given[name] and name not in leave_out)
    return "&".join(f"{name}={given[name]}" for name in kept).encode()


def signed(keys: Keyring, message: bytes, tamper: str = "", *, certified: bool = False) -> str:
    """RSA2 of the platform, or with ``tamper`` something that must not be believed."""
    own = keys.certificates[-1].signer if certified else keys.public.signer
    signer = keys.forger if tamper in ("forged", "unknown-serial") else own
    raw = signer.sign(message)
    if tamper and signer is own and tamper != "stale":
        raw = bytes((raw[0] ^ 1,)) + raw[1:]
    return base64.b64encode(raw).decode()
