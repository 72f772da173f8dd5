"""The address that opens a paid sale's receipt on the customer's phone: sealed, short-lived (row 66).

An address holds the sale's own number, which the slip shows too, and a seal: who knows the number cannot make it.
"""

from base64 import b32encode
from collections.abc import Callable
from hmac import compare_digest, digest
from typing import Final

from terminal.counter.ports import Clock
from terminal.errors import NotFound
from terminal.payments.event import Owed
from terminal.payments.reference import ULID_LENGTH
from terminal.payments.sale import Sale
from terminal.payments.slip import receipted

PATH: Final = "/r/"
HOUR_MS: Final = 3_600_000
_SEAL_BYTES: Final = 10  # 80 bits, guessed only by asking us; 16 characters that a code packs densely
_SEAL_LENGTH: Final = 16


class ReceiptLinks:
    """One house's. Off until somebody says where phones reach it.

    ``base``: the address phones come to, such as ``https://192.168.1.20:7643``, empty while there is none;
    ``on_display`` and ``on_request``: the settings' wishes for the customer's display and for paper.
    """

    def __init__(self, code_key: bytes, clock: Clock) -> None:
        self._key, self._clock = digest(code_key, b"receipt links", "sha256"), clock
        self.base: Callable[[], str] = lambda: ""
        self.on_display = False
        self.on_request = False  # paper only for who asks, where the display shows the link
        self.life_ms = 72 * HOUR_MS
        self.shown_s = 20.0

    def of(self, sale: Sale) -> str:
        """The address of a paid sale's receipt; empty where phones reach nothing, or nothing is paid."""
        base = self.base()
        return f"{base}{PATH}{self.token(sale.id)}" if base and _paid(sale) else ""

    def for_display(self, sale: Sale) -> tuple[str, float]:
        """The address, empty where the display shows none, and the seconds it stands there at most."""
        return (self.of(sale), self.shown_s) if self.on_display else ("", 0.0)

    def instead_of_paper(self, sale: Sale, owed: Owed) -> str:
        """The address whose code on the display makes this slip one for who asks; empty: it is always printed."""
        if not self.on_request or owed.body.get("again"):
            return ""
        sold = any(f"{each.id}:receipt" == owed.id for each in receipted(sale))
        return self.for_display(sale)[0] if sold else ""

    def token(self, sale_id: str) -> str:
        return sale_id + self._seal(sale_id)

    def sale_id(self, token: str) -> str:
        """Whose receipt it is, perhaps not shown any more. Raises NotFound("receipt_link_unknown")."""
        sale_id, seal = token[:ULID_LENGTH], token[ULID_LENGTH:]
        sound = token.isascii() and len(seal) == _SEAL_LENGTH
        if not sound or not compare_digest(seal, self._seal(sale_id)):
            raise NotFound("receipt_link_unknown")
        return sale_id

    def ends_ms(self, sale: Sale) -> int:
        """When its address leads nowhere any more, wall time."""
        return sale.ended_ms + self.life_ms

    def check(self, sale: Sale) -> None:
        """Raises NotFound: ``receipt_link_unknown`` of what is not paid, ``receipt_link_over``."""
        if not _paid(sale):
            raise NotFound("receipt_link_unknown")
        if self._clock.wall_ms() > self.ends_ms(sale):
            raise NotFound("receipt_link_over")

    def _seal(self, sale_id: str) -> str:
        return b32encode(digest(self._key, sale_id.encode(), "sha256")[:_SEAL_BYTES]).decode()


def _paid(sale: Sale) -> bool:
    """A sale of which a part is paid has no receipt yet."""
    return bool(sale.ended_ms and sale.paid_minor)
