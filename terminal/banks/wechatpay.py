"""WeChat Pay APIv3 for a direct merchant: Native orders on the glass, code payments from the scanner.

Pure: builds requests, reads answers and notifications; ``Channel`` does the rest.
Sources: WeChat Pay merchant documentation (pay.weixin.qq.com), APIv3: "Native order", "Code payment" (page
4012382150), "Query order", "Close order", "Reverse", "Refund", "Query refund", "Download platform
certificates", "Request signature".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

import msgspec

from terminal.banks import wechatpay_codes, wechatpay_messages
from terminal.banks.choices import Allowed, Choices
from terminal.banks.connector import Act, Call, Keys, Seal, Stamp
from terminal.banks.fields import Fields, Unreadable, evidence_id, fields, inner, retry_after, text
from terminal.banks.wechatpay_certificates import certificates
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder
from terminal.errors import BadSettings, NotEvidence
from terminal.payments.codes.links import is_under
from terminal.payments.evidence import Account
from terminal.payments.notice import (
    Accepted,
    Answer,
    CodeReady,
    Notice,
    Paying,
    RefundNotice,
    RefundTold,
    Told,
    Unclear,
)
from terminal.payments.profile import Profile

BEIJING: Final = timezone(timedelta(hours=8))
BY_ORDER_NO: Final = "/v3/pay/transactions/out-trade-no/"
CODE_MAX: Final = 512
WORDS_MAX: Final = 200
_ID: Final = re.compile(r"[0-9A-Za-z_\-]{1,32}")
_ORDER_NO: Final = re.compile(r"[0-9A-Za-z_\-*]{6,32}")
_REFUND_NO: Final = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")

CHOICES: Final[Allowed] = {  # what the documents leave open
    "codepay": frozenset({"v3"}),
    "unsigned_refusals": frozenset({"unclear", "definite"}),
    "signature_type_header": frozenset({"optional", "required"}),
    "refund_funds_account": frozenset({"", "AVAILABLE"}),
    "device_ip": None,
    "bill_tar": frozenset({"gzip", "plain"}),
    "bill_account": frozenset({"BASIC", "OPERATION", "FEES"}),
    "bill_origins": None,
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who we are at WeChat Pay.

    Args:
        apiv3_key: 32 bytes in production; it opens notifications and certificates.
        platform_key_id: ``PUB_KEY_ID_…`` of the WeChat Pay public key, sent with each request; empty in
            certificate mode.
        certificates: platform certificates may be fetched to learn an unknown serial.
        notify_url: used when an order names none; the API wants one even from a shop that only queries.
        store_id: the shop's own number for ``store_info.out_id``; the counter's name when empty.
    """

    mchid: str
    appid: str
    apiv3_key: bytes = field(repr=False)
    platform_key_id: str = ""
    certificates: bool = True
    notify_url: str = ""
    store_id: str = ""


