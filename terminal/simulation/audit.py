"""The oracle's last look: everything was healed and had its time, so nothing may be in doubt, lost or doubled."""

from collections.abc import Set as AbstractSet

from terminal.sandbox.alipay_trades import TYPES as ALIPAY_TRADES
from terminal.sandbox.records import Order
from terminal.simulation.books import RefundRow
from terminal.simulation.oracle import Oracle
from terminal.simulation.speech import book_number


def audit(oracle: Oracle, listed_slips: AbstractSet[str]) -> None:
    """``listed_slips``: effects the product shows to a person."""
    _nothing_in_doubt(oracle, listed_slips)
    for order_no in oracle.bank.captures(oracle.shop.mchid):
        order = oracle.order(order_no)
        assert order is not None
        _one_order(oracle, order)
    for sale in oracle.log.sales.values():
        paying = [x.id for x in sale.attempts if x.pays]
        plain = [each for each in paying if all(x.kind != "excess" for x in oracle.log.exceptions_of(each))]
        parts = sum(oracle.log.attempts[each].amount for each in plain) <= sale.amount
        one = len(plain) <= 1 or parts
        oracle.must(one, "I3", f"sale {sale.id} is paid by more than one attempt, unlisted: {plain}")
    _refunds(oracle)


def _nothing_in_doubt(oracle: Oracle, listed_slips: AbstractSet[str]) -> None:
    log = oracle.log
    for row in log.attempts.values():
        manual = row.state == "manual" and bool(log.exceptions_of(row.id))
        oracle.must(not row.live or manual, "I4", f"{row.id} is still {row.state}")
    for sale in log.sales.values():
        waits = any(row.state == "manual" and log.exceptions_of(row.id) for row in sale.attempts)
        waits = waits or any(row.pays and log.exceptions_of(row.id) for row in sale.attempts)  # left with a part
        oracle.must(sale.ended or waits, "I4", f"sale {sale.id} is still {sale.state}")
    for told in log.exceptions.values():
        stale = told.kind == "window_over" and not told.closed and not log.attempts[told.attempt].live
        oracle.must(not stale, "I4", f"{told.id} is still before a person, and its doubt is over")
    for refund in log.refunds.values():
        ended = refund.state in {"refunded", "failed", "manual"} or _without_a_word(oracle, refund)
        oracle.must(ended, "I4", f"refund {refund.id}: {refund.state}")
    for effect in log.owed:
        oracle.must(effect in listed_slips, "I9", f"{effect} is owed and nobody sees it")


def _one_order(oracle: Oracle, order: Order) -> None:
    """Every capture is paid for exactly once, given back, or before a person (I1, I3)."""
    order_no, log = order.out_trade_no, oracle.log
    row = log.attempts.get(order_no)
    if row is None:
        oracle.must(order_no in log.orphans, "I1", f"money taken for {order_no}, nobody knows")
        return
    held = sum(x.amount for x in order.captures) - order.returned
    listed = log.exceptions_of(order_no)
    refunded = any(x.attempt == row.id for x in log.refunds.values())
    kept = order.returned == 0 or bool(listed) or refunded
    oracle.must(kept or not row.pays, "I2", f"{order_no} is called paid, and the bank gave it back")
    accounted = held <= 0 or row.pays or bool(listed)
    accounted = accounted or all(each.transaction_id in log.unmatched for each in order.captures)
    oracle.must(accounted, "I1", f"{held} kept for {order_no}: {row}")
    for capture in order.captures[1:]:
        txn = capture.transaction_id
        letters = [x for x in oracle.taken.values() if x.order_no == order_no]
        told = any(book_number(each.txn) == txn for each in letters)
        known = txn in {book_number(each) for each in row.txns} or bool(listed)
        oracle.must(known or not told, "I3", f"{capture} of {order_no} is not listed")


def _undone(oracle: Oracle, refund: RefundRow) -> bool:
    """The order was reversed after it had been paid: all of it is back at the customer's."""
    order = oracle.order(refund.attempt)
    return order is not None and order.state == "REVOKED" and order.returned >= refund.amount


def _without_a_word(oracle: Oracle, refund: RefundRow) -> bool:
    """Alipay has no word for a refund that failed: it is under way for ever, and a person knows (row 75)."""
    order, there = oracle.order(refund.attempt), oracle.refund_there(refund)
    if order is None or order.trade_type not in ALIPAY_TRADES or (there is not None and there.status == "SUCCESS"):
        return False
    return f"{refund.id}:refund_late" in oracle.log.exceptions


def _refunds(oracle: Oracle) -> None:
    for refund in oracle.log.refunds.values():
        there = oracle.refund_there(refund)
        back = (there is not None and there.status == "SUCCESS") or (refund.voided and _undone(oracle, refund))
        seen = f"{refund.id}:contradicted" in oracle.log.exceptions
        good = back == (refund.state == "refunded") or refund.state == "manual" or seen
        oracle.must(good, "I8", f"{refund} here, {there} at the bank")
    for order_no, back_minor in oracle.bank.returned(oracle.shop.mchid).items():
        order = oracle.order(order_no)
        assert order is not None
        oracle.must(back_minor <= sum(x.amount for x in order.captures), "I8", f"{back_minor} of {order_no}")
