"""Alipay for a direct merchant: precreated orders on the glass, code payments from the scanner, RSA2 keys.

Pure: builds requests, reads answers and notifications; ``Channel`` does the rest.
Sources: Alipay Open Platform documentation (opendocs.alipay.com): alipay.trade.precreate, pay, query, cancel,
close, refund, fastpay.refund.query; "Signing"; "Asynchronous notifications"; public parameters version 1.0.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote

from terminal.banks import alipay_certificates, alipay_codes, alipay_messages
from terminal.banks.choices import Allowed, Choices
from terminal.banks.connector import Act, Call, Keys, Seal, Stamp
from terminal.banks.fields import Fields, Unreadable, evidence_id, fields, retry_after, text
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder
from terminal.errors import BadSettings, NotEvidence
from terminal.payments.codes.links import is_under
from terminal.payments.evidence import Account
from terminal.payments.notice import (
    Accepted,
    Answer,
    CodeReady,
    Notice,
    NotThere,
    Paying,
    RefundNotice,
    RefundTold,
    RefundTrade,
    Source,
    Told,
    Trade,
    Unclear,
)
from terminal.payments.profile import Profile

PATH: Final = "/gateway.do"
CODE_MAX: Final = 512
WORDS_MAX: Final = 200
_APP: Final = re.compile(r"[0-9]{8,32}")
_SELLER: Final = re.compile(r"2088[0-9]{12}")
_ORDER_NO: Final = re.compile(r"[0-9A-Za-z_\-]{1,64}")
_PATH: Final = re.compile(r"/[0-9A-Za-z_./\-]{0,200}")

CHOICES: Final[Allowed] = {  # what the documents leave open
    "push_close": frozenset({"cancel", "close"}),
    "refund_answer": frozenset({"accepted", "final"}),
    "unsigned_refusals": frozenset({"unclear", "definite"}),
    "product_code": None,
    "bill_origins": None,
}


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who we are at Alipay.

    Args:
        seller_id: the 16 digits that begin with 2088; notifications name it.
        notify_url: used when an order names none; empty is query-only.
        path: of the gateway.
    """

    app_id: str
    seller_id: str
    notify_url: str = ""
    store_id: str = ""
    path: str = PATH