class WeChatPay:
    """The connector. Raises BadSettings (``setting_unusable``) for a merchant or profile it cannot use."""

    def __init__(self, profile: Profile, merchant: Merchant) -> None:
        for name, value in (("mchid", merchant.mchid), ("appid", merchant.appid)):
            if not _ID.fullmatch(value):
                raise BadSettings("setting_unusable", field=name, why="1 to 32 letters and digits")
        self._profile, self._merchant = profile, merchant
        self._choices = Choices(profile.settings, CHOICES)
        self._success: Final[Mapping[Act, Callable[[Call, Fields, bytes], Answer]]] = {
            "order": self._order_made,
            "pay": self._transaction,
            "query": self._transaction,
            "reverse": self._reversed,
            "refund": self._refund,
            "query_refund": self._refund,
        }

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def account(self) -> Account:
        return Account(self._profile.name, self._merchant.mchid, self._merchant.appid, self._profile.approves_part)

    # --- requests ---

    def order(self, order: Order) -> Call:
        expires = datetime.fromtimestamp(order.expires_ms // 1000, BEIJING)
        wish = {
            **self._order_head(order),
            "time_expire": expires.isoformat(),
            "notify_url": order.notify_url or self._merchant.notify_url,
            "amount": {"total": order.amount.minor, "currency": order.amount.currency},
        }
        body = _json({name: value for name, value in wish.items() if value})
        return Call("order", "POST", "/v3/pay/transactions/native", body, order.order_no)

    def pay(self, order: Order, code: str) -> Call:
        wish = {
            **self._order_head(order),
            "payer": {"auth_code": code},
            "amount": {"total": order.amount.minor, "currency": order.amount.currency},
            "scene_info": {
                "device_id": cut(order.counter, 32),
                "device_ip": self._choices.get("device_ip", "127.0.0.1"),
                "store_info": {"out_id": cut(self._merchant.store_id or order.counter, 32)},
            },
        }
        return Call("pay", "POST", "/v3/pay/transactions/codepay", _json(wish), order.order_no)

    def query(self, order_no: str) -> Call:
        target = f"{_path(order_no)}?mchid={self._merchant.mchid}"
        return Call("query", "GET", target, order_no=order_no)

    def close(self, order_no: str) -> Call:
        body = _json({"mchid": self._merchant.mchid})
        return Call("close", "POST", _path(order_no) + "/close", body, order_no)

    def reverse(self, order_no: str) -> Call:
        body = _json({"appid": self._merchant.appid, "mchid": self._merchant.mchid})
        return Call("reverse", "POST", _path(order_no) + "/reverse", body, order_no)

    def refund(self, refund: RefundOrder) -> Call:
        assert _REFUND_NO.fullmatch(refund.refund_no), refund.refund_no
        wish: dict[str, object] = {
            "out_trade_no": refund.order_no,
            "out_refund_no": refund.refund_no,
            "reason": cut(refund.reason, 80),
            "notify_url": refund.notify_url or self._merchant.notify_url,
            "funds_account": self._choices.get("refund_funds_account", ""),
            "amount": {
                "refund": refund.amount.minor,
                "total": refund.total.minor,
                "currency": refund.total.currency,
            },
        }
        body = _json({name: value for name, value in wish.items() if value})
        return Call("refund", "POST", "/v3/refund/domestic/refunds", body, refund.order_no, refund.refund_no)

    def query_refund(self, refund_no: str, order_no: str = "") -> Call:
        assert _REFUND_NO.fullmatch(refund_no), refund_no
        return Call("query_refund", "GET", f"/v3/refund/domestic/refunds/{refund_no}", b"", order_no, refund_no)

    def ask_keys(self, key_id: str) -> Call | None:
        """Certificates never bring a public key's id (that one comes with the settings)."""
        if not self._merchant.certificates or key_id.startswith("PUB_KEY_ID_"):
            return None
        return Call("keys", "GET", "/v3/certificates")

    def to_sign(self, call: Call, stamp: Stamp) -> bytes:
        head = f"{call.method}\n{call.target}\n{stamp.at_s}\n{stamp.nonce}\n"
        return head.encode("ascii") + call.body + b"\n"

    def dress(self, call: Call, stamp: Stamp, signature: str, serial: str) -> HttpRequest:
        authorization = (
            f'{wechatpay_messages.SCHEME} mchid="{self._merchant.mchid}",nonce_str="{stamp.nonce}",'
            f'timestamp="{stamp.at_s}",serial_no="{serial}",signature="{signature}"'
        )
        headers = [
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
            ("User-Agent", "Countertop"),
            ("Authorization", authorization),
        ]
        if self._merchant.platform_key_id:
            headers.append(("Wechatpay-Serial", self._merchant.platform_key_id))
        return HttpRequest(call.method, call.target, tuple(headers), call.body)

    # --- answers ---

    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        required = self._choices.get("signature_type_header", "optional") == "required"
        return wechatpay_messages.seal_of(headers, body, type_required=required)

    def notification_seal(self, headers: Mapping[str, str], body: bytes) -> Seal:
        return self.seal(headers, body)

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        """Success counts only when verified; an unsigned 4xx counts only if the profile says so."""
        wait = retry_after(reply.headers)
        if reply.status == 429:
            return Unclear("rate_limited", wait)
        refused = 400 <= reply.status < 500
        if not verified and not (refused and self._choices.get("unsigned_refusals", "unclear") == "definite"):
            return Unclear("signature_missing" if reply.status < 500 else f"http_{reply.status}", wait)
        try:
            return self._understand(call, reply, wait)
        except Unreadable as error:
            return Unclear(f"unreadable: {error} (http_{reply.status})", wait)

    def _understand(self, call: Call, reply: HttpReply, wait: float | None) -> Answer:
        if reply.status in {200, 204} and not reply.body and call.act in {"close", "reverse"}:
            return Accepted()
        found = fields(reply.body)
        if reply.status == 200 and call.act in self._success:
            return self._success[call.act](call, found, reply.body)
        code = text(found, "code")
        words = text(found, "message", 4096, optional=True)[:WORDS_MAX]
        said = wechatpay_codes.answer(call.act, code, reply.headers.get("request-id", ""), words, wait)
        if 400 <= reply.status < 500 or isinstance(said, Paying | Unclear):
            return said
        return Unclear(f"http_{reply.status}", wait)

    def _order_made(self, _call: Call, found: Fields, _body: bytes) -> Answer:
        payload = text(found, "code_url", CODE_MAX)
        if not is_under(payload, self._profile.code_prefixes):
            return Unclear("code_not_ours")  # never on the glass: it could lead anywhere (S62)
        return CodeReady(payload)

    def _transaction(self, call: Call, found: Fields, body: bytes) -> Answer:
        if found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        return Told(
            wechatpay_messages.transaction(
                found,
                provider=self._profile.name,
                source="pay" if call.act == "pay" else "query",
                evidence=evidence_id(body),
            )
        )

    def _reversed(self, call: Call, found: Fields, _body: bytes) -> Answer:
        if found.get("out_trade_no") != call.order_no or found.get("mchid") != self._merchant.mchid:
            return Unclear("other_order")
        return Accepted()

    def _refund(self, call: Call, found: Fields, body: bytes) -> Answer:
        if found.get("out_refund_no") != call.refund_no:
            return Unclear("other_order")
        if call.order_no and found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        return RefundTold(
            wechatpay_messages.refund(
                found,
                provider=self._profile.name,
                source="query",
                evidence=evidence_id(body),
                merchant_id=self._merchant.mchid,
            )
        )

    # --- notifications and keys ---

    def notification(self, body: bytes) -> Notice | RefundNotice:
        """Raises NotEvidence: ``notification_unreadable`` with the field, ``notification_unknown_kind``."""
        try:
            return self._notification(body)
        except Unreadable as error:
            raise NotEvidence("notification_unreadable", field=str(error)) from None

    def _notification(self, body: bytes) -> Notice | RefundNotice:
        found = fields(body, limit=wechatpay_messages.NOTIFICATION_MAX)
        resource = inner(found, "resource")
        kind = text(found, "event_type", 64).partition(".")[0]
        original = text(resource, "original_type", 64)
        if (kind, original) not in {("TRANSACTION", "transaction"), ("REFUND", "refund")}:
            raise NotEvidence("notification_unknown_kind")
        opened = wechatpay_messages.unsealed(resource, self._merchant.apiv3_key)
        content = fields(opened, limit=wechatpay_messages.NOTIFICATION_MAX)
        read = wechatpay_messages.transaction if kind == "TRANSACTION" else wechatpay_messages.refund
        return read(
            content,
            provider=self._profile.name,
            source="notification",
            evidence=text(found, "id", 64),
        )

    def read_keys(self, body: bytes) -> Keys:
        try:
            return certificates(fields(body), self._merchant.apiv3_key)
        except Unreadable as error:
            raise NotEvidence("keys_unreadable", field=str(error)) from None

    # --- small parts ---

    def _order_head(self, order: Order) -> dict[str, object]:
        assert _ORDER_NO.fullmatch(order.order_no), order.order_no
        return {
            "appid": self._merchant.appid,
            "mchid": self._merchant.mchid,
            "description": cut(order.description, 127) or order.order_no,
            "out_trade_no": order.order_no,
        }


def cut(words: str, limit: int) -> str:
    """At most ``limit`` UTF-8 bytes: the documents' "characters" have meant bytes before."""
    return words.encode("utf-8")[:limit].decode("utf-8", errors="ignore")


def _json(wish: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(wish)


def _path(order_no: str) -> str:
    assert _ORDER_NO.fullmatch(order_no), order_no
    return BY_ORDER_NO + order_no
