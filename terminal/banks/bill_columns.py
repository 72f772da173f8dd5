"""Bills that are tables of text: bounded lines, columns by their names, exact amounts. Pure.

Every problem is a BillRefused that names the line and the column, so that a person can look at it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import IO, Final

from terminal.payments.bill import BillRefused

LINE_MAX: Final = 16 * 1024  # bytes; the longest row the documents allow is below 2 KiB
SAME_AMOUNTS: Final = 4096  # texts that are read once: most columns are 0.00, and prices repeat
_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,5}))?")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def bounded_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file with their ends. Raises BillRefused ``bill_line_too_long``."""
    number = 0
    while line := file.readline(LINE_MAX + 1):
        number += 1
        if len(line) > LINE_MAX:
            raise BillRefused("bill_line_too_long", line=number)
        yield line


def texts(lines: Iterable[bytes], encoding: str) -> Iterator[tuple[int, str]]:
    """Number and text of every line that is not empty.

    Raises:
        BillRefused: ``bill_encoding_wrong``; ``bill_cut_short`` for half a character at the very end.
    """
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            slug = "bill_encoding_wrong" if line.endswith(b"\n") else "bill_cut_short"
            raise BillRefused(slug, line=number) from None
        if number == 1:
            text = text.removeprefix("\ufeff")
        if text := text.rstrip("\r\n"):
            yield number, text


def plain(name: str) -> str:
    """A heading as it is compared: brackets of either width are the same, no padding (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", name).strip().strip("`")


class Columns:
    """Where a header has its columns.

    Raises:
        BillRefused: ``bill_header_missing``, one that is needed is not there.
    """

    def __init__(self, line: int, header: Sequence[str], needed: Sequence[str]) -> None:
        self.names = tuple(plain(name) for name in header)
        self._at: Mapping[str, int] = {name: place for place, name in enumerate(self.names)}
        for name in needed:
            if name not in self._at:
                raise BillRefused("bill_header_missing", line=line, column=name)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def place(self, name: str) -> int:
        """Of a column; -1 for one that is not there: readers end every row with an empty text for it."""
        return self._at.get(name, -1)


def fen(text: str, line: int, column: str) -> int:
    """An amount of yuan, with its sign, in fen. Raises BillRefused ``bill_line_unreadable``."""
    counted = milli(text, line, column)
    if counted % 1000:
        raise BillRefused("bill_line_unreadable", line=line, column=column)
    return counted // 1000


def milli(text: str, line: int, column: str) -> int:
    """An amount of yuan with up to five decimals in thousandths of a fen. Raises as ``fen``."""
    counted = thousandths(text)
    if counted is None:
        raise BillRefused("bill_line_unreadable", line=line, column=column)
    return counted


@lru_cache(SAME_AMOUNTS)
def thousandths(text: str) -> int | None:
    """An amount of yuan in thousandths of a fen; None: no amount."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    sign, whole, decimals = match.groups("")
    counted = int(whole + decimals.ljust(5, "0"))
    return -counted if sign else counted


def beijing_time(text: str, line: int, column: str) -> str:
    """``yyyy-MM-dd HH:mm:ss`` as RFC 3339 with Beijing's offset. Raises as ``fen``."""
    if _TIME.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return f"{text[:10]}T{text[11:]}+08:00"
    raise BillRefused("bill_line_unreadable", line=line, column=column)


def must_equal(line: int, column: str, told: str, counted: str) -> None:
    """Raises BillRefused ``bill_sums_differ``."""
    if told != counted:
        raise BillRefused("bill_sums_differ", line=line, column=column, told=told, counted=counted)


def yuan(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


class Days:
    """The first and the last day among the lines, and whose they are."""

    def __init__(self) -> None:
        self._first, self._last, self._day = "9999-99-99", "", ""
        self.account = ""

    def take(self, at: str, account: str) -> None:
        """``at`` begins with the day. Of two accounts none is the file's."""
        if (day := at[:10]) != self._day:
            self._first, self._last, self._day = min(self._first, day), max(self._last, day), day
        if account != self.account:
            self.account = account if not self.account else "several"

    @property
    def first(self) -> date | None:
        return date.fromisoformat(self._first) if self._last else None

    @property
    def last(self) -> date | None:
        return date.fromisoformat(self._last) if self._last else None
