"""What the calls about orders do to the books. Pure.

Source: WeChat Pay merchant documentation, API v3: "Native下单", "付款码支付", "查询订单", "关闭订单",
"撤销".
"""

import re
from contextlib import suppress
from typing import Any, Final

from terminal.sandbox.engine import CustomerCannot, Engine
from terminal.sandbox.keyring import Merchant
from terminal.sandbox.ledger import AUTO_CLOSE_MS, CUSTOMER
from terminal.sandbox.records import Order, PayCode
from terminal.sandbox.refusals import ALREADY_PAID, REENTRY_DIFFERS, REVERSE_ONLY, Refused, bad_parameter
from terminal.sandbox.requests import NewOrder, app_named, merchant_named, new_code_payment, new_native
from terminal.sandbox.wire_forms import Form, transaction

_AUTH_CODE: Final = re.compile(r"1[0-5][0-9]{16}")
_SCRIPTS: Final = {  # by the code's first two digits; the wallet never issues these
    "10": "pays",
    "11": "password",
    "12": "password-never",
    "13": "expired",
    "14": "error",
    "15": "cut",
}


def order_native(bank: Engine, merchant: Merchant, form: dict[str, Any], now_ms: int) -> str:
    """The code_url. The same order again gives another code for the same order."""
    new = new_native(form, now_ms)
    _same_merchant(merchant, new.mchid, new.appid)
    order = bank.ledger.find(new.mchid, new.out_trade_no, now_ms)
    if order is None:
        order = _opened(new, "NATIVE", now_ms)
        bank.ledger.add(order)
    else:
        _must_repeat(order, new, "NATIVE")
        if order.captures:
            raise Refused("ORDER_PAID", number=ALREADY_PAID)
        if order.state != "NOTPAY" or now_ms >= order.payable_until_ms:
            raise Refused("ORDER_CLOSED")
    url = f"weixin://wxpay/bizpayurl?pr={bank.keys.entropy.bytes(6).hex()}TEST"
    bank.ledger.add_code_url(order, url, now_ms)
    bank.forge_if_asked(now_ms)
    return url


def pay_by_code(bank: Engine, merchant: Merchant, form: dict[str, Any], now_ms: int) -> tuple[Form, str]:
    """The transaction, and "error" or "cut" when a scripted payer wants the answer spoiled.

    Raises:
        Refused: among others USERPAYING, which is no refusal: the order waits for the customer.
    """
    order, script = charge_code(bank, merchant, new_code_payment(form), now_ms)
    return transaction(order), script


def charge_code(bank: Engine, merchant: Merchant, new: NewOrder, now_ms: int) -> tuple[Order, str]:
    _same_merchant(merchant, new.mchid, new.appid)
    order = bank.ledger.find(new.mchid, new.out_trade_no, now_ms)
    if order is not None:
        _must_repeat(order, new, "MICROPAY")
        raise _spent(order)
    order = _opened(new, "MICROPAY", now_ms)
    order.state = "USERPAYING"
    bank.ledger.add(order)
    try:
        code = _redeem(bank, new.auth_code, order, now_ms)
        return order, _charge(bank, order, code, now_ms)
    except Refused as refusal:
        if refusal.code != "USERPAYING":
            bank.ledger.move(order, "PAYERROR")
        raise


def _redeem(bank: Engine, auth_code: str, order: Order, now_ms: int) -> PayCode:
    """Use a payment code up. Raises Refused: AUTH_CODE_INVALID, AUTH_CODE_ERROR (used), AUTH_CODE_EXPIRE."""
    code = bank.ledger.codes.get(auth_code)
    if code is None and _AUTH_CODE.fullmatch(auth_code) and bank.rules.scripted_payers:
        wait_ms = bank.rules.scripted_password_ms
        code = PayCode(auth_code, CUSTOMER, _SCRIPTS[auth_code[:2]], now_ms, confirm_after_ms=wait_ms)
    if code is None or not _AUTH_CODE.fullmatch(auth_code):  # another wallet's code is none of ours
        raise Refused("AUTH_CODE_INVALID")
    if code.used_for:
        raise Refused("AUTH_CODE_ERROR")
    code.used_for = order.key
    bank.ledger.codes.put(code)
    too_old = now_ms >= code.issued_ms + bank.rules.pay_code_life_ms
    if too_old or code.behaviour == "expired" or bank.faults.take("code-expired", now_ms):
        raise Refused("AUTH_CODE_EXPIRE")
    return code


def _charge(bank: Engine, order: Order, code: PayCode, now_ms: int) -> str:
    order.openid = code.openid
    forced = bank.faults.take("password-needed", now_ms)
    if forced is not None or code.behaviour.startswith("password"):
        after_ms = forced.number("confirm_after_ms") if forced else code.confirm_after_ms
        bank.ledger.move(order, "USERPAYING")
        if code.behaviour != "password-never":
            bank.ledger.later(now_ms + bank.rules.password_life_ms, "lapse", order.key)
            if after_ms:
                bank.ledger.later(now_ms + after_ms, "capture", order.key)
        raise Refused("USERPAYING")
    try:
        if code.behaviour == "no-funds":
            raise CustomerCannot("no-funds")
        bank.capture(order, now_ms)
    except CustomerCannot:
        raise Refused("NOT_ENOUGH") from None
    return code.behaviour if code.behaviour in ("error", "cut") else ""


