"""What requests, answers and letters of every provider say, read from their documents for an oracle.

Shares no code with the connectors. Whose wire it is shows in the address.
Sources: WeChat Pay API v3; Alipay Open Platform, alipay.trade.* and "Asynchronous notifications"; Banco Central do
Brasil, "API Pix" 2.9.0.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.sandbox.keyring import Keyring, SimulatedMerchant, alipay_names
from terminal.sandbox.notifications import Delivery
from terminal.sandbox.pix_forms import pix_names, transaction_of

Act = Literal["order", "pay", "query", "close", "reverse", "refund", "query_refund", "other"]
Form = dict[str, Any]
ALIPAY: Final = "/gateway.do"
PIX: Final = "/pix/"
_ALIPAY_ACTS: Final[dict[str, Act]] = {
    "alipay.trade.precreate": "order",
    "alipay.trade.pay": "pay",
    "alipay.trade.query": "query",
    "alipay.trade.close": "close",
    "alipay.trade.cancel": "reverse",
    "alipay.trade.refund": "refund",
    "alipay.trade.fastpay.refund.query": "query_refund",
}
_ALIPAY_ANSWER: Final = re.compile(rb'\{"alipay_trade_(pay|query)_response":(.*),"sign":"([^"]*)"\}', re.DOTALL)
_OVER: Final = (b'"trade_state":"REVOKED"', b'"trade_state":"CLOSED"', b'"trade_status":"TRADE_CLOSED"')
_PIX_BACK: Final = re.compile(r"/pix/api/v2/pix/[^/]+/devolucao/([^/?]+)")
_PIX_CHARGE: Final = re.compile(r"/pix/api/v2/cob/([^/?]+)")
_E2E: Final = re.compile(r"E[0-9]{20}[0-9A-Za-z]{11}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the shop's; amounts in the smallest unit, -1 where it names none."""

    act: Act
    order_no: str = ""
    refund_no: str = ""
    amount: int = -1
    code: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a message said of a payment. ``ours``: it names this merchant; ``genuine``: it proves its origin."""

    order_no: str
    ours: bool
    amount: int
    currency: str
    state: str
    txn: str
    genuine: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """What a notification is about. A hint proves nothing and only makes the shop ask."""

    order_no: str
    txn: str
    refund_no: str = ""
    hint: bool = False
    stated: Stated | None = None


def evidence_name(told: str) -> str:
    """Readers of statements add amount and sign to the bank's own reference of an entry."""
    return told.partition("/")[0] if told.startswith("entry:") else told


def book_number(txn: str) -> str:
    """The bank's own number of a capture, whatever the provider's messages call it."""
    return transaction_of(txn) if _E2E.fullmatch(txn) else txn


# --- requests ------------------------------------------------------------------------------------------------


def asked(method: str, target: str, body: bytes) -> Asked:
    if target.startswith(ALIPAY):
        return _asked_alipay(target, body)
    if target.startswith(PIX):
        return _asked_pix(method, target, body)
    parts = target.partition("?")[0].split("/")
    if method != "POST":
        return Asked("query_refund" if "refund" in target else "query", parts[-1], parts[-1])
    form: Form = json.loads(body)
    match parts[-1]:
        case "native":
            return Asked("order", form["out_trade_no"], amount=form["amount"]["total"])
        case "codepay":
            number, payer = form["out_trade_no"], form["payer"]
            return Asked("pay", number, amount=form["amount"]["total"], code=payer["auth_code"])
        case "close":
            return Asked("close", parts[-2])
        case "reverse":
            return Asked("reverse", parts[-2])
        case "refunds":
            return Asked("refund", refund_no=form["out_refund_no"], amount=form["amount"]["refund"])
    return Asked("other")


def _asked_alipay(target: str, body: bytes) -> Asked:
    given = dict(parse_qsl(urlsplit(target).query) + parse_qsl(body.decode("ascii")))
    form: Form = json.loads(given["biz_content"])
    act = _ALIPAY_ACTS.get(given["method"], "other")
    amount = form.get("refund_amount" if act == "refund" else "total_amount")
    return Asked(
        act,
        form.get("out_trade_no", ""),
        form.get("out_request_no", ""),
        -1 if amount is None else _minor(amount),
        form.get("auth_code", ""),
    )


def _asked_pix(method: str, target: str, body: bytes) -> Asked:
    if back := _PIX_BACK.match(target):
        if method == "GET":
            return Asked("query_refund", refund_no=back[1])
        return Asked("refund", refund_no=back[1], amount=_minor(json.loads(body)["valor"]))
    if charge := _PIX_CHARGE.match(target):
        if method == "PUT":
            return Asked("order", charge[1], amount=_minor(json.loads(body)["valor"]["original"]))
        return Asked("close" if method == "PATCH" else "query", charge[1])
    return Asked("other")


