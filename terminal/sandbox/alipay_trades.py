"""What Alipay's calls do to the books. Pure.

Source: Alipay Open Platform documentation: alipay.trade.precreate, pay, query, cancel, close, refund,
fastpay.refund.query, with their business error tables.
"""

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from terminal.sandbox import bill_counter, bill_making
from terminal.sandbox.alipay_forms import (
    BARCODE,
    PRECREATE,
    Form,
    payment,
    read_beijing,
    status,
    trade_no,
    yuan,
)
from terminal.sandbox.engine import CustomerCannot, Engine
from terminal.sandbox.keyring import Merchant
from terminal.sandbox.ledger import CODE_URL_LIFE_MS, DAY_MS
from terminal.sandbox.records import Order, PayCode, Refund, order_key
from terminal.sandbox.requests import meaning_of

TYPES: Final = (PRECREATE, BARCODE)
CANCEL_WITHIN_MS: Final = DAY_MS
_OK: Final[Mapping[str, str]] = {"code": "10000", "msg": "Success"}
_NO: Final = re.compile(r"[0-9A-Za-z_\-]{1,64}")
_YUAN: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2}))?")
_AUTH_CODE: Final = re.compile(r"(2[5-9]|30)[0-9]{14,22}")
_MESSAGES: Final[Mapping[str, str]] = {
    "20000": "Service Currently Unavailable",
    "40002": "Invalid Arguments",
    "40004": "Business Failed",
}


class No(Exception):
    """A documented refusal."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code

    def form(self) -> Form:
        words = f"TEST {self.sub_code.rpartition('.')[2]}"
        return {"code": self.code, "msg": _MESSAGES[self.code], "sub_code": self.sub_code, "sub_msg": words}


@dataclass(frozen=True, slots=True)
class Trades:
    """One authenticated request's view of the books."""

    bank: Engine
    merchant: Merchant
    app_id: str
    notify_url: str
    now_ms: int

    def find(self, number: str) -> Order | None:
        order = self.bank.ledger.find(self.merchant.mchid, number, self.now_ms)
        return order if order is not None and order.trade_type in TYPES else None

    def known(self, asked: Form) -> Order:
        """By our number or theirs. A precreated order is no trade before a customer scanned its code."""
        named = str(asked.get("trade_no", ""))
        order = self.find(str(asked.get("out_trade_no", "")))
        if order is None and named:
            order = self.bank.ledger.find_paid(self.merchant.mchid, named, self.now_ms)
        unseen = order is not None and not (order.scanned_ms or order.captures) and order.trade_type == PRECREATE
        if order is None or unseen:
            raise No("40004", "ACQ.TRADE_NOT_EXIST")
        return order

    def is_shown(self, number: str) -> bool:
        order = self.find(number)
        return order is not None and order.trade_type == PRECREATE

    def opened(self, asked: Form, trade_type: str, until_ms: int) -> Order:
        return Order(
            mchid=self.merchant.mchid,
            appid=self.app_id,
            out_trade_no=str(asked["out_trade_no"]),
            trade_type=trade_type,
            description=_text(asked, "subject"),
            total=_fen(asked, "total_amount"),
            currency="CNY",
            meaning=meaning_of({name: value for name, value in asked.items() if name != "auth_code"}),
            created_ms=self.now_ms,
            payable_until_ms=until_ms,
            notify_url=self.notify_url,
            device_id=str(asked.get("terminal_id", "")),
        )


def precreate(trades: Trades, asked: Form) -> Form:
    """The code. The same order again gives another code for the same order."""
    until_ms = trades.now_ms + CODE_URL_LIFE_MS
    if "time_expire" in asked:
        named = read_beijing(str(asked["time_expire"]))
        if named is None or named <= trades.now_ms:
            raise No("40004", "ACQ.INVALID_PARAMETER")
        until_ms = named
    number = _number(asked, "out_trade_no")
    new = trades.opened(asked, PRECREATE, until_ms)
    order = trades.find(number)
    if order is None:
        trades.bank.ledger.add(order := new)
    elif order.meaning != new.meaning:
        raise No("40004", "ACQ.CONTEXT_INCONSISTENT")
    elif order.captures:
        raise No("40004", "ACQ.TRADE_HAS_SUCCESS")
    elif order.state != "NOTPAY" or trades.now_ms >= order.payable_until_ms:
        raise No("40004", "ACQ.TRADE_HAS_CLOSE")
    url = f"https://qr.alipay.com/bax{trades.bank.keys.entropy.bytes(8).hex()}test"
    trades.bank.ledger.add_code_url(order, url, trades.now_ms)
    trades.bank.forge_if_asked(trades.now_ms)
    return {**_OK, "out_trade_no": number, "qr_code": url}


