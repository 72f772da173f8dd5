"""A bill when it is asked for: the day's movements, and what a fault does to them, for every format. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from terminal.sandbox import bill_days
from terminal.sandbox.bill_days import DAY_MS, KEPT_DAYS, READY_MS, Movement
from terminal.sandbox.engine import Engine

_DAY_FAULTS: Final[Mapping[str, Callable[[list[Movement], str], list[Movement]]]] = {
    "bill-row-missing": bill_days.missing,
    "bill-row-extra": bill_days.extra,
    "bill-fee-wrong": bill_days.wrong_fee,
    "bill-status-differs": bill_days.taken_back,
    "bill-duplicate-row": bill_days.twice,
}


class NoBill(Exception):
    """There is none: ``none`` for such a day, ``making``, or ``no-day``."""


def day_of(bank: Engine, mchid: str, types: tuple[str, ...], date: str, now_ms: int) -> tuple[int, list[Movement]]:
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


def cut(bank: Engine, content: bytes, now_ms: int) -> bytes:
    """The file that ends in the middle, if the fault wants it; else all of it."""
    return content[: len(content) * 2 // 3] if bank.faults.take("bill-truncated", now_ms) else content


def shelved(bank: Engine, content: bytes, life_ms: int, now_ms: int) -> str:
    expired = bank.faults.take("bill-download-expired", now_ms)
    return bank.shelf.put(content, now_ms if expired else now_ms + life_ms)
