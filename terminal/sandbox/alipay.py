"""Alipay's gateway, the provider's side, without input or output: signed forms in, signed JSON text out.

One address for every call. Public parameters and ``biz_content`` may stand in the query or in the form body: the
official SDKs split them, others send all in the query. It keeps the same books, customers and faults as the bank.
Source: Alipay Open Platform documentation: "Signing", public parameters and error codes, alipay.trade.*.
"""

import base64
import binascii
import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from terminal.sandbox import alipay_trades, bill_counter
from terminal.sandbox.alipay_forms import Form, number_of, raise_amount, sign_text, signed
from terminal.sandbox.alipay_telling import AlipayTeller
from terminal.sandbox.alipay_trades import No, Trades
from terminal.sandbox.engine import Engine
from terminal.sandbox.faults import Active
from terminal.sandbox.keyring import Merchant, alipay_names
from terminal.sandbox.outcome import Lost, Reply
from terminal.sandbox.records import Errand
from terminal.sandbox.telling import OTHER_ORDER

PATH: Final = "/gateway.do"
DAY_S: Final = 86_400
_CALLS: Final[Mapping[str, tuple[str, Callable[[Trades, Form], Form]]]] = {  # the faults' name of each method
    "alipay.trade.precreate": ("native", alipay_trades.precreate),
    "alipay.trade.pay": ("codepay", alipay_trades.pay),
    "alipay.trade.query": ("query", alipay_trades.query),
    "alipay.trade.close": ("close", alipay_trades.close),
    "alipay.trade.cancel": ("reverse", alipay_trades.cancel),
    "alipay.trade.refund": ("refund", alipay_trades.refund),
    "alipay.trade.fastpay.refund.query": ("refund-query", alipay_trades.query_refund),
    "alipay.data.dataservice.bill.downloadurl.query": ("bill", alipay_trades.ask_bill),
    "alipay.open.app.alipaycert.download": ("certificates", alipay_trades.certificate),
}


def is_alipay(target: str) -> bool:
    return target.partition("?")[0] in (PATH, bill_counter.ALIPAY_FILE)


@dataclass(slots=True)
class Saying:
    """An answer on its way out, and what the faults do to it."""

    node: str
    form: Form
    merchant: Merchant | None = None  # nobody proven: such an answer is not signed
    certified: bool = False  # asked in certificate mode
    status: int = 200
    tamper: str = ""
    malformed: str = ""
    delay_ms: int = 0
    lost: Lost = ""
    fault: str = ""


