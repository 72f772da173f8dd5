"""L6 on a driver's own reading: 64 KiB that make no sense end the connection, whatever a stray byte looks like."""

import asyncio
import logging
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from drivers.catalogue import of_role
from drivers.display.driver import CounterDisplay
from drivers.display.profile import DisplayProfile
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
from drivers.transport import OpenTransport
from firmware_stubs.printer import PrinterStub
from terminal.peripherals.display import CodeDisplay
from terminal.peripherals.phrases import phrase
from terminal.peripherals.printer import SlipPrinter
from terminal.peripherals.scanner import CodeScanner
from terminal.peripherals.speaker import TalkingSpeaker
from terminal.virtual_time import VirtualClock, run
from tests.devices.conformance.display import PANELS
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
DISPLAYS: dict[str, Callable[[Any], Any]] = {"countertop": CounterDisplay, **PANELS}


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

    def put_ahead(self, head: bytes, rest: bytes) -> None:
        """Nothing is held back for it."""

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


@pytest.mark.parametrize("name", DISPLAYS)
def test_l6_a_flood_on_a_displays_port_is_no_display(name: str) -> None:
    async def story() -> None:
        with pytest.raises(DeviceRefused, match="none of it made sense"):
            await DISPLAYS[name](Babbling()).watch()

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


class Flooding(Babbling):
    """The same, and it comes at ``rate`` bytes/s whether it is read or not, from the opening until the end."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate
        self.taken = 0  # bytes that the port had to handle
        self.opened_s = self.closed_s = asyncio.get_running_loop().time()
        self._come()

    def _come(self) -> None:
        if self._inbox.ended is None:
            at = self.taken % FLOOD_MAX
            self._inbox.put(GARBAGE[at : at + PIECE])
            self.taken += PIECE
            asyncio.get_running_loop().call_later(PIECE / self._rate, self._come)

    def _go_on(self) -> None:
        """It comes by itself."""

    async def read(self) -> bytes:
        return await self._inbox.get()

    async def close(self) -> None:
        self._inbox.end(DeviceGone("closed"))
        self.closed_s = asyncio.get_running_loop().time()


Kept = CodeDisplay | CodeScanner | SlipPrinter | TalkingSpeaker
KEPT: dict[str, Callable[[OpenTransport], Kept]] = {
    "display": lambda o: CodeDisplay("p", o, VirtualClock(), profile=DisplayProfile()),
    "asked scanner": lambda o: CodeScanner("p", o, VirtualClock(), profile=load_profile("gm65")),
    "line scanner": lambda o: CodeScanner("p", o, VirtualClock(), profile=load_profile("line")),
    "printer": lambda o: SlipPrinter("p", o, VirtualClock(), profile=load_printer("epson-serial")),
    "speaker": lambda o: TalkingSpeaker("p", o, VirtualClock(), profile=load_speaker("syn6288"), phrase=phrase),
}
MINUTES = 5
OPENINGS_MAX = 4 + MINUTES * 60 / 5


@pytest.mark.parametrize("rate", [5_000_000, 11_520], ids=["USB", "115200 baud"])
@pytest.mark.parametrize("who", KEPT)
def test_l6_a_flood_without_end_is_taken_in_few_and_bounded_bites_and_told_once(
    who: str, rate: float, caplog: pytest.LogCaptureFixture
) -> None:
    """What a flood costs in processor time is what of it is handled; so that is what has a limit."""
    caplog.set_level(logging.INFO)
    pipes: list[Flooding] = []

    async def opened() -> Flooding:
        pipes.append(Flooding(rate))
        return pipes[-1]

    async def story() -> None:
        job = asyncio.ensure_future(KEPT[who](opened).run())
        await asyncio.sleep(60)
        caplog.clear()
        await asyncio.sleep((MINUTES - 1) * 60)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)

    run(story(), seed=1)
    assert 10 < len(pipes) <= OPENINGS_MAX, "retried later, not at once"
    assert max(each.taken for each in pipes) <= FLOOD_MAX + PIECE
    pauses = [round(after.opened_s - before.closed_s, 3) for before, after in pairwise(pipes)]
    assert pauses == [0.5, 1.0, 2.0, *[5.0] * (len(pauses) - 3)], "ever longer"
    assert [each.getMessage() for each in caplog.records][:4] == [], "told long ago"
