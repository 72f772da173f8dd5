"""The anchor of a day: a few letters on the Z that nobody can cut or rewrite the journal behind (row 127, S52).

``CT:Z-`` number of the Z ``-`` its last event ``-`` sixteen letters of a digest and four of a check, in base 32.
The digest is of every counter's chain as it stood at that event. Typed from paper: letters in any case, spaces
anywhere; the check finds a letter that was typed wrong, so that no honest journal is called a broken one.

Sources: RFC 4648, section 6 (base 32); FIPS 180-4 (SHA-256).
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from terminal.errors import InvalidRequest

TYPED_MAX: Final = 200
_DIGEST, _CHECK = 16, 4
_SHAPE: Final = re.compile(r"(?:CT:)?(?:Z-?)?([1-9][0-9]{0,8})-([0-9]{1,15})-?([A-Z2-7]{16})([A-Z2-7]{4})")


class Anchor(NamedTuple):
    """``last``: number of the last event that the Z ``n`` covers; ``letters``: of the digest."""

    n: int
    last: int
    letters: str

    @property
    def text(self) -> str:
        """What its QR code holds."""
        return f"CT:Z-{self.n}-{self.last}-{self.letters}{self._check}"

    @property
    def place(self) -> str:
        return f"{self.n}-{self.last}"

    @property
    def groups(self) -> str:
        """For people: digest and check in groups of four."""
        whole = self.letters + self._check
        return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4))

    @property
    def _check(self) -> str:
        return _letters(f"{self.n}-{self.last}-{self.letters}", _CHECK)


def anchor_of(store: str, n: int, last: int, heads: Mapping[str, tuple[int, str]]) -> Anchor:
    """``heads``: by counter stream, position and hash (hexadecimal) of its last event up to ``last``."""
    chains = [f"{stream} {position} {head}" for stream, (position, head) in sorted(heads.items())]
    return Anchor(n, last, _letters("\n".join(["countertop anchor 1", store, f"{n}-{last}", *chains]), _DIGEST))


def _letters(text: str, count: int) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:count]


def read_anchor(text: str) -> Anchor:
    """Raises InvalidRequest("anchor_unreadable"): none, or a letter of it is wrong."""
    shape = _SHAPE.fullmatch("".join(text.upper().split())) if len(text) <= TYPED_MAX else None
    found = Anchor(int(shape[1]), int(shape[2]), shape[3]) if shape else None
    if found is None or shape is None or found.text[-_CHECK:] != shape[4]:
        raise InvalidRequest("anchor_unreadable")
    return found
