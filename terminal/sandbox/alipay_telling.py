"""Writes Alipay's notifications: signed when they leave, as a form, until the merchant answers ``success``. Pure.

Source: Alipay Open Platform documentation, "Asynchronous notifications" and the production sample in the tests of
alipay/alipay-sdk-nodejs-all: everything but ``sign`` and ``sign_type`` is signed.
"""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from terminal.sandbox.alipay_forms import Form, beijing, payment, raise_amount, sign_text, signed, trade_no, yuan
from terminal.sandbox.faults import Faults
from terminal.sandbox.keyring import Keyring, alipay_names
from terminal.sandbox.ledger import Ledger
from terminal.sandbox.records import Capture, Notice, Order, Refund, order_key
from terminal.sandbox.telling import OTHER_ORDER, Teller

OTHER_SELLER: Final = "2088999999999999"
_STALE_MS: Final = 400_000


class AlipayTeller:
    def __init__(self, keys: Keyring, faults: Faults, post: Teller, ledger: Ledger) -> None:
        self._keys, self._faults, self._post, self._ledger = keys, faults, post, ledger

    def tell_payment(self, order: Order, capture: Capture, at_ms: int) -> None:
        if order.notify_url:
            self._tell(order, self._form(order, capture, "TRADE_SUCCESS"), at_ms)

    def tell_refund(self, refund: Refund, at_ms: int) -> None:
        """On the order's address; ``refund_fee`` is all that went back until now."""
        order = self._ledger.orders.get(order_key(refund.mchid, refund.out_trade_no))
        if order is None or not order.notify_url or refund.status != "SUCCESS":
            return
        back = sum(one.amount for one in self._ledger.refunds_of(order) if one.status == "SUCCESS")
        form = self._form(order, order.captures[0], "TRADE_CLOSED" if back == order.total else "TRADE_SUCCESS")
        form |= {"refund_fee": yuan(back), "gmt_refund": beijing(at_ms), "out_biz_no": refund.out_refund_no}
        self._tell(order, form, at_ms)

    def forge(self, order: Order, variant: str, at_ms: int) -> None:  # noqa: ARG002  # one way to lie here
        """A stranger says an unpaid order is paid."""
        capture = Capture("2026" + "9" * 24, order.total, at_ms, "FORGED")
        form = self._form(order, capture, "TRADE_SUCCESS")
        self._post.post_forged(
            str(form["notify_id"]), order.key, "TRADE_SUCCESS", order.notify_url, _body(form), at_ms, "alipay"
        )

    def sealed(self, notice: Notice, now_ms: int) -> tuple[Mapping[str, str], bytes]:
        """The form as it leaves now; ``notify_time`` is the time of sending, ``notify_id`` stays.

        In certificate mode it is signed with the certificate's key, which no parameter names.
        """
        told: dict[str, str] = json.loads(notice.body)
        told["notify_time"] = beijing(now_ms - (_STALE_MS if notice.tamper == "stale" else 0))
        text, certified = sign_text(told, leave_out=("sign", "sign_type")), told["app_id"] in self._certified()
        told["sign"] = signed(self._keys, text, notice.tamper, certified=certified)
        if notice.tamper == "missing":
            del told["sign"]
        headers = {"Content-Type": "application/x-www-form-urlencoded; text/html; charset=utf-8"}
        return headers, urlencode(told | {"sign_type": "RSA2"}).encode()

    def _certified(self) -> set[str]:
        return {alipay_names(mchid)["alipay_app_id"] for mchid in self._keys.certified}

    def _tell(self, order: Order, form: Form, at_ms: int) -> None:
        for slug, alter in _ALTERED.items():
            if fault := self._faults.take(slug, at_ms):
                alter(form, int(fault.params.get("by", 0)))
        event = str(form["trade_status"])
        self._post.post(str(form["notify_id"]), order.key, event, order.notify_url, _body(form), at_ms, "alipay")

    def _form(self, order: Order, capture: Capture, status: str) -> Form:
        names = alipay_names(order.mchid)
        paid = payment(order, "gmt_payment") if order.captures else {}
        paid["fund_bill_list"] = json.dumps(paid.get("fund_bill_list", []))
        return {
            **paid,
            "gmt_create": beijing(order.created_ms),
            "gmt_payment": beijing(capture.at_ms),
            "charset": "utf-8",
            "version": "1.0",
            "notify_type": "trade_status_sync",
            "notify_id": beijing(capture.at_ms)[:10].replace("-", "") + self._keys.entropy.bytes(13).hex(),
            "app_id": names["alipay_app_id"],
            "auth_app_id": names["alipay_app_id"],
            "seller_id": names["alipay_seller_id"],
            "trade_status": status,
            "trade_no": capture.transaction_id or trade_no(order),
            "out_trade_no": order.out_trade_no,
            "subject": order.description,
            "total_amount": yuan(capture.amount),
        }


def _body(form: Form) -> bytes:
    return json.dumps(form, ensure_ascii=False).encode()


def _seller(form: Form, _: int) -> None:
    form["seller_id"] = OTHER_SELLER


def _order(form: Form, _: int) -> None:
    form["out_trade_no"] = OTHER_ORDER


_ALTERED: Final = {
    "notify-wrong-amount": raise_amount,
    "notify-wrong-merchant": _seller,
    "notify-wrong-order": _order,
}
