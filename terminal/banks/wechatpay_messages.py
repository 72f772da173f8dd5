"""Reading WeChat Pay's messages: seals, sealed resources, transactions, refunds. Pure and strict.

Sources: WeChat Pay APIv3 documentation, "Signature verification", "Certificate and callback decryption",
"Payment notification", "Refund notification", "Query order", "Refund"; signature and AEAD vectors of
wechatpay-apiv3/wechatpay-go.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.banks.connector import Seal
from terminal.banks.fields import Fields, Unreadable, inner, text
from terminal.banks.wechatpay_codes import REFUNDS, TRADES
from terminal.errors import NotEvidence
from terminal.payments.notice import Notice, RefundNotice, Source

NOTIFICATION_MAX: Final = 64 * 1024
SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
PROBE: Final = "WECHATPAY/SIGNTEST/"
AEAD: Final = "AEAD_AES_256_GCM"
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_NONCE: Final = re.compile(r"[!-~]{1,64}")
_KEY_ID: Final = re.compile(r"[0-9A-Za-z_]{1,64}")
_SIGNATURE: Final = re.compile(r"[0-9A-Za-z+/=]{1,1400}")  # base64 of an RSA key up to 8192 bits


def seal_of(headers: Mapping[str, str], body: bytes, *, type_required: bool) -> Seal:
    """Take the four signature headers, once and by their exact names in any case.

    Raises:
        NotEvidence: ``signature_missing``; ``signature_probe``, WeChat testing whether we verify at all;
            ``signature_unreadable``: a header twice, an odd character, another scheme.
    """
    found: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower.startswith("wechatpay-"):
            if lower in found:
                raise NotEvidence("signature_unreadable", field=lower)
            found[lower] = value
    signature = found.get("wechatpay-signature", "")
    if not signature:
        raise NotEvidence("signature_missing")
    if signature.startswith(PROBE):
        raise NotEvidence("signature_probe")
    scheme = found.get("wechatpay-signature-type", "" if type_required else SCHEME)
    at, nonce, key_id = (found.get(f"wechatpay-{name}", "") for name in ("timestamp", "nonce", "serial"))
    for field, good in (
        ("wechatpay-signature-type", scheme == SCHEME),
        ("wechatpay-timestamp", _SECONDS.fullmatch(at)),
        ("wechatpay-nonce", _NONCE.fullmatch(nonce)),
        ("wechatpay-serial", _KEY_ID.fullmatch(key_id)),
        ("wechatpay-signature", _SIGNATURE.fullmatch(signature)),
    ):
        if not good:
            raise NotEvidence("signature_unreadable", field=field)
    return Seal(key_id, f"{at}\n{nonce}\n".encode() + body + b"\n", signature, int(at))


def unsealed(resource: Fields, key: bytes) -> bytes:
    """Open an AES-256-GCM resource: nonce of 12 bytes, tag of 16 bytes after the ciphertext (RFC 5116).

    Raises:
        Unreadable: not of this form, or the tag does not fit key, nonce, data and ciphertext.
    """
    nonce, sealed = text(resource, "nonce").encode(), text(resource, "ciphertext", NOTIFICATION_MAX)
    if text(resource, "algorithm") != AEAD or len(nonce) != 12:
        raise Unreadable("algorithm")
    data = text(resource, "associated_data", optional=True).encode()
    try:
        return AESGCM(key).decrypt(nonce, base64.b64decode(sealed.encode(), validate=True), data)
    except (binascii.Error, InvalidTag, ValueError):
        raise Unreadable("ciphertext") from None


def fen(source: Fields, name: str, *, optional: bool = False) -> int | None:
    """An amount in the smallest unit, written as an integer: "100" and 100.0 are no amounts."""
    value = source.get(name)
    if value is None and optional:
        return None
    if type(value) is not int or value < 0:
        raise Unreadable(name)
    return value


def transaction(found: Fields, *, provider: str, source: Source, evidence: str) -> Notice:
    """A transaction object. Raises Unreadable, also for a trade_state nobody listed."""
    trade = TRADES.get(text(found, "trade_state"))
    if trade is None:
        raise Unreadable("trade_state")
    amount = inner(found, "amount") if found.get("amount") is not None else {}
    return Notice(
        provider=provider,
        source=source,
        evidence_id=evidence,
        merchant_id=text(found, "mchid"),
        app_id=text(found, "appid"),
        order_no=text(found, "out_trade_no"),
        trade=trade,
        amount_minor=fen(amount, "total", optional=True),
        currency=text(amount, "currency", optional=True) or None,
        provider_txn=text(found, "transaction_id", optional=True),
        payer_minor=fen(amount, "payer_total", optional=True),
        paid_at=text(found, "success_time", optional=True),
        wallet=provider,
        bank=text(found, "bank_type", optional=True),
    )


def refund(found: Fields, *, provider: str, source: Source, evidence: str, merchant_id: str = "") -> RefundNotice:
    """A refund object; notifications say ``mchid`` and ``refund_status``, answers ``status`` and no mchid.

    Args:
        merchant_id: who asked, for answers, which exist only within our own signed exchange.
    """
    trade = REFUNDS.get(text(found, "status" if merchant_id else "refund_status"))
    if trade is None:
        raise Unreadable("status")
    amount = inner(found, "amount")
    return RefundNotice(
        provider=provider,
        source=source,
        evidence_id=evidence,
        merchant_id=merchant_id or text(found, "mchid"),
        order_no=text(found, "out_trade_no"),
        refund_no=text(found, "out_refund_no"),
        trade=trade,
        amount_minor=fen(amount, "refund"),
        currency=text(amount, "currency", optional=True) or None,
        provider_refund=text(found, "refund_id", optional=True),
        refunded_at=text(found, "success_time", optional=True),
    )