def ends(about: Asked, target: str, status: int, body: bytes) -> bool:
    """The bank has confirmed that the order is over: it ended it, or says so when asked."""
    if status >= 300:
        return False
    if about.act == "query":
        return any(over in body for over in _OVER)
    if about.act not in {"close", "reverse"}:
        return False
    if not target.startswith(ALIPAY):
        return True
    return b'"code":"10000"' in body and b'"retry_flag":"Y"' not in body


# --- answers -------------------------------------------------------------------------------------------------


def stated_in_reply(
    target: str, body: bytes, shop: SimulatedMerchant, *, genuine: bool
) -> list[tuple[str, Stated]]:
    """Payments an answer tells of, each under the name that the journal's evidence has. Nothing raises."""
    try:
        if target.startswith(ALIPAY):
            return list(_stated_alipay(body, genuine=genuine))
        if target.startswith(PIX):
            return list(_stated_pix(body, shop))
        form = json.loads(body)
        return [(_digest(body), stated_wechat(form, shop, genuine=genuine))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def still_signed(target: str, body: bytes, keys: Keyring) -> bool:
    """Alipay's answers hold no time: one that is called stale is as good as any."""
    match = _ALIPAY_ANSWER.fullmatch(body) if target.startswith(ALIPAY) else None
    return match is not None and match[3] == base64.b64encode(keys.public.signer.sign(match[2]))


def stated_wechat(form: Form, shop: SimulatedMerchant, *, genuine: bool) -> Stated:
    return Stated(
        form["out_trade_no"],
        (form["mchid"], form["appid"]) == (shop.mchid, shop.appid),
        form["amount"]["total"],
        form["amount"]["currency"],
        form["trade_state"],
        form.get("transaction_id", ""),
        genuine,
    )


def _stated_alipay(body: bytes, *, genuine: bool) -> Iterator[tuple[str, Stated]]:
    """Answers name neither app nor seller: the key that signs them belongs to one app."""
    if (match := _ALIPAY_ANSWER.fullmatch(body)) is None:
        return
    form = json.loads(match[2])
    if form["code"] != "10000" or not form.get("trade_no"):
        return
    word = "TRADE_SUCCESS" if match[1] == b"pay" else form["trade_status"]
    yield _digest(match[2]), _alipay(form | {"trade_status": word}, ours=True, genuine=genuine)


def _alipay(form: Form, *, ours: bool, genuine: bool) -> Stated:
    amount, currency = _minor(form["total_amount"]), form.get("trans_currency", "CNY")
    state = "SUCCESS" if form["trade_status"] in {"TRADE_SUCCESS", "TRADE_FINISHED"} else form["trade_status"]
    return Stated(form["out_trade_no"], ours, amount, currency, state, form["trade_no"], genuine)


def _stated_pix(body: bytes, shop: SimulatedMerchant) -> Iterator[tuple[str, Stated]]:
    """Nothing is signed: TLS alone says who answers. Whatever the status, a Pix that is listed has arrived."""
    form, mine = json.loads(body), pix_names(shop.mchid, shop.apiv3_key)["pix_key"]
    for each in form["pix"]:
        ours, e2e = form["chave"] == mine, each["endToEndId"]
        said = Stated(form["txid"], ours, _minor(each["valor"]), "BRL", "SUCCESS", e2e, genuine=True)
        yield f"{_digest(body)}/{e2e}", said


# --- letters -------------------------------------------------------------------------------------------------


def letter(delivery: Delivery, shop: SimulatedMerchant, *, genuine: bool) -> Letter | None:
    """None: nobody can read it."""
    match delivery.kind:
        case "alipay":
            form = dict(parse_qsl(delivery.body.decode()))
            names = alipay_names(shop.mchid)
            ours = (form["seller_id"], form["app_id"]) == (names["alipay_seller_id"], names["alipay_app_id"])
            said = _alipay(form, ours=ours, genuine=genuine)
            return Letter(said.order_no, said.txn, stated=said)
        case "pix":
            each = json.loads(delivery.body)["pix"][0]
            return Letter(each["txid"], each["endToEndId"], hint=True)
    return _letter_wechat(delivery, shop, genuine=genuine)


def _letter_wechat(delivery: Delivery, shop: SimulatedMerchant, *, genuine: bool) -> Letter | None:
    box, key = json.loads(delivery.body)["resource"], AESGCM(shop.apiv3_key.encode())
    try:
        raw = key.decrypt(
            box["nonce"].encode(), base64.b64decode(box["ciphertext"]), box["associated_data"].encode()
        )
    except InvalidTag:
        return None
    form = json.loads(raw)
    if "trade_state" not in form:
        return Letter(form["out_trade_no"], form.get("transaction_id", ""), form.get("out_refund_no", ""))
    said = stated_wechat(form, shop, genuine=genuine)
    return Letter(said.order_no, said.txn, stated=said)


def _minor(text: str) -> int:
    """12.50 is 1250."""
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def _digest(message: bytes) -> str:
    return "sha256:" + hashlib.sha256(message).hexdigest()
