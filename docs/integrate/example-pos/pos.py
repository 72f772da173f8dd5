"""A till of its own: what it sells is its business, what is paid is Countertop's.

It knows three answers, never two: hand over the goods, nothing was charged, keep the goods and ask again.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terminal.client import Client, NotPaid, Order, Paid, Sale

GOODS, NOTHING, ASK = "hand over the goods", "nothing was charged", "keep the goods and ask again"


class Till:
    """``book`` is a file that survives a crash of the till: order number -> the key of its sale."""

    def __init__(self, client: Client, book: Path, *, counter: str = "1") -> None:
        self.client, self.counter, self._book = client, counter, book
        self.keys: dict[str, str] = json.loads(book.read_text()) if book.exists() else {}
        client.keep = self._note

    def _note(self, key: str, body: Mapping[str, Any]) -> None:
        """Called before a single byte is sent."""
        if "order_no" in body:
            self.keys[body["order_no"]] = key
            self._book.write_text(json.dumps(self.keys))

    def sell(self, order_no: str, amount_minor: int, *, patience_s: float = 120) -> str:
        """Ask for the money and wait. After ASK the same call goes on with the same sale."""
        order = Order(self.counter, amount_minor, order_no=order_no, title="Tea")
        match self.client.pay(order, key=self.keys.get(order_no, ""), limit_s=patience_s):
            case Paid():
                return GOODS
            case NotPaid():
                return NOTHING
            case _:
                return ASK

    def give_up(self, order_no: str) -> str:
        """The customer left. "Too late, it is paid" is an answer too."""
        match self.client.cancel(self._sale(order_no).id):
            case Paid():
                return GOODS
            case NotPaid():
                return NOTHING
            case _:
                return ASK

    def give_back(self, order_no: str, reason: str, *, minor: int | None = None, approver: Any = None) -> bool:
        """True: the bank has confirmed that the money is on its way back."""
        sale = self._sale(order_no)
        asked = self.client.refund(sale.id, reason, minor=minor, approver=approver)

        def over(now: Sale) -> bool:
            return next(each.state for each in now.refunds if each.id == asked.id) in {"refunded", "failed"}

        now = self.client.wait(sale.id, over=over, limit_s=60)
        return next(each.state for each in now.refunds if each.id == asked.id) == "refunded"

    def _sale(self, order_no: str) -> Sale:
        found = self.client.find(order_no)
        if found is None:
            raise LookupError(order_no)
        return found
