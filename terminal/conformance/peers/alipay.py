"""Alipay's side of the wire, signed with real keys, written from the public documentation.

It shares no code with the connector. Sources: Alipay Open Platform documentation (opendocs.alipay.com):
"Signing", "Asynchronous notifications", alipay.trade.precreate, pay, query, cancel, refund, fastpay.refund.query.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from terminal.conformance.kit import NOW_S, PAYER, WORDS, Says
from terminal.conformance.peers.rsa_keys import rsa_key, signature
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder

APP_ID, SELLER_ID = "2021000000000001", "2088000000000001"
NODES: Final = {
    "order": "precreate",
    "pay": "pay",
    "query": "query",
    "close": "cancel",
    "reverse": "cancel",
    "refund": "refund",
    "query_refund": "fastpay_refund_query",
}
STATES: Final = {
    "paid": "TRADE_SUCCESS",
    "paying": "WAIT_BUYER_PAY",
    "closed": "TRADE_CLOSED",
    "returned": "TRADE_CLOSED",
    "odd_state": "TRADE_SUCCESSFUL",
}
ERRORS: Final = {
    "not_there": ("40004", "ACQ.TRADE_NOT_EXIST"),
    "code_expired": ("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID"),
    "no_funds": ("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH"),
    "order_paid": ("40004", "ACQ.TRADE_HAS_SUCCESS"),
    "too_late": ("40004", "ACQ.TRADE_CANCEL_TIME_OUT"),
    "refund_too_much": ("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"),
    "system_error": ("20000", "aop.ACQ.SYSTEM_ERROR"),
    "odd_error": ("40004", "ACQ.SOMETHING_NEW"),
}
LACKS: Final = ("unpaid", "reversed", "failed", "refund_failed", "foreign_merchant")


class AlipayPeer:
    """Peer of the kit. ``key`` signs as Alipay, ``shop`` is the public half of the app's key."""

    def __init__(
        self,
        *,
        key: RSAPrivateKey | None = None,
        now_s: int = NOW_S,
        shop: RSAPublicKey | None = None,
        stranger: RSAPrivateKey | None = None,
    ) -> None:
        self.private, self.now_s, self.count = key or rsa_key("platform"), now_s, 0
        self.shop, self.stranger = shop or rsa_key("merchant").public_key(), stranger or rsa_key("stranger")

    # --- Peer ---

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: str = "query"
    ) -> HttpReply | None:
        if what in LACKS or (what == "asks_to_wait" and act != "pay"):
            return None
        if what == "rate_limited":
            return HttpReply(429, self.headers(), b"")
        if what in ERRORS:
            code, sub_code = ERRORS[what]
            return self.answer(act, {"code": code, "msg": "x", "sub_code": sub_code, "sub_msg": WORDS})
        known = {"code": "10000", "msg": "Success", "out_trade_no": order.order_no}
        if what in STATES:
            return self.answer(act, known | self.trade(order, STATES[what], returned=what == "returned"))
        match what:
            case "made":
                return self.answer(act, known | {"qr_code": "https://qr.alipay.com/bavh4wjlxf12tper3a"})
            case "made_foreign":
                return self.answer(act, known | {"qr_code": "https://evil.invalid/https://qr.alipay.com/"})
            case "asks_to_wait":
                return self.answer(act, known | {"code": "10003", "msg": "order success pay inprocess"})
            case "close_done" | "reverse_done":
                return self.answer(act, known | {"trade_no": "2013", "retry_flag": "N", "action": "close"})
            case "nothing_done":  # "Cancel": no trade, and no action on it
                return self.answer(act, known | {"retry_flag": "N"})
        if what.startswith("refund"):
            assert refund is not None
            return self.answer(act, known | self.refund(refund, act, what))
        return self.answer(act, known | self.strange(order, what))

    def notifies(self, order: Order, refund: RefundOrder | None = None, what: Says = "paid") -> HttpReply:
        self.count += 1
        trade = self.trade(order, STATES[what]) if what in STATES else self.strange(order, what)
        told = {
            **trade,
            "notify_id": f"2019081500222{self.count:021d}",
            "notify_type": "trade_status_sync",
            "out_trade_no": order.order_no,
            "app_id": APP_ID,
            "seller_id": "2088000000000002" if what == "foreign_merchant" else SELLER_ID,
            "subject": "面包 Bread + 茶",
        }
        if refund is not None:
            fee = yuan(refund.amount.minor)
            told |= {"refund_fee": fee, "gmt_refund": beijing(self.now_s), "out_biz_no": refund.refund_no}
        return self.notification(told)

    def content(self, reply: HttpReply) -> bytes:
        return self.value_of(reply.body)[0]

    def signed(
        self, status: int, body: bytes, *, act: str = "query", key: RSAPrivateKey | None = None
    ) -> HttpReply:
        if act == "notification":
            return self.notification({"notify_id": "1", "trade_status": body.decode(errors="replace")})
        node = f"alipay_trade_{NODES[act]}_response"
        sign = self.sign(body, key)
        return HttpReply(status, self.headers(), b'{"%s":%s,"sign":"%s"}' % (node.encode(), body, sign.encode()))

    def forged(self, reply: HttpReply) -> HttpReply:
        if not reply.body.startswith(b"{"):
            told = dict(parse_qsl(reply.body.decode(), keep_blank_values=True))
            return self.notification(told, key=self.stranger)
        value, node = self.value_of(reply.body)
        sign = self.sign(value, self.stranger).encode()
        return replace(reply, body=b'{"%s":%s,"sign":"%s"}' % (node, value, sign))

    def unsigned(self, reply: HttpReply) -> HttpReply:
        if not reply.body.startswith(b"{"):
            told = {name: value for name, value in parse_qsl(reply.body.decode()) if name != "sign"}
            return replace(reply, body=urlencode(told).encode())
        value, node = self.value_of(reply.body)
        return replace(reply, body=b'{"%s":%s}' % (node, value))

    def probe(self, reply: HttpReply) -> None:  # noqa: ARG002  # Alipay sends none
        return None

    def aged(self, reply: HttpReply, seconds: int) -> HttpReply | None:
        if reply.body.startswith(b"{"):
            return None
        told = dict(parse_qsl(reply.body.decode(), keep_blank_values=True))
        return self.notification(told, at_s=self.now_s - seconds)

    def accepts(self, request: HttpRequest) -> bool:
        """Query and form together, sorted, not URL-encoded; ``sign_type`` is signed here."""
        pairs = parse_qsl(urlsplit(request.target).query + "&" + request.body.decode(), strict_parsing=True)
        given = dict(pairs)
        text = "&".join(f"{name}={given[name]}" for name in sorted(given) if name != "sign" and given[name])
        at = datetime.fromisoformat(given["timestamp"]).replace(tzinfo=UTC) - timedelta(hours=8)
        try:
            self.shop.verify(base64.b64decode(given["sign"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        ours = given["app_id"] == APP_ID and given["sign_type"] == "RSA2" and len(pairs) == len(given)
        return ours and int(at.timestamp()) == self.now_s

    # --- what it is made of ---

    def answer(self, act: str, value: dict[str, Any]) -> HttpReply:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        return self.signed(200, text.encode(), act=act)

    def trade(self, order: Order, state: str, *, returned: bool = False) -> dict[str, Any]:
        total = yuan(order.amount.minor)
        told: dict[str, Any] = {"trade_status": state, "total_amount": total, "trade_no": "20131" + order.order_no}
        told["buyer_user_id"] = PAYER
        if state == "TRADE_SUCCESS" or returned:
            told |= {"gmt_payment": beijing(self.now_s - 3), "buyer_pay_amount": total, "receipt_amount": total}
        return told

    def strange(self, order: Order, what: Says) -> dict[str, Any]:
        """Paid, but for one field."""
        told = self.trade(order, "TRADE_SUCCESS")
        match what:
            case "odd_amount":
                told["total_amount"] += "5"  # a third decimal
            case "negative_amount":
                told["total_amount"] = "-" + told["total_amount"]
            case "foreign_currency":
                told["trans_currency"] = "USD"
            case "foreign_merchant":
                pass  # named by a notification alone
            case _:
                raise AssertionError(what)
        return told

    def refund(self, refund: RefundOrder, act: str, what: Says) -> dict[str, Any]:
        fee, done = yuan(refund.amount.minor), what == "refund_done"
        if act == "refund":
            return {"trade_no": "2013", "fund_change": "Y" if done else "N", "refund_fee": fee}
        told = {"trade_no": "2013", "out_request_no": refund.refund_no, "refund_amount": fee}
        status = {"refund_done": "REFUND_SUCCESS", "refund_odd": "REFUND_HALFWAY"}.get(what)
        return told | ({"refund_status": status} if status else {})

    def notification(
        self, told: dict[str, Any], *, at_s: int | None = None, key: RSAPrivateKey | None = None
    ) -> HttpReply:
        told = {name: value for name, value in told.items() if name not in {"sign", "sign_type"}}
        told |= {"notify_time": told.get("notify_time", beijing(self.now_s)), "charset": "utf-8"}
        if at_s is not None:
            told["notify_time"] = beijing(at_s)
        text = "&".join(f"{name}={told[name]}" for name in sorted(told) if told[name])
        told |= {"sign": self.sign(text.encode(), key), "sign_type": "RSA2"}
        return HttpReply(200, self.headers(), urlencode(told).encode())

    def sign(self, message: bytes, key: RSAPrivateKey | None = None) -> str:
        return base64.b64encode(signature(key or self.private, message)).decode()

    def headers(self) -> dict[str, str]:
        return {"date": format_datetime(datetime.fromtimestamp(self.now_s, UTC), usegmt=True)}

    def value_of(self, body: bytes) -> tuple[bytes, bytes]:
        head, _, rest = body.partition(b'":')
        return rest.rpartition(b',"sign"')[0], head[2:]


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def beijing(at_s: int) -> str:
    return (datetime.fromtimestamp(at_s, UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