def query(bank: Engine, merchant: Merchant, out_trade_no: str, asked_by: str, now_ms: int) -> Form:
    _same_asker(merchant, asked_by)
    return transaction(_existing(bank, merchant, out_trade_no, now_ms))


def query_paid(bank: Engine, merchant: Merchant, transaction_id: str, asked_by: str, now_ms: int) -> Form:
    _same_asker(merchant, asked_by)
    order = bank.ledger.find_paid(merchant.mchid, transaction_id, now_ms)
    if order is None:
        raise Refused("ORDER_NOT_EXIST")
    return transaction(order)


def close(bank: Engine, merchant: Merchant, out_trade_no: str, form: dict[str, Any], now_ms: int) -> None:
    """Close an unpaid shown order; afterwards nobody can pay it."""
    _same_merchant(merchant, merchant_named(form))
    order = _existing(bank, merchant, out_trade_no, now_ms)
    if order.trade_type == "MICROPAY":
        raise Refused("INVALID_REQUEST", "付款码支付订单请使用撤销接口", number=REVERSE_ONLY)
    if order.state == "NOTPAY" and bank.faults.take("pay-during-close", now_ms):
        with suppress(CustomerCannot):  # no money, or the order's own time is over
            bank.capture(order, now_ms)
    if order.captures:
        raise Refused("ORDER_PAID")
    if order.state == "CLOSED":
        raise Refused("ORDER_CLOSED")
    bank.ledger.move(order, "CLOSED")


def reverse(bank: Engine, merchant: Merchant, out_trade_no: str, form: dict[str, Any], now_ms: int) -> Form:
    """Undo a code payment: unpaid it can no longer be paid, paid it goes back. Repeating it is harmless."""
    appid = app_named(form)
    _same_merchant(merchant, merchant_named(form), appid)
    order = bank.ledger.find(merchant.mchid, out_trade_no, now_ms)
    if order is None and bank.rules.reverse_unknown_order == "accepted":
        order = Order(merchant.mchid, appid, out_trade_no, "MICROPAY", "", 0, "CNY", "", now_ms, "REVOKED")
        bank.ledger.add(order)
    if order is None:
        raise Refused("ORDER_NOT_EXIST")
    if order.trade_type != "MICROPAY":
        raise Refused("INVALID_REQUEST", "仅付款码支付订单可撤销")
    if order.state == "SUCCESS":
        if now_ms > order.captures[0].at_ms + bank.rules.reverse_window_ms:
            raise Refused("INVALID_REQUEST", "订单已超过可撤销时间，请使用退款接口")
        bank.ledger.give_back(order, now_ms)
    elif order.state == "REFUND":
        raise Refused("INVALID_REQUEST", "订单已转入退款，不可撤销")
    elif order.state == "USERPAYING":
        bank.ledger.move(order, "REVOKED")
    return {"appid": appid, "mchid": merchant.mchid, "out_trade_no": out_trade_no}


def _opened(new: NewOrder, trade_type: str, now_ms: int) -> Order:
    return Order(
        mchid=new.mchid,
        appid=new.appid,
        out_trade_no=new.out_trade_no,
        trade_type=trade_type,
        description=new.description,
        total=new.total,
        currency=new.currency,
        meaning=new.meaning,
        created_ms=now_ms,
        payable_until_ms=new.expires_ms or now_ms + AUTO_CLOSE_MS,
        attach=new.attach,
        notify_url=new.notify_url,
        device_id=new.device_id,
    )


def _existing(bank: Engine, merchant: Merchant, out_trade_no: str, now_ms: int) -> Order:
    order = bank.ledger.find(merchant.mchid, out_trade_no, now_ms)
    if order is None:
        raise Refused("ORDER_NOT_EXIST")
    return order


def _must_repeat(order: Order, new: NewOrder, trade_type: str) -> None:
    if order.trade_type != trade_type:
        raise Refused("OUT_TRADE_NO_USED")
    if order.meaning != new.meaning:
        raise Refused("INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", number=REENTRY_DIFFERS)


def _spent(order: Order) -> Refused:
    """A code payment is never charged twice under one number, whatever became of the first request."""
    words = {"USERPAYING": "USERPAYING", "REVOKED": "ORDER_REVERSED", "PAYERROR": "OUT_TRADE_NO_USED"}
    return Refused(words.get(order.state, "OUT_TRADE_NO_USED"))


def _same_merchant(merchant: Merchant, mchid: str, appid: str = "") -> None:
    if mchid != merchant.mchid:
        raise Refused("NO_AUTH", "商户号与签名商户号不一致")
    if appid and appid != merchant.appid:
        raise Refused("APPID_MCHID_NOT_MATCH")


def _same_asker(merchant: Merchant, asked_by: str) -> None:
    if not asked_by:
        raise bad_parameter("mchid", "the query needs mchid")
    _same_merchant(merchant, asked_by)
