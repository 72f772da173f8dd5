"""WeChat Pay's side of the wire, signed with real keys, written from the public documentation (APIv3).

It shares no code with the connector. Sources: WeChat Pay merchant documentation (pay.weixin.qq.com): "Signature
verification", "Native order", "Code payment", "Query order", "Reverse", "Refund", "Payment notification".
"""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.conformance.kit import NOW_S, PAYER, WORDS, Says
from terminal.conformance.peers.rsa_keys import rsa_key, signature
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder

APIV3_KEY: Final = "0123456789abcdef0123456789abcdef"
MCHID, APPID = "1230000109", "wxd678efh567hg6787"
KEY_ID: Final = "PUB_KEY_ID_0110000000000000000000000000000001"
STATES: Final = {
    "paid": "SUCCESS",
    "unpaid": "NOTPAY",
    "paying": "USERPAYING",
    "closed": "CLOSED",
    "reversed": "REVOKED",
    "failed": "PAYERROR",
    "returned": "REFUND",
    "odd_state": "SUCCESSFUL",
}
ERRORS: Final = {
    "not_there": (404, "ORDER_NOT_EXIST"),
    "asks_to_wait": (400, "USERPAYING"),
    "code_expired": (400, "AUTH_CODE_EXPIRE"),
    "no_funds": (403, "NOT_ENOUGH"),
    "order_paid": (400, "ORDER_PAID"),
    "too_late": (400, "ORDER_PAID"),  # to a reverse it means: paid, and to be refunded instead
    "system_error": (500, "SYSTEM_ERROR"),
    "odd_error": (400, "SOMETHING_NEW"),
    "rate_limited": (429, "FREQUENCY_LIMITED"),
}
REFUNDS: Final = {
    "refund_done": "SUCCESS",
    "refund_running": "PROCESSING",
    "refund_failed": "CLOSED",
    "refund_odd": "HALFWAY",
}
LACKS: Final = ("refund_too_much", "nothing_done")  # no error code of its own; no such answer
_FIELDS: Final = re.compile(r'([a-z_]+)="([^"]*)"')


class WeChatPeer:
    """Peer of the kit. ``key`` signs as the platform, ``shop`` is the public half of the merchant's."""

    def __init__(
        self,
        *,
        key: RSAPrivateKey | None = None,
        key_id: str = KEY_ID,
        now_s: int = NOW_S,
        shop: RSAPublicKey | None = None,
        stranger: RSAPrivateKey | None = None,
    ) -> None:
        self.private, self.key_id, self.now_s = key or rsa_key("platform"), key_id, now_s
        self.shop, self.stranger = shop or rsa_key("merchant").public_key(), stranger or rsa_key("stranger")
        self.count = 0

    # --- Peer ---

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: str = "query"
    ) -> HttpReply | None:
        if what in LACKS:
            return None
        if what in STATES:
            return self.answer(200, self.transaction(order, STATES[what]))
        if what in ERRORS:
            status, code = ERRORS[what]
            if what == "order_paid" and act == "pay":
                status, code = 403, "OUT_TRADE_NO_USED"
            return self.answer(status, {"code": code, "message": WORDS})
        match what:
            case "made":
                return self.answer(200, {"code_url": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz"})
            case "made_foreign":
                return self.answer(200, {"code_url": "https://evil.invalid/weixin://wxpay/bizpayurl"})
            case "close_done":
                return self.signed(204, b"")
            case "reverse_done":
                return self.answer(200, {"appid": APPID, "mchid": MCHID, "out_trade_no": order.order_no})
        if what in REFUNDS:
            assert refund is not None
            return self.answer(200, self.refund(refund, REFUNDS[what], "status"))
        return self.answer(200, self.strange(order, what))

    def notifies(self, order: Order, refund: RefundOrder | None = None, what: Says = "paid") -> HttpReply:
        if refund is not None:
            found = {"mchid": MCHID, **self.refund(refund, "SUCCESS", "refund_status")}
            del found["amount"]["currency"]
            return self.notification("REFUND.SUCCESS", found)
        content = self.transaction(order, STATES[what]) if what in STATES else self.strange(order, what)
        return self.notification("TRANSACTION.SUCCESS", content)

    def content(self, reply: HttpReply) -> bytes:
        return reply.body

    def signed(
        self,
        status: int,
        body: bytes,
        *,
        act: str = "query",  # noqa: ARG002  # every message is signed alike
        at_s: int | None = None,
        key: RSAPrivateKey | None = None,
    ) -> HttpReply:
        self.count += 1
        at, nonce = str(self.now_s if at_s is None else at_s), f"{self.count:032d}"
        message = f"{at}\n{nonce}\n".encode() + body + b"\n"
        headers = {
            "date": format_datetime(datetime.fromtimestamp(self.now_s, UTC), usegmt=True),
            "wechatpay-timestamp": at,
            "wechatpay-nonce": nonce,
            "wechatpay-serial": self.key_id,
            "wechatpay-signature": base64.b64encode(signature(key or self.private, message)).decode(),
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        }
        return HttpReply(status, headers, body)

    def forged(self, reply: HttpReply) -> HttpReply:
        return self.signed(reply.status, reply.body, key=self.stranger)

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
            self.shop.verify(
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
            "trade_state_desc": WORDS,
            "amount": total,
        }
        if state in {"SUCCESS", "REFUND"}:
            found |= {
                "transaction_id": "4200000" + order.order_no[-12:],
                "trade_type": "NATIVE",
                "bank_type": "CCB_DEBIT",
                "success_time": "2026-09-21T10:34:56+08:00",
                "payer": {"openid": PAYER},
                "amount": {**total, "payer_total": order.amount.minor, "currency": order.amount.currency},
            }
        return found

    def strange(self, order: Order, what: Says) -> dict[str, Any]:
        """Paid, but for one field."""
        found = self.transaction(order, "SUCCESS")
        match what:
            case "odd_amount":
                found["amount"]["total"] = float(order.amount.minor)
            case "negative_amount":
                found["amount"]["total"] = -order.amount.minor
            case "foreign_currency":
                found["amount"]["currency"] = "USD"
            case "foreign_merchant":
                found["mchid"] = "1230000110"
            case _:
                raise AssertionError(what)
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


def sealed(plain: bytes, data: str, *, secret: str = APIV3_KEY) -> dict[str, str]:
    nonce = b"fdasflkja484"
    cipher = AESGCM(secret.encode()).encrypt(nonce, plain, data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(cipher).decode(),
        "associated_data": data,
        "nonce": nonce.decode(),
    }