def pay(trades: Trades, asked: Form) -> Form:
    """Charge the customer's code: 10000 paid, 10003 while he types his password. A code is spent at once."""
    number = _number(asked, "out_trade_no")
    if asked.get("scene") != "bar_code":
        raise No("40004", "ACQ.INVALID_PARAMETER")
    new = trades.opened(asked, BARCODE, trades.now_ms + DAY_MS)
    order = trades.find(number)
    if order is not None:
        return _again(order, new)
    new.state = "USERPAYING"
    trades.bank.ledger.add(new)
    try:
        code = _redeem(trades, str(asked.get("auth_code", "")), new)
        return _charge(trades, new, code)
    except No:
        trades.bank.ledger.move(new, "PAYERROR")
        raise


def _again(order: Order, new: Order) -> Form:
    """A number is charged once, whatever became of the first request."""
    if order.meaning != new.meaning or order.trade_type != BARCODE:
        raise No("40004", "ACQ.CONTEXT_INCONSISTENT")
    if order.state == "USERPAYING":
        return _paying(order)
    raise No("40004", "ACQ.TRADE_HAS_SUCCESS" if order.captures else "ACQ.TRADE_HAS_CLOSE")


def _redeem(trades: Trades, auth_code: str, order: Order) -> PayCode:
    code = trades.bank.ledger.codes.get(auth_code) if _AUTH_CODE.fullmatch(auth_code) else None
    if code is None or code.used_for:
        raise No("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID")
    code.used_for = order.key
    trades.bank.ledger.codes.put(code)
    too_old = trades.now_ms >= code.issued_ms + trades.bank.rules.pay_code_life_ms
    if too_old or trades.bank.faults.take("code-expired", trades.now_ms):
        raise No("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID")
    return code


def _charge(trades: Trades, order: Order, code: PayCode) -> Form:
    bank, now_ms = trades.bank, trades.now_ms
    order.openid = code.openid
    forced = bank.faults.take("password-needed", now_ms)
    if forced is not None or code.behaviour == "password":
        after_ms = forced.number("confirm_after_ms") if forced else code.confirm_after_ms
        bank.ledger.orders.put(order)
        bank.ledger.later(now_ms + bank.rules.password_life_ms, "lapse", order.key)
        if after_ms:
            bank.ledger.later(now_ms + after_ms, "capture", order.key)
        return _paying(order)
    try:
        if code.behaviour == "no-funds":
            raise CustomerCannot("no-funds")
        bank.capture(order, now_ms)
    except CustomerCannot:
        raise No("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH") from None
    told = {**_OK, "trade_no": trade_no(order), "out_trade_no": order.out_trade_no}
    return {**told, "total_amount": yuan(order.total), **payment(order, "gmt_payment")}


def _paying(order: Order) -> Form:
    told = {"code": "10003", "msg": "order success pay inprocess", "out_trade_no": order.out_trade_no}
    return {**told, "trade_no": trade_no(order), "buyer_logon_id": "tes***@sandbox.test"}


def query(trades: Trades, asked: Form) -> Form:
    order = trades.known(asked)
    told = {
        **_OK,
        "out_trade_no": order.out_trade_no,
        "trade_no": trade_no(order),
        "trade_status": status(order, trades.bank.ledger.refundable(order), trades.now_ms),
        "total_amount": yuan(order.total),
    }
    return {**told, **payment(order, "send_pay_date")} if order.captures else told


def close(trades: Trades, asked: Form) -> Form:
    """Unpaid trades only."""
    order = trades.known(asked)
    if order.captures or order.state not in ("NOTPAY", "USERPAYING"):
        raise No("40004", "ACQ.TRADE_STATUS_ERROR")
    trades.bank.ledger.move(order, "CLOSED")
    return {**_OK, "out_trade_no": order.out_trade_no, "trade_no": trade_no(order)}


def cancel(trades: Trades, asked: Form) -> Form:
    """Unpaid it can no longer be paid, paid it goes back; repeating it, or an unknown number, is harmless."""
    number = _number(asked, "out_trade_no")
    told: Form = {**_OK, "out_trade_no": number, "retry_flag": "N"}
    order = trades.find(number)
    if order is None:
        return told
    if order.state == "NOTPAY" and trades.bank.faults.take("pay-during-close", trades.now_ms):
        with suppress(CustomerCannot):
            trades.bank.capture(order, trades.now_ms)
    if order.state == "REFUND":
        raise No("40004", "ACQ.TRADE_STATUS_ERROR")
    if order.state == "SUCCESS":
        if trades.now_ms > order.created_ms + CANCEL_WITHIN_MS:
            raise No("40004", "ACQ.TRADE_CANCEL_TIME_OUT")
        trades.bank.ledger.give_back(order, trades.now_ms)
        return {**told, "trade_no": trade_no(order), "action": "refund"}
    if order.state in ("NOTPAY", "USERPAYING"):
        trades.bank.ledger.move(order, "CLOSED" if order.trade_type == PRECREATE else "REVOKED")
        if order.scanned_ms or order.trade_type == BARCODE:
            return {**told, "trade_no": trade_no(order), "action": "close"}
        return told
    return {**told, "trade_no": trade_no(order)}


