"""Writes notifications, honest ones and, on command, others. Pure."""

import copy
from collections.abc import Callable
from typing import Final

import msgspec

from terminal.sandbox.faults import Faults
from terminal.sandbox.keyring import Keyring
from terminal.sandbox.notifications import Postbox
from terminal.sandbox.records import Capture, Order, Refund
from terminal.sandbox.signing import seal
from terminal.sandbox.wire_forms import Form, compact, notification, refund_told, transaction

OTHER_MERCHANT: Final = "1999999999"
OTHER_APP: Final = "wxother0000000000"
OTHER_ORDER: Final = "SOMEBODY-ELSES-ORDER"
_SUMMARIES: Final = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
}


class Teller:
    def __init__(self, keys: Keyring, faults: Faults, post: Postbox) -> None:
        self._keys, self._faults, self._post = keys, faults, post

    def tell_payment(self, order: Order, capture: Capture, at_ms: int) -> None:
        if order.notify_url:
            form = transaction(msgspec.structs.replace(order, captures=[capture]))
            self._tell(order.mchid, order.key, order.notify_url, "TRANSACTION.SUCCESS", form, at_ms)

    def tell_refund(self, refund: Refund, at_ms: int) -> None:
        if refund.notify_url:
            event = f"REFUND.{refund.status}"
            self._tell(refund.mchid, refund.key, refund.notify_url, event, refund_told(refund), at_ms)

    def forge(self, order: Order, variant: str, at_ms: int) -> None:
        """A stranger says an unpaid order is paid. ``leaked-apiv3``: it decrypts, only the signature is wrong."""
        capture = Capture("4200000000" + "9" * 18, order.total, at_ms, "oFORGED")
        form = transaction(msgspec.structs.replace(order, state="SUCCESS", captures=[capture]))
        key = self._keys.entropy.bytes(16).hex()
        if variant == "leaked-apiv3":
            key = self._keys.merchants[order.mchid].apiv3_key
        notification_id, body = self._envelope(key, "TRANSACTION.SUCCESS", form, at_ms)
        self.post_forged(notification_id, order.key, "TRANSACTION.SUCCESS", order.notify_url, body, at_ms)

    def post_forged(
        self, notification_id: str, about: str, event_type: str, url: str, body: bytes, at_ms: int, kind: str = ""
    ) -> None:
        self._post.post(
            notification_id=notification_id,
            about=about,
            event_type=event_type,
            url=url,
            body=body,
            due_ms=at_ms,
            repeats=False,
            tamper="forged",
            kind=kind,
        )

    def _tell(self, mchid: str, about: str, url: str, event_type: str, form: Form, at_ms: int) -> None:
        form = self._altered(form, at_ms)
        notification_id, body = self._envelope(self._keys.merchants[mchid].apiv3_key, event_type, form, at_ms)
        self.post(notification_id, about, event_type, url, body, at_ms)

    def post(
        self, notification_id: str, about: str, event_type: str, url: str, body: bytes, at_ms: int, kind: str = ""
    ) -> None:
        """Hand it to the post as the faults of this stage want it: late, lost, several times, badly signed."""
        delayed = self._faults.take("notify-delayed", at_ms)
        lost = self._faults.take("notify-lost", at_ms)
        bad = self._faults.take("notify-bad-signature", at_ms)
        many = self._faults.take("notify-3-times", at_ms)
        due_ms = at_ms + (delayed.number("delay_ms") if delayed else 0)
        gap_ms = many.number("gap_ms") if many else 0
        for copy_number in range(many.number("times") if many else 1):
            self._post.post(
                notification_id=notification_id,
                about=about,
                event_type=event_type,
                url=url,
                body=body,
                due_ms=due_ms + copy_number * gap_ms,
                repeats=copy_number == 0 and (bad is None or bad.number("repeats") == 1),
                tamper=bad.text("variant") if bad else "",
                lose=lost.number("attempts") if lost else 0,
                kind=kind,
            )

    def _altered(self, form: Form, at_ms: int) -> Form:
        altered = form
        for slug, alter in _ALTERED.items():
            fault = self._faults.take(slug, at_ms)
            if fault is not None:
                altered = copy.deepcopy(form) if altered is form else altered
                alter(altered, int(fault.params.get("by", 0)))
        return altered

    def _envelope(self, apiv3_key: str, event_type: str, form: Form, at_ms: int) -> tuple[str, bytes]:
        raw = self._keys.entropy.bytes(16).hex()
        notification_id = f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
        original_type = "refund" if event_type.startswith("REFUND") else "transaction"
        nonce = self._keys.entropy.bytes(6).hex()
        ciphertext = seal(apiv3_key, compact(form), nonce=nonce, associated_data=original_type)
        return notification_id, notification(
            notification_id=notification_id,
            at_ms=at_ms,
            event_type=event_type,
            summary=_SUMMARIES[event_type],
            original_type=original_type,
            ciphertext=ciphertext,
            nonce=nonce,
        )


def raise_amount(form: Form, by: int) -> None:
    """State more than was taken, or less when ``by`` is negative."""
    for name in ("total", "payer_total"):
        if name in form["amount"]:
            form["amount"][name] += by


def _other_merchant(form: Form, _: int) -> None:
    form["mchid"] = OTHER_MERCHANT


def _other_order(form: Form, _: int) -> None:
    form["out_trade_no"] = OTHER_ORDER


_ALTERED: Final[dict[str, Callable[[Form, int], None]]] = {
    "notify-wrong-amount": raise_amount,
    "notify-wrong-merchant": _other_merchant,
    "notify-wrong-order": _other_order,
}
