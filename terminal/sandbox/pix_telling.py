"""Writes the Pix webhook: what arrived and what went back, unsigned JSON, several Pix in one message. Pure.

Source: Banco Central do Brasil, "API Pix" 2.9.0, callbacks of PUT /webhook/{chave} (WebhookPixBody).
"""

import json
from collections.abc import Mapping
from typing import Final

from terminal.sandbox.faults import Faults
from terminal.sandbox.keyring import Keyring
from terminal.sandbox.ledger import Ledger
from terminal.sandbox.pix_forms import Form, key_of, pix, reais
from terminal.sandbox.records import Capture, Notice, Order, Refund, order_key
from terminal.sandbox.telling import OTHER_ORDER, Teller

OTHER_KEY: Final = "00000000-0000-4000-a000-000000000000"


class PixTeller:
    """Tells the webhook of the key that was paid, and nobody when there is none."""

    def __init__(self, keys: Keyring, faults: Faults, post: Teller, ledger: Ledger) -> None:
        self._keys, self._faults, self._post, self._ledger = keys, faults, post, ledger

    def tell_payment(self, order: Order, capture: Capture, at_ms: int) -> None:
        self._tell(order, capture, at_ms)

    def tell_refund(self, refund: Refund, at_ms: int) -> None:
        """Again, when a devolução has come to its end."""
        order = self._ledger.orders.get(order_key(refund.mchid, refund.out_trade_no))
        if order is not None:
            paid = (each for each in order.captures if each.transaction_id == refund.transaction_id)
            self._tell(order, next(paid), at_ms)

    def forge(self, order: Order, variant: str, at_ms: int) -> None:  # noqa: ARG002  # one way to lie here
        """A stranger says an unpaid charge is paid."""
        capture = Capture("42000" + "2" * 8 + "9" * 15, order.total, at_ms, "FORGED")
        body = _body([self._form(order, capture)])
        self._post.post_forged(self._number(), order.key, "pix", order.notify_url, body, at_ms, "pix")

    def sealed(self, notice: Notice, now_ms: int) -> tuple[Mapping[str, str], bytes]:  # noqa: ARG002  # no time in it
        return {"Content-Type": "application/json"}, notice.body.encode()

    def _tell(self, order: Order, capture: Capture, at_ms: int) -> None:
        webhook = self._ledger.webhooks.get(key_of(self._keys.merchants[order.mchid]))
        if webhook is None:
            return
        form = self._form(order, capture)
        for slug, (name, value) in _ALTERED.items():
            if fault := self._faults.take(slug, at_ms):
                form[name] = value or reais(capture.amount + fault.number("by"))
        self._post.post(self._number(), order.key, "pix", webhook.address, _body([form]), at_ms, "pix")

    def _form(self, order: Order, capture: Capture) -> Form:
        told = pix(order, capture, key_of(self._keys.merchants[order.mchid]), self._ledger.refunds_of(order))
        return {name: value for name, value in told.items() if name != "componentesValor"}

    def _number(self) -> str:
        return self._keys.entropy.bytes(16).hex()


def _body(found: list[Form]) -> bytes:
    return json.dumps({"pix": found}, ensure_ascii=False).encode()


_ALTERED: Final[Mapping[str, tuple[str, str]]] = {
    "notify-wrong-amount": ("valor", ""),
    "notify-wrong-merchant": ("chave", OTHER_KEY),
    "notify-wrong-order": ("txid", OTHER_ORDER),
}
