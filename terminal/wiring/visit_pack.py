"""Packs by code at this shop: ours shown, another's read by whatever scanner stands here (row 100)."""

import asyncio
from collections.abc import Callable
from typing import Final

from terminal.brand.brand import BadBrand, parse
from terminal.counter.ports import Clock
from terminal.errors import InvalidRequest
from terminal.visit.pack import WHY_MAX, Pack, suits
from terminal.visit.pack_codes import codes_of, mark_of
from terminal.visit.pack_reading import PackSeen, Reading
from terminal.visit.record import FOLDER
from terminal.visit.seal import check
from terminal.whole_file import write_whole
from terminal.wiring.stores import on_disk
from terminal.wiring.visit_site import Site

READING_S: Final = 600.0  # behind the last good code the counters' scanners are for customers again


class PackDesk:
    """``seal`` gives this shop's pack. A reading ends by itself; nothing of it stands in the settings."""

    def __init__(self, site: Site, seal: Callable[[], bytes]) -> None:
        self._site, self._seal = site, seal
        self._clock: Clock = site.machine[0]
        self._reading: Reading | None = None
        self._bank = ""  # whose brand the pack brings that is read
        self._until_ns = 0

    def shown(self) -> tuple[str, str, tuple[str, ...]]:
        """Mark, key and texts of this shop's pack. Raises Conflict("pack_too_large"), BadSettings of the key."""
        sealed = self._seal()
        return mark_of(sealed), check(sealed, kind="pack").key, codes_of(sealed)

    def begin(self) -> None:
        """What was read before is forgotten."""
        self._reading, self._bank = Reading(self._fits), ""
        self._prolong()

    def take(self, scan: str) -> None:
        """Raises InvalidRequest("pack_code_early"), TerminalError: as ``Reading.take``."""
        self._open().take(scan)
        self._prolong()

    def seen(self) -> PackSeen:
        try:
            return self._open().seen()
        except InvalidRequest:
            return PackSeen("none")

    def brand(self) -> str:
        """Whose brand comes with the pack that was read; empty: nobody's."""
        return self._bank if self.seen().told else ""

    async def keep(self, key: str) -> None:
        """Write the pack beside the visits' records, as it was sealed. Durable on return.

        Raises:
            InvalidRequest: ``pack_code_early``, ``sealed_other_key``; Conflict("pack_code_missing");
            JournalError: the disk.
        """
        reading = self._open()
        sealed, folder = reading.sealed(key), self._site.state / FOLDER
        path = folder / f"pack-{mark_of(sealed)}.json"

        def write() -> None:
            with on_disk(folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_whole(path, sealed, 0o600)

        await asyncio.get_running_loop().run_in_executor(None, write)
        reading.kept(str(path))

    def _open(self) -> Reading:
        if self._reading is None or self._clock.mono_ns() > self._until_ns:
            self._reading = None
            raise InvalidRequest("pack_code_early")
        return self._reading

    def _prolong(self) -> None:
        self._until_ns = self._clock.mono_ns() + int(READING_S * 1e9)

    def _fits(self, told: Pack) -> None:
        suits(told, self._site.settings())
        try:
            self._bank = parse(told.brand.encode()).bank if told.brand else ""
        except BadBrand as wrong:
            raise InvalidRequest("pack_unusable", why=wrong.complaints[0][:WHY_MAX]) from None
