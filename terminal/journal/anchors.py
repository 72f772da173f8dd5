"""Anchors from paper held against the log while it is followed: whoever cut or rewrote it behind one is found.

A copy of an older day with its own checkpoints is sound by itself, and so is a log that was written anew by who
has the keys. Neither holds the Z of the paper with the chains as they stood when it was printed.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from terminal.journal.records import BadRow, Chain, Row, counter_of, decode
from terminal.payments.anchor import Anchor, anchor_of

ANCHORS_MAX: Final = 4000  # ten years of days
SEALED: Final = "z_sealed"


class _Z(msgspec.Struct, frozen=True):
    """Of its event. ``heads``: by counter's stream, position and hash."""

    n: int
    last: int
    heads: dict[str, tuple[int, str]]


class Anchors:
    """``see`` after each row that was followed, ``end`` after the last."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        assert len(anchors) <= ANCHORS_MAX, "who reads them bounds them"
        self._open = dict.fromkeys(anchors, False)  # True: its Z is there and says something else
        self._places = {each.last for each in anchors}
        self._then: dict[int, dict[str, tuple[int, str]]] = {}

    def see(self, chain: Chain, row: Row) -> None:
        """Raises BadRow("anchor"): a Z names chains that did not stand so."""
        if row.number in self._places:
            heads = {name: head for name, head in chain.heads.items() if counter_of(name)}
            self._then[row.number] = {name: (head.position, head.hash.hex()) for name, head in heads.items()}
        if row.type == SEALED and self._open:
            try:
                self._compare(row, msgspec.convert(decode(row.body), _Z))
            except msgspec.ValidationError:
                raise BadRow(row.number, "anchor", "this Z has another shape than any that is printed") from None

    def end(self, number: int) -> None:
        """Raises BadRow("anchor"): the log ends at ``number``, and a Z of the papers is not in it as it was."""
        for anchor, differs in sorted(self._open.items()):
            if differs:
                raise BadRow(anchor.last, "anchor", f"up to here it is not the journal of the paper, Z {anchor.n}")
            raise BadRow(number + 1, "anchor", f"the Z {anchor.n} of the paper is not in it")

    def _compare(self, row: Row, z: _Z) -> None:
        meant = [each for each in self._open if (each.n, each.last) == (z.n, z.last)]
        if not meant:
            return
        stood = self._then.get(z.last, {})
        if any(stood.get(stream) != head for stream, head in z.heads.items()):
            raise BadRow(row.number, "anchor", f"the Z {z.n} names chains that did not stand so at event {z.last}")
        found = anchor_of(row.store, z.n, z.last, z.heads)
        self._open.update(dict.fromkeys(meant, True))
        self._open.pop(found, None)