class Alipay:
    """The connector. Raises BadSettings (``setting_unusable``) for a merchant or profile it cannot use.

    Args:
        trust: in certificate mode: which certificates are Alipay's.
    """

    def __init__(
        self, profile: Profile, merchant: Merchant, trust: alipay_certificates.Trust | None = None
    ) -> None:
        for name, value, wanted, why in (
            ("app_id", merchant.app_id, _APP, "8 to 32 digits"),
            ("seller_id", merchant.seller_id, _SELLER, "16 digits that begin with 2088"),
            ("gateway", merchant.path, _PATH, "a plain path"),
        ):
            if not wanted.fullmatch(value):
                raise BadSettings("setting_unusable", field=name, why=why)
        self._profile, self._merchant, self._trust = profile, merchant, trust
        self._choices = Choices(profile.settings, CHOICES)
        self._success: Final[Mapping[Act, Callable[[Call, Fields, str], Answer]]] = {
            "order": self._order_made,
            "pay": self._paid,
            "query": self._trade,
            "close": self._cancelled,
            "reverse": self._cancelled,
            "refund": self._refund_taken,
            "query_refund": self._refund,
        }

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def account(self) -> Account:
        return Account(
            self._profile.name, self._merchant.seller_id, self._merchant.app_id, self._profile.approves_part
        )

    # --- requests ---

    def order(self, order: Order) -> Call:
        wish = {
            **self._order_head(order),
            "product_code": self._choices.get("product_code", "FACE_TO_FACE_PAYMENT"),
            "time_expire": alipay_messages.beijing(order.expires_ms // 1000),
        }
        notify_url = order.notify_url or self._merchant.notify_url
        return self._call("order", "precreate", wish, order.order_no, notify_url=notify_url)

    def pay(self, order: Order, code: str) -> Call:
        wish = {
            **self._order_head(order),
            "scene": "bar_code",
            "auth_code": code,
            "product_code": "FACE_TO_FACE_PAYMENT",
        }
        return self._call("pay", "pay", wish, order.order_no)

    def query(self, order_no: str) -> Call:
        return self._call("query", "query", {"out_trade_no": _number(order_no)}, order_no)

    def close(self, order_no: str) -> Call:
        method = self._choices.get("push_close", "cancel")
        return self._call("close", method, {"out_trade_no": _number(order_no)}, order_no)

    def reverse(self, order_no: str) -> Call:
        return self._call("reverse", "cancel", {"out_trade_no": _number(order_no)}, order_no)

    def refund(self, refund: RefundOrder) -> Call:
        wish = {
            "out_trade_no": _number(refund.order_no),
            "out_request_no": _number(refund.refund_no),
            "refund_amount": alipay_messages.yuan(refund.amount.minor),
            "refund_reason": refund.reason[:256],
        }
        asked = refund.amount.minor
        return self._call("refund", "refund", wish, refund.order_no, refund.refund_no, asked_minor=asked)

    def query_refund(self, refund_no: str, order_no: str = "") -> Call:
        """A refund is found by its payment and its own number, both."""
        wish = {"out_trade_no": _number(order_no), "out_request_no": _number(refund_no)}
        return self._call("query_refund", "fastpay.refund.query", wish, order_no, refund_no)

    def ask_keys(self, key_id: str) -> Call | None:
        """A certificate that a message names. Alipay's public key comes from the merchant's portal, by hand."""
        return alipay_certificates.ask(key_id) if self._trust else None

    def to_sign(self, call: Call, stamp: Stamp) -> bytes:
        return alipay_messages.sign_text(self._parameters(call, stamp) | _decoded(call.body))

    def dress(self, call: Call, stamp: Stamp, signature: str, serial: str) -> HttpRequest:  # noqa: ARG002  # the app id names it
        """Public parameters in the query, ``biz_content`` in the body, as the official SDKs send them."""
        public = {**self._parameters(call, stamp), "sign": signature}
        target = f"{self._merchant.path}?" + "&".join(f"{name}={_quoted(value)}" for name, value in public.items())
        headers = (
            ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded;charset=utf-8"),
            ("User-Agent", "Countertop"),
        )
        return HttpRequest("POST", target, headers, call.body)

    def _call(
        self,
        act: Act,
        method: str,
        wish: Mapping[str, str],
        order_no: str,
        refund_no: str = "",
        *,
        notify_url: str = "",
        asked_minor: int = 0,
    ) -> Call:
        content = json.dumps({name: value for name, value in wish.items() if value}, ensure_ascii=False)
        target = f"method=alipay.trade.{method}" + (f"&notify_url={_quoted(notify_url)}" if notify_url else "")
        return Call(
            act, "POST", target, f"biz_content={_quoted(content)}".encode(), order_no, refund_no, asked_minor
        )

    def _parameters(self, call: Call, stamp: Stamp) -> dict[str, str]:
        named: dict[str, str] = {}
        if self._trust is not None:
            named = {"app_cert_sn": stamp.serial, "alipay_root_cert_sn": self._trust.serial}
        return {
            **_decoded(call.target.encode()),
            **named,
            "app_id": self._merchant.app_id,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": alipay_messages.SCHEME,
            "timestamp": alipay_messages.beijing(stamp.at_s),
            "version": "1.0",
        }

    # --- answers ---

    def seal(self, headers: Mapping[str, str], body: bytes) -> Seal:  # noqa: ARG002  # all is in the body
        return alipay_messages.seal_of_answer(body, certificates=self._trust is not None)

    def notification_seal(self, headers: Mapping[str, str], body: bytes) -> Seal:  # noqa: ARG002  # as above
        return alipay_messages.seal_of_notification(body, certificates=self._trust is not None)

    def read(self, call: Call, reply: HttpReply, *, verified: bool) -> Answer:
        """Success counts only when verified; an unsigned refusal counts only if the profile says so."""
        wait = retry_after(reply.headers)
        if reply.status == 429:
            return Unclear("rate_limited", wait)
        if reply.status != 200:
            return Unclear(f"http_{reply.status}", wait)
        found = alipay_messages.parts(reply.body)
        if found is None or not (verified or self._choices.get("unsigned_refusals", "unclear") == "definite"):
            return Unclear("signature_missing", wait)
        try:
            return self._understand(call, found, wait, verified=verified)
        except Unreadable as error:
            return Unclear(f"unreadable: {error}", wait)

    def _understand(
        self, call: Call, found: alipay_messages.Signed, wait: float | None, *, verified: bool
    ) -> Answer:
        method = _decoded(call.target.encode())["method"]
        if found.node not in {method.replace(".", "_") + "_response", "error_response"}:
            return Unclear("other_call")  # a signed answer to something else
        told = fields(found.value.encode())
        code = text(told, "code", 16)
        if code == alipay_codes.SUCCESS and verified and found.node != "error_response":
            return self._success[call.act](call, told, found.value)
        if code == alipay_codes.PAYING and verified and call.act == "pay":
            return Paying() if told.get("out_trade_no") == call.order_no else Unclear("other_order")
        sub_code = text(told, "sub_code", 64, optional=True)
        words = text(told, "sub_msg", 4096, optional=True)[:WORDS_MAX]
        if not verified and code not in alipay_codes.BY_CODE:
            return Unclear("signature_missing", wait)
        return alipay_codes.answer(call.act, code, sub_code, words, wait)

    def _order_made(self, call: Call, found: Fields, _value: str) -> Answer:
        payload = text(found, "qr_code", CODE_MAX)
        if found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        if not is_under(payload, self._profile.code_prefixes):
            return Unclear("code_not_ours")  # never on the glass: it could lead anywhere (S62)
        return CodeReady(payload)

    def _paid(self, call: Call, found: Fields, value: str) -> Answer:
        return self._told(call, {**found, "trade_status": "TRADE_SUCCESS"}, value, "pay")

    def _trade(self, call: Call, found: Fields, value: str) -> Answer:
        return self._told(call, found, value, "query")

    def _told(self, call: Call, found: Fields, value: str, source: Source) -> Answer:
        """Answers name neither app nor seller: they are proven ours by a key that Alipay gives each app."""
        if found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        ours = {**found, "app_id": self._merchant.app_id, "seller_id": self._merchant.seller_id}
        return Told(self._notice(ours, source, evidence_id(value.encode())))

    def _cancelled(self, call: Call, found: Fields, _value: str) -> Answer:
        """``action``: close, refund (it had been paid and went back), or none when there was nothing to do."""
        if found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        if found.get("retry_flag", "N") != "N":
            return Unclear("retry_flag")
        if call.act == "reverse" and not found.get("action") and not found.get("trade_no"):
            return NotThere()  # nothing to do yet: the charge itself may still be queued there
        return Accepted()

    def _refund_taken(self, call: Call, found: Fields, value: str) -> Answer:
        """The answer names the refunded total of the trade, not this refund: it only says that it was taken."""
        final = self._choices.get("refund_answer", "accepted") == "final" and found.get("fund_change") == "Y"
        if found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        alipay_messages.fen(found, "refund_fee")
        trade = RefundTrade.REFUNDED if final else RefundTrade.PROCESSING
        return RefundTold(self._refund_notice(call, call.asked_minor, trade, value, found))

    def _refund(self, call: Call, found: Fields, value: str) -> Answer:
        """Without ``refund_status`` the refund is not successful yet; without its numbers it is not known."""
        if not found.get("out_request_no"):
            return NotThere()
        if found.get("out_request_no") != call.refund_no or found.get("out_trade_no") != call.order_no:
            return Unclear("other_order")
        amount = alipay_messages.fen(found, "refund_amount")
        assert amount is not None
        status = text(found, "refund_status", 32, optional=True)
        if status not in {"", "REFUND_SUCCESS"}:
            raise Unreadable("refund_status")
        trade = RefundTrade.REFUNDED if status else RefundTrade.PROCESSING
        return RefundTold(self._refund_notice(call, amount, trade, value, found))

    def _refund_notice(
        self, call: Call, amount: int, trade: RefundTrade, value: str, found: Fields
    ) -> RefundNotice:
        return RefundNotice(
            provider=self._profile.name,
            source="query",
            evidence_id=evidence_id(value.encode()),
            merchant_id=self._merchant.seller_id,
            order_no=call.order_no,
            refund_no=call.refund_no,
            trade=trade,
            amount_minor=amount,
            currency="CNY",
            provider_refund=text(found, "trade_no", 64, optional=True),
            refunded_at=alipay_messages.rfc3339(found, "gmt_refund_pay"),
        )

    # --- notifications and keys ---

    def notification(self, body: bytes) -> Notice | RefundNotice:
        """A refund's notification names the trade's refunded total, so it is told as news about the order.

        Raises:
            NotEvidence: ``notification_unreadable`` with the field, ``notification_unknown_kind``.
        """
        found = alipay_messages.form(body)
        if found.get("notify_type") != "trade_status_sync":
            raise NotEvidence("notification_unknown_kind")
        try:
            return self._notice(found, "notification", text(found, "notify_id", 128))
        except Unreadable as error:
            raise NotEvidence("notification_unreadable", field=str(error)) from None

    def _notice(self, found: Mapping[str, object], source: Source, evidence: str) -> Notice:
        trade = alipay_codes.TRADES.get(text(found, "trade_status", 32))
        if trade is None:
            raise Unreadable("trade_status")
        paid_at = alipay_messages.rfc3339(found, "gmt_payment") or alipay_messages.rfc3339(found, "send_pay_date")
        if trade is Trade.CLOSED and (paid_at or found.get("gmt_refund")):
            trade = Trade.RETURNED  # closed after it was paid: by our cancel, or refunded whole
        paid = trade in {Trade.PAID, Trade.RETURNED}
        total = alipay_messages.fen(found, "total_amount", optional=not paid)
        return Notice(
            provider=self._profile.name,
            source=source,
            evidence_id=evidence,
            merchant_id=text(found, "seller_id", 32),
            app_id=text(found, "app_id", 32),
            order_no=text(found, "out_trade_no", 64),
            trade=trade,
            amount_minor=total,
            currency=text(found, "trans_currency", 8, optional=True) or "CNY",
            provider_txn=text(found, "trade_no", 64, optional=not paid),
            payer_minor=alipay_messages.fen(found, "buyer_pay_amount", optional=True),
            paid_at=paid_at,
            wallet=self._profile.name,
        )

    def read_keys(self, body: bytes) -> Keys:
        if self._trust is None:
            raise NotEvidence("keys_unreadable", field="none")  # none are ever asked for
        return alipay_certificates.read_download(body, self._trust)

    # --- small parts ---

    def _order_head(self, order: Order) -> dict[str, str]:
        return {
            "out_trade_no": _number(order.order_no),
            "total_amount": alipay_messages.yuan(order.amount.minor),
            "subject": order.description[:256] or order.order_no,
            "store_id": self._merchant.store_id[:32],
            "terminal_id": order.counter[:32],
        }


def _number(value: str) -> str:
    assert _ORDER_NO.fullmatch(value), value
    return value


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _decoded(form: bytes) -> dict[str, str]:
    return dict(parse_qsl(form.decode("ascii"), strict_parsing=True))
