"""WeChat Pay's side of the wire for unit tests: signs with real keys, written from the public documentation.

It shares no code with the connector. ``Peer`` of the conformance kit by shape.
"""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID

from terminal.banks.conformance import Says
from terminal.banks.connector import Act
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "golden" / "wechatpay_apiv3.json").read_text("utf-8")
)
APIV3_KEY = "0123456789abcdef0123456789abcdef"
MCHID, APPID = "1230000109", "wxd678efh567hg6787"
KEY_ID = "PUB_KEY_ID_0110000000000000000000000000000001"
NOW_S = 1_790_000_000
STATES = {
    "paid": "SUCCESS",
    "unpaid": "NOTPAY",
    "paying": "USERPAYING",
    "closed": "CLOSED",
    "reversed": "REVOKED",
    "failed": "PAYERROR",
    "returned": "REFUND",
}
ERRORS = {
    "not_there": (404, "ORDER_NOT_EXIST"),
    "asks_to_wait": (400, "USERPAYING"),
    "code_expired": (400, "AUTH_CODE_EXPIRE"),
    "order_paid": (400, "ORDER_PAID"),
    "system_error": (500, "SYSTEM_ERROR"),
    "rate_limited": (429, "FREQUENCY_LIMITED"),
}
_FIELDS = re.compile(r'([a-z_]+)="([^"]*)"')


def merchant_key() -> rsa.RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(VECTORS["key_pkcs8_der_base64"]), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@cache
def made_key(name: str) -> rsa.RSAPrivateKey:
    """A key of its own for each name, once a run: "platform", "stranger", "next"."""
    return rsa.generate_private_key(65537, 2048)


