"""A pack's codes on the receipt roll: one below the other, each with its number and room around it. Pure."""

from collections.abc import Mapping, Sequence

from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule


def pack_lines(shop: str, key: str, codes: Sequence[str], words: Mapping[str, str]) -> Receipt:
    """``words``: of the catalogue's ``pack.*``. The shop's name is for who carries the paper; no code has it."""
    lines: list[Line] = [
        Row(shop, align="center", size=2, bold=True),
        Row(words["pack.title"], align="center", bold=True),
        Rule(),
        Row(words["pack.paper"]),
        Blank(),
    ]
    for number, text in enumerate(codes, 1):
        place = words["pack.of"].format(n=number, count=len(codes))
        lines += [
            Row(place, align="center", size=2, bold=True),
            Code(text),
            Blank(2),
        ]  # apart: one is read at once
    return (*lines, Rule(), Row(words["pack.key"], align="center"), Row(key, align="center"), Blank(2))