def refund(trades: Trades, asked: Form) -> Form:
    """The same request number with the same amount is the same refund and moves nothing again."""
    order, bank = trades.known(asked), trades.bank
    amount = _fen(asked, "refund_amount")
    number = str(asked.get("out_request_no") or order.out_trade_no)  # without one it is a whole refund
    earlier = bank.ledger.refunds.get(order_key(order.mchid, number))
    if earlier is not None:
        if (earlier.amount, earlier.out_trade_no) != (amount, order.out_trade_no):
            raise No("40004", "ACQ.DISCORDANT_REPEAT_REQUEST")
        return _refunded(trades, order, changed=False)
    if order.state not in ("SUCCESS", "REFUND"):
        raise No("40004", "ACQ.TRADE_STATUS_ERROR")
    if trades.now_ms > order.captures[0].at_ms + bank.rules.refund_window_ms:
        raise No("40004", "ACQ.TRADE_NOT_ALLOW_REFUND")
    if amount > bank.ledger.refundable(order):
        raise No("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
    if bank.faults.take("refund-no-balance", trades.now_ms):
        raise No("40004", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    made = Refund(
        mchid=order.mchid,
        out_refund_no=number,
        refund_id=number,
        out_trade_no=order.out_trade_no,
        transaction_id=order.captures[0].transaction_id,
        amount=amount,
        total=order.total,
        currency="CNY",
        meaning="",
        created_ms=trades.now_ms,
    )
    bank.ledger.add_refund(made)
    bank.ledger.move(order, "REFUND")
    slow = bank.faults.take("refund-slow", trades.now_ms)
    end = "CLOSED" if bank.faults.take("refund-closed", trades.now_ms) else "SUCCESS"
    at_ms = trades.now_ms + (slow.number("delay_ms") if slow else 0)
    bank.ledger.later(at_ms, "settle", made.key, end)
    bank.advance(trades.now_ms)  # without a fault it is done before the answer
    return _refunded(trades, order, changed=made.status == "SUCCESS")


def _refunded(trades: Trades, order: Order, *, changed: bool) -> Form:
    back = order.total - trades.bank.ledger.refundable(order)
    told = {**_OK, "trade_no": trade_no(order), "out_trade_no": order.out_trade_no}
    return {**told, "fund_change": "Y" if changed else "N", "refund_fee": yuan(back)}


def query_refund(trades: Trades, asked: Form) -> Form:
    """Neither status nor numbers for a refund nobody asked for: an empty yes, as documented."""
    order = trades.known(asked)
    found = trades.bank.ledger.refunds.get(order_key(order.mchid, _number(asked, "out_request_no")))
    if found is None or found.out_trade_no != order.out_trade_no:
        return dict(_OK)
    told = {**_OK, "out_trade_no": order.out_trade_no, "trade_no": trade_no(order)}
    told |= {"out_request_no": found.out_refund_no, "refund_amount": yuan(found.amount)}
    told |= {"total_amount": yuan(order.total)}
    return told | ({"refund_status": "REFUND_SUCCESS"} if found.status == "SUCCESS" else {})


def ask_bill(trades: Trades, asked: Form) -> Form:
    """Where the zip lies. That it is still being made has no word of its own."""
    try:
        url = bill_counter.ask_alipay(trades.bank, trades.merchant, asked, trades.now_ms)
    except bill_making.NoBill as no:
        if str(no) == "making":
            raise No("20000", "isp.unknow-error") from None
        raise No("40004", "isp.bill_not_exist" if str(no) == "none" else "isv.invalid-arguments") from None
    return {**_OK, "bill_download_url": url}


def certificate(trades: Trades, asked: Form) -> Form:
    """alipay.open.app.alipaycert.download: the certificate with its issuer, in base64."""
    held = trades.bank.keys.alipay
    pem = held.contents.get(str(asked.get("alipay_cert_sn"))) if held else None
    if pem is None:
        raise No("40004", "isv.invalid-cert-sn")
    return {**_OK, "alipay_cert_content": base64.b64encode(pem.encode()).decode()}


def _text(asked: Form, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 256:
        raise No("40004", "ACQ.INVALID_PARAMETER")
    return value


def _number(asked: Form, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not _NO.fullmatch(value):
        raise No("40004", "ACQ.INVALID_PARAMETER")
    return value


def _fen(asked: Form, name: str) -> int:
    match = _YUAN.fullmatch(str(asked.get(name)))
    fen = int(match[1] + (match[2] or "").ljust(2, "0")) if match else 0
    if fen < 1:
        raise No("40004", "ACQ.INVALID_PARAMETER")
    return fen
