"""What a tax device says of a receipt, and how a slip says it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from terminal.payments.receipt import Code, Line, Receipt, Row, Rule

NUMBER_MAX: Final = 64
CODE_MAX: Final = 512
LINES_MAX: Final = 6
LINE_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class TaxMark:
    """``number`` empty: owed, the device has not given it yet. ``code``: the text of a code for the slip."""

    number: str
    code: str = ""
    lines: tuple[str, ...] = ()

    @property
    def printable(self) -> bool:
        """Whether a device's answer may stand on paper: short, plain, and a number at least."""
        texts = (self.number, self.code, *self.lines)
        plain = all(each == each.strip() and each.isprintable() for each in texts)
        sizes = len(self.number) <= NUMBER_MAX and len(self.code) <= CODE_MAX and len(self.lines) <= LINES_MAX
        return bool(self.number) and plain and sizes and all(0 < len(each) <= LINE_MAX for each in self.lines)


def tax_rows(mark: TaxMark | None, words: Mapping[str, str]) -> Receipt:
    """The lines of a slip; none where nobody was asked."""
    if mark is None:
        return ()
    if not mark.number:
        return (Rule(), Row(words["receipt.tax_owed"], align="center", bold=True))
    lines: list[Line] = [Rule(), Row(words["receipt.tax_number"]), Row(mark.number, align="right")]
    lines += [Row(each) for each in mark.lines]
    return (*lines, Code(mark.code)) if mark.code else tuple(lines)
