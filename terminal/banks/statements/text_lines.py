"""Lines of a text file as bytes arrive, numbered from 1 and bounded."""

from collections.abc import Iterable, Iterator
from typing import Final

from terminal.payments.bill import BillRefused

LINE_MAX: Final = 4096


def text_lines(chunks: Iterable[bytes], limit: int = LINE_MAX) -> Iterator[tuple[int, bytes]]:
    """(number, line without its end). Raises BillRefused("bill_line_too_long")."""
    rest, number = b"", 0
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield number, _checked(line, number, limit)
        _checked(rest, number + 1, limit)
    if rest:
        yield number + 1, rest.rstrip(b"\r")


def _checked(line: bytes, number: int, limit: int) -> bytes:
    if len(line) > limit:
        raise BillRefused("bill_line_too_long", line=number)
    return line.rstrip(b"\r")
