"""Bills that were asked for, until they are fetched: made when asked, kept a while under a token. Pure.

What a fault does to a bill it does here, for every provider's format alike.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from terminal.sandbox import bill_days
from terminal.sandbox.bill_days import DAY_MS, KEPT_DAYS, READY_MS, Movement

if TYPE_CHECKING:
    from terminal.sandbox.engine import Engine

KEPT: Final = 16
_DAY_FAULTS: Final[Mapping[str, Callable[[list[Movement], str], list[Movement]]]] = {
    "bill-row-missing": bill_days.missing,
    "bill-row-extra": bill_days.extra,
    "bill-fee-wrong": bill_days.wrong_fee,
    "bill-status-differs": bill_days.taken_back,
    "bill-duplicate-row": bill_days.twice,
}


class Entropy(Protocol):
    def bytes(self, count: int) -> bytes: ...


class NoBill(Exception):
    """There is none: ``none`` for such a day, ``making``, or ``no-day``."""


class Shelf:
    """The files that may be fetched now; the oldest goes first."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._files: dict[str, tuple[bytes, int]] = {}

    def put(self, content: bytes, until_ms: int) -> str:
        """The token for it."""
        token = self._entropy.bytes(16).hex()
        self._files[token] = (content, until_ms)
        while len(self._files) > KEPT:
            del self._files[next(iter(self._files))]
        return token

    def get(self, token: str, now_ms: int) -> bytes | None:
        content, until_ms = self._files.get(token, (b"", 0))
        return content if now_ms < until_ms else None


def day_of(
    bank: "Engine", mchid: str, types: tuple[str, ...], date: str, now_ms: int
) -> tuple[int, list[Movement]]:
    """The day's first millisecond and what it brought. Raises NoBill."""
    start_ms = bill_days.day_of(date)
    if start_ms is None:
        raise NoBill("no-day")
    if now_ms < start_ms + DAY_MS + READY_MS or bank.faults.take("bill-not-ready", now_ms):
        raise NoBill("making")
    day = bill_days.movements(bank.ledger, mchid, types, start_ms, bank.rules.fee_ppm)
    if not day or now_ms > start_ms + KEPT_DAYS * DAY_MS:
        raise NoBill("none")
    for slug, change in _DAY_FAULTS.items():
        if bill_days.has_payments(day) and (fault := bank.faults.take(slug, now_ms)):
            day = change(day, fault.text("order_no"))
    return start_ms, day


def cut(bank: "Engine", content: bytes, now_ms: int) -> bytes:
    """The file that ends in the middle, if the fault wants it; else all of it."""
    return content[: len(content) * 2 // 3] if bank.faults.take("bill-truncated", now_ms) else content


def shelved(bank: "Engine", content: bytes, life_ms: int, now_ms: int) -> str:
    expired = bank.faults.take("bill-download-expired", now_ms)
    return bank.shelf.put(content, now_ms if expired else now_ms + life_ms)
