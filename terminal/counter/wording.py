"""What the counter needs of languages: receipts' words, money as text, times; filled from the catalogues."""

from collections.abc import Mapping
from typing import Protocol

from terminal.payments.money import Money


class Wording(Protocol):
    def words(self, language: str) -> Mapping[str, str]:
        """The catalogue's texts by key."""
        ...

    def money(self, amount: Money, language: str) -> str: ...

    def when(self, wall_ms: int, language: str) -> str:
        """Date and time in the store's zone."""
        ...
