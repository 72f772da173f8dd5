"""Alipay's side of the wire for unit tests: signs with real keys, written from the public documentation.

It shares no code with the connector. ``Peer`` of the conformance kit by shape.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from terminal.banks.conformance import Says
from terminal.banks.connector import Act
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder
from tests.unit.banks.wechat_peer import NOW_S, made_key, merchant_key

APP_ID, SELLER_ID = "2021000000000001", "2088000000000001"
NODES: dict[str, str] = {
    "order": "precreate",
    "pay": "pay",
    "query": "query",
    "close": "cancel",
    "reverse": "cancel",
    "refund": "refund",
    "query_refund": "fastpay_refund_query",
}
STATES = {
    "paid": "TRADE_SUCCESS",
    "paying": "WAIT_BUYER_PAY",
    "closed": "TRADE_CLOSED",
    "returned": "TRADE_CLOSED",
}
ERRORS = {
    "not_there": ("40004", "ACQ.TRADE_NOT_EXIST"),
    "code_expired": ("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID"),
    "order_paid": ("40004", "ACQ.TRADE_HAS_SUCCESS"),
    "system_error": ("20000", "aop.ACQ.SYSTEM_ERROR"),
}
NOBODY_SAYS = {"unpaid", "reversed", "failed"}


class AlipayPeer:
    def __init__(self, *, key: str = "platform", now_s: int = NOW_S) -> None:
        self.key, self.now_s, self.count = key, now_s, 0

    # --- Peer ---

    def says(
        self, what: Says, order: Order, refund: RefundOrder | None = None, *, act: Act = "query"
    ) -> HttpReply | None:
        if what in NOBODY_SAYS or (what == "asks_to_wait" and act != "pay"):
            return None
        if what == "rate_limited":
            return HttpReply(429, self.headers(), b"")
        if what in ERRORS:
            code, sub_code = ERRORS[what]
            return self.answer(act, {"code": code, "msg": "x", "sub_code": sub_code, "sub_msg": "说明"})
        known = {"code": "10000", "msg": "Success", "out_trade_no": order.order_no}
        if what in STATES:
            return self.answer(act, known | self.trade(order, STATES[what], was_paid=what == "returned"))
        match what:
            case "made":
                return self.answer(act, known | {"qr_code": "https://qr.alipay.com/bavh4wjlxf12tper3a"})
            case "made_foreign":
                return self.answer(act, known | {"qr_code": "https://evil.invalid/https://qr.alipay.com/"})
            case "asks_to_wait":
                return self.answer(act, known | {"code": "10003", "msg": "order success pay inprocess"})
            case "close_done" | "reverse_done":
                return self.answer(act, known | {"trade_no": "2013", "retry_flag": "N", "action": "close"})
        assert refund is not None
        return self.answer(act, known | self.refund(refund, act, done=what == "refund_done"))

    def notifies(self, order: Order, refund: RefundOrder | None = None) -> HttpReply:
        self.count += 1
        told = {
            **self.trade(order, "TRADE_SUCCESS"),
            "notify_id": f"2019081500222{self.count:021d}",
            "notify_type": "trade_status_sync",
            "out_trade_no": order.order_no,
            "app_id": APP_ID,
            "seller_id": SELLER_ID,
            "subject": "面包 Bread + 茶",
        }
        if refund is not None:
            fee = f"{refund.amount.minor / 100:.2f}"
            told |= {"refund_fee": fee, "gmt_refund": beijing(self.now_s), "out_biz_no": refund.refund_no}
        return self.notification(told)

    def signed(self, status: int, body: bytes, *, act: str = "query", key: str = "") -> HttpReply:
        if act == "notification":
            return self.notification({"notify_id": "1", "trade_status": body.decode(errors="replace")})
        node = f"alipay_trade_{NODES[act]}_response"
        sign = self.sign(body, key)
        return HttpReply(status, self.headers(), b'{"%s":%s,"sign":"%s"}' % (node.encode(), body, sign.encode()))

    def forged(self, reply: HttpReply) -> HttpReply:
        if not reply.body.startswith(b"{"):
            told = dict(parse_qsl(reply.body.decode(), keep_blank_values=True))
            return self.notification(told, key="stranger")
        value, node = self.value_of(reply.body)
        return replace(reply, body=b'{"%s":%s,"sign":"%s"}' % (node, value, self.sign(value, "stranger").encode()))

    def unsigned(self, reply: HttpReply) -> HttpReply:
        if not reply.body.startswith(b"{"):
            told = {name: value for name, value in parse_qsl(reply.body.decode()) if name != "sign"}
            return replace(reply, body=urlencode(told).encode())
        value, node = self.value_of(reply.body)
        return replace(reply, body=b'{"%s":%s}' % (node, value))

    def probe(self, reply: HttpReply) -> None:
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
            merchant_key().public_key().verify(
                base64.b64decode(given["sign"]), text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        ours = given["app_id"] == APP_ID and given["sign_type"] == "RSA2" and len(pairs) == len(given)
        return ours and int(at.timestamp()) == self.now_s

    # --- what it is made of ---

    def answer(self, act: str, value: dict[str, Any]) -> HttpReply:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        return self.signed(200, text.encode(), act=act)

    def trade(self, order: Order, state: str, *, was_paid: bool = False) -> dict[str, Any]:
        yuan = f"{order.amount.minor / 100:.2f}"
        told: dict[str, Any] = {"trade_status": state, "total_amount": yuan, "trade_no": "20131" + order.order_no}
        if state == "TRADE_SUCCESS" or was_paid:
            told |= {"gmt_payment": beijing(self.now_s - 3), "buyer_pay_amount": yuan, "receipt_amount": yuan}
        return told

    def refund(self, refund: RefundOrder, act: str, *, done: bool) -> dict[str, Any]:
        fee = f"{refund.amount.minor / 100:.2f}"
        if act == "refund":
            return {"trade_no": "2013", "fund_change": "Y" if done else "N", "refund_fee": fee}
        told = {"trade_no": "2013", "out_request_no": refund.refund_no, "refund_amount": fee}
        return told | ({"refund_status": "REFUND_SUCCESS"} if done else {})

    def notification(self, told: dict[str, Any], *, at_s: int | None = None, key: str = "") -> HttpReply:
        told = {name: value for name, value in told.items() if name not in {"sign", "sign_type"}}
        told |= {"notify_time": told.get("notify_time", beijing(self.now_s)), "charset": "utf-8"}
        if at_s is not None:
            told["notify_time"] = beijing(at_s)
        text = "&".join(f"{name}={told[name]}" for name in sorted(told) if told[name])
        told |= {"sign": self.sign(text.encode(), key), "sign_type": "RSA2"}
        return HttpReply(200, self.headers(), urlencode(told).encode())

    def sign(self, message: bytes, key: str = "") -> str:
        raw = made_key(key or self.key).sign(message, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(raw).decode()

    def headers(self) -> dict[str, str]:
        return {"date": format_datetime(datetime.fromtimestamp(self.now_s, UTC), usegmt=True)}

    def value_of(self, body: bytes) -> tuple[bytes, bytes]:
        head, _, rest = body.partition(b'":')
        return rest.rpartition(b',"sign"')[0], head[2:]


def beijing(at_s: int) -> str:
    return (datetime.fromtimestamp(at_s, UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