class WeChatPeer:
    def __init__(self, *, key: str = "platform", key_id: str = KEY_ID, now_s: int = NOW_S) -> None:
        self.key, self.key_id, self.now_s = key, key_id, now_s
        self.count = 0

    # --- Peer ---

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: Act = "query"
    ) -> HttpReply:
        if what in STATES:
            return self.answer(200, self.transaction(order, STATES[what]))
        if what in ERRORS:
            status, code = ERRORS[what]
            return self.answer(status, {"code": code, "message": "说明"})
        match what:
            case "made":
                return self.answer(200, {"code_url": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"})
            case "made_foreign":
                return self.answer(200, {"code_url": "https://evil.invalid/weixin://wxpay/bizpayurl"})
            case "close_done":
                return self.signed(204, b"")
            case "reverse_done":
                return self.answer(200, {"appid": APPID, "mchid": MCHID, "out_trade_no": order.order_no})
        assert refund is not None
        return self.answer(
            200, self.refund(refund, "SUCCESS" if what == "refund_done" else "PROCESSING", "status")
        )

    def notifies(self, order: Order, refund: RefundOrder | None = None) -> HttpReply:
        if refund is None:
            return self.notification("TRANSACTION.SUCCESS", self.transaction(order, "SUCCESS"))
        found = {"mchid": MCHID, **self.refund(refund, "SUCCESS", "refund_status")}
        del found["amount"]["currency"]
        return self.notification("REFUND.SUCCESS", found)

    def signed(
        self, status: int, body: bytes, *, act: str = "query", at_s: int | None = None, key: str = ""
    ) -> HttpReply:
        self.count += 1
        at, nonce = str(self.now_s if at_s is None else at_s), f"{self.count:032d}"
        message = f"{at}\n{nonce}\n".encode() + body + b"\n"
        raw = made_key(key or self.key).sign(message, padding.PKCS1v15(), hashes.SHA256())
        headers = {
            "date": format_datetime(datetime.fromtimestamp(self.now_s, UTC), usegmt=True),
            "wechatpay-timestamp": at,
            "wechatpay-nonce": nonce,
            "wechatpay-serial": self.key_id,
            "wechatpay-signature": base64.b64encode(raw).decode(),
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        }
        return HttpReply(status, headers, body)

    def forged(self, reply: HttpReply) -> HttpReply:
        return self.signed(reply.status, reply.body, key="stranger")

    def unsigned(self, reply: HttpReply) -> HttpReply:
        return replace(reply, headers={"date": reply.headers["date"]})

    def probe(self, reply: HttpReply) -> HttpReply:
        return replace(reply, headers={**reply.headers, "wechatpay-signature": "WECHATPAY/SIGNTEST/0102030405"})

    def aged(self, reply: HttpReply, seconds: int) -> HttpReply:
        return self.signed(reply.status, reply.body, at_s=self.now_s - seconds)

    def accepts(self, request: HttpRequest) -> bool:
        scheme, _, rest = dict(request.headers)["Authorization"].partition(" ")
        given = dict(_FIELDS.findall(rest))
        message = f"{request.method}\n{request.target}\n{given['timestamp']}\n{given['nonce_str']}\n"
        try:
            merchant_key().public_key().verify(
                base64.b64decode(given["signature"]),
                message.encode() + request.body + b"\n",
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except InvalidSignature:
            return False
        fresh = abs(int(given["timestamp"]) - self.now_s) <= 300
        return scheme == "WECHATPAY2-SHA256-RSA2048" and given["mchid"] == MCHID and fresh

    # --- what it is made of ---

    def answer(self, status: int, body: dict[str, Any]) -> HttpReply:
        return self.signed(status, json.dumps(body, ensure_ascii=False).encode())

    def transaction(self, order: Order, state: str) -> dict[str, Any]:
        total = {"total": order.amount.minor, "payer_currency": "CNY"}
        found: dict[str, Any] = {
            "appid": APPID,
            "mchid": MCHID,
            "out_trade_no": order.order_no,
            "promotion_detail": [],
            "trade_state": state,
            "trade_state_desc": "说明",
            "amount": total,
        }
        if state in {"SUCCESS", "REFUND"}:
            found |= {
                "transaction_id": "4200000" + order.order_no[-12:],
                "trade_type": "NATIVE",
                "bank_type": "CCB_DEBIT",
                "success_time": "2026-09-21T10:34:56+08:00",
                "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
                "amount": {**total, "payer_total": order.amount.minor, "currency": order.amount.currency},
            }
        return found

    def refund(self, refund: RefundOrder, state: str, state_field: str) -> dict[str, Any]:
        amount = {"total": refund.total.minor, "refund": refund.amount.minor, "currency": "CNY"}
        return {
            "refund_id": "5030000" + refund.refund_no[-12:],
            "out_refund_no": refund.refund_no,
            "transaction_id": "4200000" + refund.order_no[-12:],
            "out_trade_no": refund.order_no,
            "user_received_account": "支付用户零钱",
            "success_time": "2026-09-21T10:35:56+08:00",
            state_field: state,
            "amount": amount,
        }

    def notification(self, event: str, content: dict[str, Any], **changes: Any) -> HttpReply:
        kind = event.partition(".")[0].lower()
        self.count += 1
        body = {
            "id": f"EV-{self.count:06d}",
            "create_time": "2026-09-21T10:34:57+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功",
            "resource": {"original_type": kind, **sealed(json.dumps(content).encode(), kind)},
        }
        return self.answer(200, {**body, **changes})

    def certificates(self, *certificates: x509.Certificate, secret: str = APIV3_KEY) -> HttpReply:
        return self.answer(
            200,
            {
                "data": [
                    {
                        "serial_no": f"{one.serial_number:X}",
                        "effective_time": one.not_valid_before_utc.isoformat(),
                        "expire_time": one.not_valid_after_utc.isoformat(),
                        "encrypt_certificate": sealed(
                            one.public_bytes(Encoding.PEM), "certificate", secret=secret
                        ),
                    }
                    for one in certificates
                ]
            },
        )


def sealed(plain: bytes, data: str, *, secret: str = APIV3_KEY) -> dict[str, str]:
    nonce = b"fdasflkja484"
    cipher = AESGCM(secret.encode()).encrypt(nonce, plain, data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(cipher).decode(),
        "associated_data": data,
        "nonce": nonce.decode(),
    }


@cache
def certificate(key: str, *, from_s: int = NOW_S - 86_400, until_s: int = NOW_S + 86_400) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, key)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(made_key(key).public_key())
        .serial_number(int.from_bytes(key.encode()))
        .not_valid_before(datetime.fromtimestamp(from_s, UTC))
        .not_valid_after(datetime.fromtimestamp(until_s, UTC))
        .sign(made_key(key), hashes.SHA256())
    )
