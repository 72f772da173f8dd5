"""L6 on a driver's own reading: 64 KiB that make no sense end the connection, whatever a stray byte looks like."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from drivers.catalogue import of_role
from drivers.display.bonrix import BonrixPanel, BonrixProfile
from drivers.display.dgus import DgusPanel, DgusProfile
from drivers.display.driver import CounterDisplay
from drivers.display.nextion import NextionPanel, NextionProfile
from drivers.display.pole import PolePanel, PoleProfile
from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.inbox import FLOOD_MAX, Inbox
from drivers.printer.document import Row
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from drivers.printer.profile import load as load_printer
from drivers.printer.star import StarPrinter
from drivers.printer.status import CANNOT_TELL, PrinterStatus
from drivers.scanner.driver import Scanner
from drivers.scanner.profile import load_profile
from drivers.speaker.chip import TalkingChip
from drivers.speaker.driver import make_driver
from drivers.speaker.phrase import Phrase, Spoken
from drivers.speaker.profile import load_profile as load_speaker
from firmware_stubs.printer import PrinterStub
from terminal.virtual_time import run
from tests.devices.wires import wire

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

GARBAGE = random.Random(7).randbytes(4 * FLOOD_MAX)  # the same in every run; four floods
PIECE = 512
CHATTER = {  # who may hang on a printer's port and talk by himself (L10)
    "noise": GARBAGE,
    "positions": b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n" * 4000,
    "a scanner": b"6222134567890123456\r" * 14000,
}
SCANNERS = [name for protocol in of_role("scanner") for name in protocol.profiles]
PANELS: dict[str, Callable[[Any], Any]] = {
    "countertop": CounterDisplay,
    "bonrix": lambda pipe: BonrixPanel(pipe, BonrixProfile()),
    "nextion": lambda pipe: NextionPanel(pipe, NextionProfile()),
    "dgus": lambda pipe: DgusPanel(pipe, DgusProfile()),
    "cd5220": lambda pipe: PolePanel(pipe, PoleProfile()),
}


class Babbling:
    """A port on which something comes as fast as it is read, behind the inbox that every real port has."""

    name, baud = "port", 115200

    def __init__(self, says: bytes = GARBAGE) -> None:
        self._says = says
        self._inbox = Inbox(self.name)
        self._at = 0
        self._hear: Callable[[bytes], None] | None = None
        self.frame_seen = self._inbox.frame_seen
        self.on_end = self._inbox.on_end

    def _arrive(self) -> None:
        self._inbox.put(self._says[self._at : self._at + PIECE])
        self._at += PIECE
        if self._at >= len(self._says):
            self._inbox.end(DeviceGone("all of it was taken for a device of ours"))

    async def read(self) -> bytes:
        if self._inbox.ended is None:
            self._arrive()
        return await self._inbox.get()

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        self._hear = hear
        self._inbox.listen(hear)
        if hear is not None:
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._hear is not None and self._inbox.ended is None:
            self._arrive()
            asyncio.get_running_loop().call_soon(self._go_on)

    def put(self, data: bytes) -> bool:
        return True

    async def write(self, data: bytes, *, deadline_s: float = 2.0) -> None:
        """It listens to nobody."""

    async def discard_input(self) -> bytes:
        return self._inbox.take()

    async def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("name", SCANNERS)
def test_l6_a_flood_on_a_scanners_port_is_no_scanner(name: str) -> None:
    async def story() -> None:
        with pytest.raises(DeviceRefused, match="none of it made sense"):
            await Scanner(Babbling(), load_profile(name)).run()

    run(story(), seed=1)


@pytest.mark.parametrize("name", PANELS)
def test_l6_a_flood_on_a_displays_port_is_no_display(name: str) -> None:
    async def story() -> None:
        with pytest.raises(DeviceRefused, match="none of it made sense"):
            await PANELS[name](Babbling()).watch()

    run(story(), seed=1)


@pytest.mark.parametrize("name", ["syn6288", "xfs5152"])
def test_l6_a_flood_is_no_talking_chip_and_says_nothing(name: str) -> None:
    """Its answers are single bytes, and each of them stands in any noise."""

    async def story() -> None:
        chip = make_driver(Babbling(), load_speaker(name))
        assert isinstance(chip, TalkingChip)
        with pytest.raises((DeviceTimeout, DeviceRefused)):
            await chip.alive()
        try:
            spoken = await make_driver(Babbling(), load_speaker(name)).say(Phrase("收款1元"))
        except DeviceError:
            return
        assert spoken is not Spoken.DONE

    run(story(), seed=1)


@pytest.mark.row(46)
@pytest.mark.parametrize("profile", ["epson-serial", "generic-80", "generic-58", "star-line"])
@pytest.mark.parametrize("who", CHATTER)
def test_l6_l10_p4_chatter_on_a_printers_port_is_no_state_of_paper(who: str, profile: str) -> None:
    async def story() -> None:
        family = StarPrinter if profile == "star-line" else EscPosPrinter
        printer = family(Babbling(CHATTER[who]), load_printer(profile))
        told: list[PrinterStatus] = []

        async def ask() -> None:
            while True:
                told.append(await printer.status())

        with pytest.raises(DeviceRefused, match="none of it made sense"):
            await ask()
        assert set(told) <= {CANNOT_TELL}

    run(story(), seed=1)


def test_p4_answers_amid_chatter_prove_no_slip() -> None:
    async def story() -> None:
        slip = (Row("收款 12.50"),)
        printer = EscPosPrinter(wire(PrinterStub()), load_printer("generic-80"))
        assert await printer.print(slip, "1") is Outcome.PROCESSED
        cable = wire(PrinterStub())
        printer = EscPosPrinter(cable, load_printer("generic-80"))
        await printer.status()
        cable.to_host = lambda answer: b"ABCDEFG" + answer if answer == b"\x00" else answer
        with pytest.raises(PrintFault) as caught:
            await printer.print(slip, "2")
        assert not caught.value.definite

    run(story(), seed=1)
