"""A pack that comes in by its codes: what is read of it, what was refused last, and when it is one. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from terminal.errors import Conflict, TerminalError
from terminal.visit.pack import Pack, read_pack
from terminal.visit.pack_codes import Gathering
from terminal.visit.seal import check

Fits = Callable[[Pack], None]
"""Raises Conflict: the pack is for another money or region than this shop's."""
State = Literal["none", "reading", "read", "kept"]


@dataclass(frozen=True, slots=True)
class PackSeen:
    """``key``, ``told`` once it is whole and sound; ``trouble``: of the last code, until a good one came.

    ``file``: where it was kept.
    """

    state: State
    pack: str = ""
    count: int = 0
    have: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    key: str = ""
    told: Pack | None = None
    trouble: TerminalError | None = None
    file: str = ""


class Reading:
    """One attempt. A whole pack that cannot be used here is told, and the next code begins anew."""

    def __init__(self, fits: Fits) -> None:
        self._fits = fits
        self._gathering = Gathering()
        self._sealed = b""
        self._key, self._file = "", ""
        self._told: Pack | None = None
        self._trouble: TerminalError | None = None

    def take(self, scan: str) -> None:
        """Raises TerminalError: as ``Gathering`` does, or why the whole pack cannot be used here."""
        try:
            self._gathering.take(scan)
            if not self._gathering.missing and self._told is None:
                self._finish()
        except TerminalError as refused:
            self._trouble = refused
            raise
        self._trouble = None

    def _finish(self) -> None:
        try:
            sealed = self._gathering.whole()
            checked = check(sealed, kind="pack")
            told = read_pack(checked.document)
            self._fits(told)
        except TerminalError:
            self._gathering = Gathering()
            raise
        self._sealed, self._key, self._told = sealed, checked.key, told

    def sealed(self, key: str) -> bytes:
        """The file, with the seal that a person has compared.

        Raises:
            Conflict("pack_code_missing"), InvalidRequest("sealed_other_key").
        """
        if self._told is None:
            missing = ", ".join(map(str, self._gathering.missing[:8])) or "–"
            raise Conflict("pack_code_missing", missing=missing, count=self._gathering.count)
        check(self._sealed, kind="pack", key=key)
        return self._sealed

    def kept(self, file: str) -> None:
        self._file = file

    def seen(self) -> PackSeen:
        held = self._gathering
        state: State = "kept" if self._file else "read" if self._told else "reading"
        return PackSeen(
            *(state, held.pack, held.count, held.have, held.missing),
            *(self._key, self._told, self._trouble, self._file),
        )