class AlipayDoor:
    """``handle`` for the merchant, beside the bank's own; money and customers are the bank's."""

    def __init__(self, bank: Engine) -> None:
        self._bank = bank
        self._teller = AlipayTeller(bank.keys, bank.faults, bank.teller, bank.ledger)
        self._apps = {alipay_names(mchid)["alipay_app_id"]: one for mchid, one in bank.keys.merchants.items()}
        bank.others |= dict.fromkeys((*alipay_trades.TYPES, "alipay"), self._teller)
        bank.errands["alipay-charge"] = self._charge_late

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply:  # noqa: ARG002  # as the bank's own door
        """Answer one request; what proves nothing is refused before any book is opened."""
        self._bank.advance(now_ms)
        if target.startswith(bill_counter.ALIPAY_FILE + "?"):
            return bill_counter.file_of(self._bank, target, now_ms)
        try:
            if method not in ("GET", "POST"):
                raise No("40002", "isv.invalid-method")
            given = _parameters(target, body)
            merchant = self._authenticate(given, now_ms)
        except No as no:
            return self._reply(Saying("error_response", no.form()))
        name = given.get("method", "")
        node = name.replace(".", "_") + "_response"
        certified = merchant.mchid in self._bank.keys.certified
        if name not in _CALLS:
            refused = No("40002", "isv.invalid-method").form()
            return self._reply(Saying("error_response", refused, merchant, certified))
        return self._reply(self._work(Saying(node, {}, merchant, certified), name, given, now_ms))

    def _authenticate(self, given: Mapping[str, str], now_ms: int) -> Merchant:
        merchant = self._apps.get(given.get("app_id", ""))
        if merchant is None:
            raise No("40002", "isv.invalid-app-id")
        if given.get("sign_type") != "RSA2" or given.get("charset", "").lower() != "utf-8":
            raise No("40002", "isv.invalid-signature-type")
        try:
            signature = base64.b64decode(given.get("sign", ""), validate=True)
        except binascii.Error:
            raise No("40002", "isv.invalid-signature") from None
        if not merchant.verifier.verify(sign_text(given, leave_out=("sign",)), signature):
            raise No("40002", "isv.invalid-signature")
        try:
            moment = datetime.datetime.fromisoformat(given.get("timestamp", "") + "+08:00")
        except ValueError:
            raise No("40002", "isv.invalid-timestamp") from None
        if abs(moment.timestamp() - now_ms // 1000) > DAY_S:
            raise No("40002", "isv.invalid-timestamp")
        self._choose_mode(merchant, given)
        return merchant

    def _choose_mode(self, merchant: Merchant, given: Mapping[str, str]) -> None:
        """Who names his certificate is answered with ours; a name that is not his is no name."""
        keys = self._bank.keys
        named = given.get("app_cert_sn", ""), given.get("alipay_root_cert_sn", "")
        if not any(named):
            keys.certified.discard(merchant.mchid)
            return
        if keys.alipay is None or named != (keys.alipay.apps.get(merchant.mchid), keys.alipay.root_sn):
            raise No("40002", "isv.invalid-signature")
        keys.certified.add(merchant.mchid)

    # --- the work ---------------------------------------------------------------------------------------

    def _work(self, saying: Saying, name: str, given: Mapping[str, str], now_ms: int) -> Saying:
        assert saying.merchant is not None
        call, do = _CALLS[name]
        try:
            asked = _content(given)
        except No as no:
            saying.form = no.form()
            return saying
        trades = Trades(self._bank, saying.merchant, given.get("app_id", ""), given.get("notify_url", ""), now_ms)
        if call == "reverse" and trades.is_shown(number_of(asked)):
            call = "close"  # one method undoes both: a fault asks for the one or the other
        if fault := self._bank.faults.take_for_call("before", call, now_ms, {}):
            return self._not_worked_on(saying, fault, given, now_ms)
        try:
            saying.form = do(trades, asked)
        except No as no:
            saying.form = no.form()
        if fault := self._bank.faults.take_for_call("answer", call, now_ms, _needs(saying.form)):
            _spoil(saying, fault)
        return saying

    def _not_worked_on(self, saying: Saying, fault: Active, given: Mapping[str, str], now_ms: int) -> Saying:
        saying.fault = fault.row.slug
        match fault.row.slug:
            case "error-500":
                status = fault.number("status")
                saying.status = 200 if status == 500 else status
                saying.form = No("20000", "aop.ACQ.SYSTEM_ERROR").form()
            case "rate-429":
                saying.status, saying.form = 429, No("20000", "isp.call-limited").form()
            case "not-found-lag":
                saying.form = No("40004", "ACQ.TRADE_NOT_EXIST").form()
            case "reverse-refused-paying":
                told = {"code": "10000", "msg": "Success", "out_trade_no": number_of(_content(given))}
                saying.form = told | {"retry_flag": "Y"}
            case _:
                saying.lost = "cut" if fault.params.get("how") == "cut" else "silent"
        if fault.row.slug == "pay-queued":
            assert saying.merchant is not None
            detail = json.dumps({"biz": given["biz_content"], "app_id": given["app_id"]})
            at_ms = now_ms + fault.number("delay_ms")
            self._bank.ledger.later(at_ms, "alipay-charge", saying.merchant.mchid, detail)
        return saying

    def _charge_late(self, errand: Errand) -> None:
        """The charge that was stuck on its way; nobody waits for its answer any more."""
        told = json.loads(errand.detail)
        merchant = self._bank.keys.merchants[errand.about]
        try:
            alipay_trades.pay(
                Trades(self._bank, merchant, told["app_id"], "", errand.at_ms),
                _content({"biz_content": told["biz"]}),
            )
        except No:
            return

    # --- the way out ------------------------------------------------------------------------------------

    def _reply(self, saying: Saying) -> Reply:
        headers = {"Content-Type": "text/html;charset=utf-8"}  # as the gateway really says
        value = json.dumps(saying.form, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        if saying.malformed == "duplicate-key":
            value = value[:-1] + ',"trade_status":"TRADE_SUCCESS","trade_status":"WAIT_BUYER_PAY"}'
        elif saying.malformed == "list":
            value = f"[{value}]"
        text = f'{{"{saying.node}":{value}'
        if saying.merchant is not None and saying.tamper != "missing":
            text += self._signature(value.encode(), saying)
        body = (text + "}").encode()
        if saying.malformed in ("html", "empty"):
            body = b"<html><body><h1>502 Bad Gateway</h1></body></html>" if saying.malformed == "html" else b""
        elif saying.malformed == "truncated":
            body = body[: len(body) // 2]
        return Reply(saying.status, headers, body, saying.delay_ms, saying.lost, saying.fault)

    def _signature(self, value: bytes, saying: Saying) -> str:
        keys, named = self._bank.keys, ""
        if saying.certified and keys.alipay is not None:
            sn = keys.alipay.forged if saying.tamper == "unknown-serial" else keys.alipay.sn
            named = f',"alipay_cert_sn":"{sn}"'
        return f'{named},"sign":"{signed(keys, value, saying.tamper, certified=bool(named))}"'


def _spoil(saying: Saying, fault: Active) -> None:
    """A fault of the "answer" stage."""
    saying.fault = fault.row.slug
    match fault.row.slug:
        case "answer-lost-after-debit":
            saying.lost = "cut" if fault.text("how") == "cut" else "silent"
        case "slow-answer":
            saying.delay_ms = fault.number("delay_ms")
        case "error-500-after-debit":
            saying.form = No("20000", "aop.ACQ.SYSTEM_ERROR").form()
        case "malformed-answer":
            saying.malformed = fault.text("variant")
        case "bad-signature":
            saying.tamper = fault.text("variant")
        case "wrong-amount":
            raise_amount(saying.form, fault.number("by"))
        case "wrong-currency":
            saying.form["trans_currency"] = "USD"
        case "wrong-order":
            saying.form["out_trade_no"] = OTHER_ORDER
        case "unknown-state":
            saying.form["trade_status"] = "PENDING_REVIEW"


def _needs(form: Form) -> dict[str, object]:
    """The answer in the words in which the faults say what they can spoil. Answers name no seller and no app."""
    if form.get("code") != "10000" or "total_amount" not in form:
        return {}
    words: dict[str, object] = {"amount": 1, "out_trade_no": 1}
    if "gmt_payment" in form or "send_pay_date" in form:
        words["transaction_id"] = 1
    if "trade_status" in form:
        words["trade_state"] = 1
    return words


def _parameters(target: str, body: bytes) -> dict[str, str]:
    """Query and form merged; a name twice is refused, it could be signed as one and read as the other."""
    try:
        pairs = parse_qsl(urlsplit(target).query, keep_blank_values=True, errors="strict", max_num_fields=64)
        pairs += parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=64)
    except ValueError:
        raise No("40002", "isv.invalid-encoding") from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise No("40002", "isv.invalid-parameter")
    return given


def _content(given: Mapping[str, str]) -> Form:
    try:
        asked = json.loads(given.get("biz_content", ""))
    except (ValueError, RecursionError):
        raise No("40002", "isv.invalid-parameter") from None
    if not isinstance(asked, dict):
        raise No("40002", "isv.invalid-parameter")
    return asked
