"""Slips of care: a complaint's, and the cards that hang beside the till. Pure; words are handed in."""

from collections.abc import Callable
from dataclasses import dataclass

from terminal.care.cases import Case
from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule

Text = Callable[[str], str]
"""A word of the catalogue by its whole key."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the slip needs beside the case; texts ready for paper. ``lookup``: the sale's code, empty without."""

    shop: str
    sale_no: str
    due: str
    opened: str
    hotline: str = ""
    lookup: str = ""
    mark: str = ""


def case_slip(case: Case, facts: CaseFacts, text: Text) -> Receipt:
    """For the customer: the number, the sale, how it stands, until when somebody answers, whom to call."""
    lines: list[Line] = [
        *([Row(facts.mark, align="center", bold=True)] if facts.mark else []),
        Row(facts.shop, align="center", bold=True),
        Row(text("care.case_title"), align="center"),
        Row(f"{case.no:04}", align="center", size=2, bold=True),
        Rule(),
        Row(text("care.sale"), facts.sale_no),
        Row(text("care.reason"), text(f"care.reason_{case.reason}")),
        Row(text("care.opened"), facts.opened),
        Row(text("care.state"), text(f"care.state_{case.state}")),
        Row(text("care.due"), facts.due, bold=True),
        *([Row(text("care.hotline"), facts.hotline)] if facts.hotline else []),
        Rule(),
        *([Code(facts.lookup)] if facts.lookup else []),
        Row(text("care.case_keep"), align="center"),
        Blank(),
    ]
    return tuple(lines)


def plain(receipt: Receipt) -> str:
    """The same for a screen or a file: one line a row."""
    told = []
    for line in receipt:
        match line:
            case Row():
                told.append(f"{line.left}  {line.right}".rstrip())
            case Rule():
                told.append("-" * 32)
            case _:
                pass
    return "\n".join(told) + "\n"
