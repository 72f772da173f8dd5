"""WeChat Pay API v3, the provider's side, without input or output: requests in, signed replies out.

Source: WeChat Pay merchant documentation, API v3: signatures, Native and code payment, refunds, error codes.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from terminal.sandbox import bill_counter, orders, refunds
from terminal.sandbox.engine import Engine
from terminal.sandbox.faults import Active
from terminal.sandbox.keyring import FRESH_S, Merchant
from terminal.sandbox.outcome import Outcome, Reply, silenced, spoiled
from terminal.sandbox.records import Errand
from terminal.sandbox.refusals import Refused
from terminal.sandbox.requests import new_code_payment, read_object
from terminal.sandbox.signing import read_authorization, request_message

BODY_MAX: Final = 1 << 20
_TRANSACTIONS: Final = "/v3/pay/transactions"
_NO: Final = r"([^/?]{1,64})"


@dataclass(frozen=True, slots=True)
class Ask:
    """A routed, authenticated request."""

    call: str
    merchant: Merchant
    named: str  # the number in the path
    query: Mapping[str, str]
    body: bytes
    now_ms: int


_ROUTES: Final = tuple(
    (method, call, re.compile(pattern))
    for method, call, pattern in (
        ("POST", "native", f"{_TRANSACTIONS}/native"),
        ("POST", "codepay", f"{_TRANSACTIONS}/codepay"),
        ("POST", "reverse", f"{_TRANSACTIONS}/out-trade-no/{_NO}/reverse"),
        ("POST", "close", f"{_TRANSACTIONS}/out-trade-no/{_NO}/close"),
        ("GET", "query", f"{_TRANSACTIONS}/out-trade-no/{_NO}"),
        ("GET", "query-id", f"{_TRANSACTIONS}/id/{_NO}"),
        ("POST", "refund", "/v3/refund/domestic/refunds"),
        ("GET", "refund-query", f"/v3/refund/domestic/refunds/{_NO}"),
        ("GET", "certificates", "/v3/certificates"),
        ("GET", "bill", "/v3/bill/(tradebill|fundflowbill)"),
        ("GET", "bill-file", bill_counter.WECHAT_FILE),
    )
)


class Bank(Engine):
    """The whole bank in memory: ``handle`` for the merchant; the customer's acts and time are Engine's."""

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply:
        """Answer one request.

        Args:
            target: absolute path with its query, exactly as sent.
            headers: names in any case.
            body: raw bytes, over which the merchant's signature is checked.
        """
        self.advance(now_ms)
        sent = {name.lower(): value for name, value in headers.items()}
        try:
            ask = self._admit(method, target, sent, body, now_ms)
            if ask.call == "bill-file":
                return bill_counter.file_of(self, target, now_ms)
            outcome = self._work(ask, sent)
        except Refused as refusal:
            outcome = Outcome.refused(refusal)
        return self._reply(outcome, sent, now_ms)

    # --- the door ---------------------------------------------------------------------------------------

    def _admit(self, method: str, target: str, sent: Mapping[str, str], body: bytes, now_ms: int) -> Ask:
        merchant = self._authenticate(method, target, sent, body, now_ms)
        if not sent.get("user-agent") or not sent.get("accept"):
            raise Refused("PARAM_ERROR", "Http头缺少Accept或User-Agent")
        if method == "POST" and not sent.get("content-type", "").startswith("application/json"):
            raise Refused("PARAM_ERROR", "Content-Type须为application/json")
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for route_method, call, pattern in _ROUTES:
            match = pattern.fullmatch(parts.path)
            if match and route_method == method:
                named = match[1] if pattern.groups else ""
                return Ask(call, merchant, named, query, body, now_ms)
        raise Refused("RESOURCE_NOT_EXISTS")

    def _authenticate(
        self, method: str, target: str, sent: Mapping[str, str], body: bytes, now_ms: int
    ) -> Merchant:
        claim = read_authorization(sent.get("authorization", ""))
        if claim is None:
            raise Refused("SIGN_ERROR", "Http头Authorization值格式错误")
        merchant = self.keys.merchants.get(claim.mchid)
        if merchant is None or claim.serial.upper() != merchant.serial.upper():
            raise Refused("SIGN_ERROR", "商户证书序列号有误")
        if abs(now_ms // 1000 - int(claim.timestamp)) > FRESH_S:
            raise Refused("SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        message = request_message(method, target, claim.timestamp, claim.nonce, body)
        if len(body) > BODY_MAX or not merchant.verifier.verify(message, claim.signature):
            raise Refused("SIGN_ERROR")
        return merchant

    def _reply(self, outcome: Outcome, sent: Mapping[str, str], now_ms: int) -> Reply:
        body = outcome.body()
        key = self.keys.platform_key(sent.get("wechatpay-serial", ""))
        headers = self.keys.signed(body, now_ms, key, outcome.tamper)
        number = outcome.number or 268435456
        headers["Request-ID"] = f"08{self.keys.entropy.bytes(12).hex().upper()}-{number}"
        if body:
            headers["Content-Type"] = "application/json; charset=utf-8"
        headers |= outcome.extra_headers
        return Reply(outcome.status, headers, body, outcome.delay_ms, outcome.lost, outcome.fault)

    # --- the work ---------------------------------------------------------------------------------------

    def _work(self, ask: Ask, sent: Mapping[str, str]) -> Outcome:
        self.keys.usual = sent.get("wechatpay-serial", "") or self.keys.certificates[-1].serial
        fault = self.faults.take_for_call("before", ask.call, ask.now_ms, {})
        if fault is not None:
            outcome = self._not_worked_on(ask, fault)
            outcome.fault = fault.row.slug
            return outcome
        try:
            outcome = _CALLS[ask.call](self, ask)
        except Refused as refusal:
            outcome = Outcome.refused(refusal)
            if refusal.code == "USERPAYING":
                outcome.status = self.rules.userpaying_status
        fault = self.faults.take_for_call("answer", ask.call, ask.now_ms, outcome.form or {})
        return outcome if fault is None else spoiled(outcome, fault)

    def _not_worked_on(self, ask: Ask, fault: Active) -> Outcome:
        match fault.row.slug:
            case "error-500":
                outcome = Outcome.refused(Refused("SYSTEM_ERROR"))
                outcome.status = fault.number("status")
                return outcome
            case "rate-429":
                return Outcome.refused(Refused("FREQUENCY_LIMITED"))
            case "not-found-lag":
                return Outcome.refused(Refused("ORDER_NOT_EXIST"))
            case "reverse-refused-paying":
                return Outcome.refused(Refused("USERPAYING"))
            case "pay-queued":
                at_ms = ask.now_ms + fault.number("delay_ms")
                self.ledger.later(at_ms, "charge", ask.merchant.mchid, ask.body.decode(errors="replace"))
        return silenced(fault)

    def _do(self, errand: Errand) -> None:
        if errand.kind != "charge":
            super()._do(errand)
            return
        try:  # the charge that was stuck on its way; nobody waits for its answer any more
            new = new_code_payment(json.loads(errand.detail))
            orders.charge_code(self, self.keys.merchants[errand.about], new, errand.at_ms)
        except (Refused, ValueError):
            return


# --- the calls ------------------------------------------------------------------------------------------


def _native(bank: Bank, ask: Ask) -> Outcome:
    return Outcome(200, {"code_url": orders.order_native(bank, ask.merchant, _form(ask), ask.now_ms)})


def _codepay(bank: Bank, ask: Ask) -> Outcome:
    form, script = orders.pay_by_code(bank, ask.merchant, _form(ask), ask.now_ms)
    if script == "error":
        return Outcome.refused(Refused("SYSTEM_ERROR"))
    return Outcome(200, form, lost="cut" if script == "cut" else "")


def _query(bank: Bank, ask: Ask) -> Outcome:
    return Outcome(200, orders.query(bank, ask.merchant, ask.named, ask.query.get("mchid", ""), ask.now_ms))


def _query_id(bank: Bank, ask: Ask) -> Outcome:
    asked_by = ask.query.get("mchid", "")
    return Outcome(200, orders.query_paid(bank, ask.merchant, ask.named, asked_by, ask.now_ms))


def _close(bank: Bank, ask: Ask) -> Outcome:
    orders.close(bank, ask.merchant, ask.named, _form(ask), ask.now_ms)
    return Outcome(204)


def _reverse(bank: Bank, ask: Ask) -> Outcome:
    return Outcome(200, orders.reverse(bank, ask.merchant, ask.named, _form(ask), ask.now_ms))


def _refund(bank: Bank, ask: Ask) -> Outcome:
    form = refunds.refund(bank, ask.merchant, _form(ask), ask.now_ms)
    overtaken = bank.faults.take("notify-before-answer", ask.now_ms)
    if overtaken is None:
        return Outcome(200, form)
    refunds.settle_at_once(bank, ask.merchant, str(form["out_refund_no"]), ask.now_ms)
    return Outcome(200, form, delay_ms=overtaken.number("delay_ms"), fault="notify-before-answer")


def _refund_query(bank: Bank, ask: Ask) -> Outcome:
    return Outcome(200, refunds.query(bank, ask.merchant, ask.named))


def _certificates(bank: Bank, ask: Ask) -> Outcome:
    return Outcome(200, bank.keys.certificate_list(ask.merchant, ask.now_ms))


def _bill(bank: Bank, ask: Ask) -> Outcome:
    return Outcome(200, bill_counter.ask_wechatpay(bank, ask.merchant, ask.named, ask.query, ask.now_ms))


def _form(ask: Ask) -> dict[str, Any]:
    return read_object(ask.body)


_CALLS: Final[Mapping[str, Callable[[Bank, Ask], Outcome]]] = {
    "native": _native,
    "codepay": _codepay,
    "query": _query,
    "query-id": _query_id,
    "close": _close,
    "reverse": _reverse,
    "refund": _refund,
    "refund-query": _refund_query,
    "certificates": _certificates,
    "bill": _bill,
}
