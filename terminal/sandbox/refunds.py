"""What the calls about refunds do to the books. Pure.

Source: WeChat Pay merchant documentation, API v3, "申请退款" and "查询单笔退款".
"""

from typing import Any, Final

from terminal.sandbox.engine import Engine
from terminal.sandbox.keyring import Merchant
from terminal.sandbox.records import Order, Refund, order_key
from terminal.sandbox.refusals import REENTRY_DIFFERS, Refused
from terminal.sandbox.requests import NewRefund, new_refund
from terminal.sandbox.wire_forms import Form
from terminal.sandbox.wire_forms import refund as refund_form

PARTIAL_MAX: Final = 50


def refund(bank: Engine, merchant: Merchant, form: dict[str, Any], now_ms: int) -> Form:
    """Start a refund. The same number with the same parameters is the same refund."""
    new = new_refund(form)
    earlier = bank.ledger.refunds.get(order_key(merchant.mchid, new.out_refund_no))
    if earlier is not None:
        if earlier.meaning != new.meaning:
            raise Refused("INVALID_REQUEST", "订单金额或退款金额与之前请求不一致", number=REENTRY_DIFFERS)
        return refund_form(earlier)
    order = _paid_order(bank, merchant, new, now_ms)
    _check(bank, order, new, now_ms)
    made = Refund(
        mchid=merchant.mchid,
        out_refund_no=new.out_refund_no,
        refund_id=bank.new_number("50302", now_ms),
        out_trade_no=order.out_trade_no,
        transaction_id=new.transaction_id or order.captures[0].transaction_id,
        amount=new.amount,
        total=new.total,
        currency=new.currency,
        meaning=new.meaning,
        created_ms=now_ms,
        notify_url=new.notify_url,
    )
    bank.ledger.add_refund(made)
    bank.ledger.move(order, "REFUND")
    _schedule(bank, made, now_ms)
    return refund_form(made)


def query(bank: Engine, merchant: Merchant, out_refund_no: str) -> Form:
    found = bank.ledger.refunds.get(order_key(merchant.mchid, out_refund_no))
    if found is None:
        raise Refused("RESOURCE_NOT_EXISTS")
    return refund_form(found)


def settle_at_once(bank: Engine, merchant: Merchant, out_refund_no: str, now_ms: int) -> None:
    """Finish a refund before its answer has left."""
    key = order_key(merchant.mchid, out_refund_no)
    for errand in bank.ledger.errands:
        if errand.kind == "settle" and errand.about == key:
            errand.at_ms = now_ms
            bank.ledger.errands.put(errand)
    bank.advance(now_ms)


def _paid_order(bank: Engine, merchant: Merchant, new: NewRefund, now_ms: int) -> Order:
    if new.transaction_id:
        order = bank.ledger.find_paid(merchant.mchid, new.transaction_id, now_ms)
    else:
        order = bank.ledger.find(merchant.mchid, new.out_trade_no, now_ms)
    if order is None:
        raise Refused("RESOURCE_NOT_EXISTS", "订单不存在")
    if order.state not in ("SUCCESS", "REFUND"):
        raise Refused("INVALID_REQUEST", "订单状态不支持退款")
    return order


def _check(bank: Engine, order: Order, new: NewRefund, now_ms: int) -> None:
    if new.total != order.total:
        raise Refused("INVALID_REQUEST", "订单金额与支付金额不一致")
    if now_ms > order.captures[0].at_ms + bank.rules.refund_window_ms:
        raise Refused("INVALID_REQUEST", "订单已超过可退款的最大期限")
    if len(bank.ledger.refunds_of(order)) >= PARTIAL_MAX:
        raise Refused("INVALID_REQUEST", "部分退款次数超过限制")
    if new.amount > bank.ledger.refundable(order):
        raise Refused("INVALID_REQUEST", "申请退款金额大于订单可退金额")
    if bank.faults.take("refund-no-balance", now_ms):
        raise Refused("NOT_ENOUGH", "基本账户余额不足")


def _schedule(bank: Engine, made: Refund, now_ms: int) -> None:
    slow = bank.faults.take("refund-slow", now_ms)
    after_ms = slow.number("delay_ms") if slow else bank.rules.refund_takes_ms
    end = "SUCCESS"
    if bank.faults.take("refund-abnormal", now_ms):
        end = "ABNORMAL"
    elif bank.faults.take("refund-closed", now_ms):
        end = "CLOSED"
    bank.ledger.later(now_ms + after_ms, "settle", made.key, end)
