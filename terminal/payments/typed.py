"""What people and tills typed, as a line of plain text: none of it begins a line of its own or turns one about."""

import re
from typing import Final

TYPED_MAX: Final = 120  # characters
_UNPRINTABLE: Final = (
    re.compile(  # C0, C1, line ends, marks and overrides of direction, halves of characters (S61)
        r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
    )
)


def one_line(text: str) -> str:
    """``text`` made safe, at most TYPED_MAX characters."""
    return _UNPRINTABLE.sub(" ", text).strip()[:TYPED_MAX]


def is_one_line(text: str, most: int = TYPED_MAX) -> bool:
    """Whether it may be shown and printed as it is; an empty one may."""
    return len(text) <= most and not _UNPRINTABLE.search(text)
