"""Who is at the far end of a port? Listen first, then ask, in an order that no device of the catalogue minds.

Two speeds, 9600 first: what a device at the other speed makes of a question is a byte or two without a line feed,
a bell or a command (tests hear them as a receiver would). Other speeds are tried on scanners alone: on printers
and displays they print junk. At each speed the printers are asked first, by questions that print nowhere. CAN
follows scanners' questions, and comes once more at the first speed in the end: what a pole display or a line
buffer kept of them is dropped there. It never comes before an SSI question, whose length it would be.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from drivers.catalogue import DeviceProtocol, Found, all_protocols
from drivers.display.cobs import Decoder as DisplayFrames
from drivers.display.messages import DisplayHello, NotThatMessage, Type
from drivers.errors import DeviceError, DeviceRefused, DeviceTimeout
from drivers.speaker.dfplayer import Decoder as PlayerFrames
from drivers.speaker.dfplayer import Told
from drivers.transport import OpenTransport, Transport

SPEEDS: Final = (9600, 115200)
LISTEN_S: Final = 0.4
ANSWER_S: Final = 2.0  # no question may take longer, whatever it is
CLEAR_S: Final = 0.2
HEARD_MAX: Final = 4096
CLEAR: Final = b"\x18"  # CAN: no command of any scanner or chip, nothing on paper
ORDER: Final = (
    "printer/star", "printer/escpos", "display/countertop",
    "scanner/ssi", "scanner/gmssi", "scanner/nls", "scanner/gm65",
)  # fmt: skip
# These questions hold a byte by which a printer that answers nothing would act.
NOT_BESIDE_PRINTERS: Final = {
    "scanner/gm65": "each of its questions holds BEL, which opens the drawer of a Star printer",
}
_NMEA: Final = re.compile(rb"\$[A-Z]{2,5}[A-Z0-9]{0,3},[^\r\n*]{0,80}\*[0-9A-F]{2}")
_MODEM: Final = re.compile(rb"(?:^|\r\n)(?:AT[A-Z+&\r]|OK|ERROR|RING|NO CARRIER|\+C[A-Z]{2,5}:)")
_NEXTION: Final = b"\x00\x00\x00\xff\xff\xff"
_GARBAGE_MIN: Final = 8


class Stranger(DeviceRefused):
    """Somebody speaks here who is none of ours (L10). ``kind``: modem, gps, echo, text or garbage."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


async def who(
    open_at: Callable[[int], OpenTransport],
    protocols: Sequence[DeviceProtocol] = (),
    *,
    speeds: Sequence[int] = (),
    no_printer: bool = False,
) -> Found | None:
    """Find out what is plugged in; the port is opened and closed once for each speed.

    Args:
        open_at: opens the port at this speed in bit/s.
        protocols: whom to look for; everybody when empty. When all of them are scanners, a person has said what
            it is: all their speeds are tried, and no printer is taken care of.
        speeds: only these, in this order; for links without a speed, name one.
        no_printer: a person has said that no printer hangs here: scanners are asked that would otherwise not be.

    Returns:
        Who answered, or said of itself who it is; None: silence. Many devices answer nothing to anybody.

    Raises:
        Stranger: somebody else speaks here, named.
        DeviceGone, DeviceRefused: the port is gone, or not ours to open.
    """
    wanted = tuple(protocols) or all_protocols()
    strange: Stranger | None = None
    rounds = plan(wanted, speeds=speeds, no_printer=no_printer)
    for speed, asked in rounds:
        transport = await open_at(speed)()
        try:
            return await _at_one_speed(transport, asked, wanted)
        except Stranger as error:
            strange = strange or error
            if error.kind != "garbage":
                raise  # what reads well at this speed is no device of another
        except LookupError:
            continue  # nobody spoke
        finally:
            await transport.close()
    if strange:
        raise strange
    if len(rounds) > 1:
        await _wipe(await open_at(rounds[0][0])())
    return None


async def _wipe(transport: Transport) -> None:
    try:
        await _clear(transport)
    finally:
        await transport.close()


async def _clear(transport: Transport) -> None:
    with contextlib.suppress(DeviceTimeout):  # who takes no bytes has kept none of ours
        await transport.write(CLEAR, deadline_s=CLEAR_S)


def plan(
    protocols: Iterable[DeviceProtocol], *, speeds: Sequence[int] = (), no_printer: bool = False
) -> list[tuple[int, list[DeviceProtocol]]]:
    """Speeds in turn, and whom to ask at each."""
    wanted = list(protocols)
    only_scanners = bool(wanted) and all(each.role == "scanner" for each in wanted)
    careless = no_printer or only_scanners
    askable = sorted(
        (each for each in wanted if each.probe and (careless or each.key not in NOT_BESIDE_PRINTERS)),
        key=lambda each: ORDER.index(each.key) if each.key in ORDER else len(ORDER),
    )
    tried = speeds or SPEEDS
    if only_scanners and not speeds:
        tried = tuple(dict.fromkeys((*SPEEDS, *(baud for each in askable for baud in each.bauds))))
    return [(speed, [each for each in askable if speeds or speed in each.bauds]) for speed in tried]


async def _at_one_speed(
    transport: Transport, asked: list[DeviceProtocol], wanted: Sequence[DeviceProtocol]
) -> Found:
    """Raises LookupError when nobody speaks, Stranger."""
    heard = await _listen(transport)
    if (told := _said_of_itself(heard)) and any(each.key == f"{told.role}/{told.protocol}" for each in wanted):
        return told
    if stranger := named(heard):
        raise stranger
    watched = _Watched(transport)
    for protocol in asked:
        assert protocol.probe is not None, protocol.key
        try:
            async with asyncio.timeout(ANSWER_S):
                if found := await protocol.probe(watched):
                    return found
        except (TimeoutError, DeviceTimeout):
            pass
        if stranger := watched.stranger():
            raise stranger
        if protocol.role == "scanner" and protocol.key != "scanner/ssi":  # another SSI question comes next
            await _clear(transport)
    raise LookupError


async def _listen(transport: Transport) -> bytes:
    heard = b""
    try:
        async with asyncio.timeout(LISTEN_S):
            while len(heard) < HEARD_MAX:
                heard += await transport.read()
    except TimeoutError:
        return heard
    return heard


def _said_of_itself(heard: bytes) -> Found | None:
    """A greeting that starting devices send: no other device says these bytes."""
    for frame in DisplayFrames().feed(heard):
        if frame.type == Type.HELLO and not frame.flags:
            try:
                hello = DisplayHello.read(frame.payload)
            except NotThatMessage:
                continue
            detail = {"firmware": hello.firmware, "size": f"{hello.width}x{hello.height}"}
            return Found(
                "display", "countertop", "countertop", "Countertop's counter display", hello.serial, detail
            )
    if heard.startswith(_NEXTION):
        return Found("display", "nextion", "nextion", "Nextion or TJC panel")
    if any(frame.command == Told.READY for frame in PlayerFrames().feed(heard)):
        return Found("speaker", "dfplayer", "dfplayer", "DFPlayer mini")
    return None


def named(heard: bytes) -> Stranger | None:
    """Who says such bytes of itself; None: nothing that would tell."""
    if _NMEA.search(heard):
        return Stranger("gps", "this sends positions (NMEA): a satellite receiver, no device of a counter")
    if _MODEM.search(heard):
        said = "AT commands or their answers: a modem, or ModemManager trying this port; `countertop doctor` helps"
        return Stranger("modem", said)
    signs = heard.strip(b"\0\r\n\x11\x13")
    if len(signs) < _GARBAGE_MIN:
        return None
    if all(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in signs):
        return Stranger("text", "lines of text come by themselves: a scanner that was pressed, a scale, a log")
    return Stranger("garbage", "bytes come that make no sense at any of our speeds: another line speed, or noise")


class _Watched:
    """The transport for the probes, which remembers what came back: our own bytes, or a modem's words."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._sent = b""
        self._heard = b""

    @property
    def name(self) -> str:
        return self._transport.name

    @property
    def baud(self) -> int:
        return self._transport.baud

    async def read(self) -> bytes:
        data = await self._transport.read()
        self._heard = (self._heard + data)[:HEARD_MAX]
        return data

    async def write(self, data: bytes, *, deadline_s: float = 2.0) -> None:
        self._sent, self._heard = data, b""
        await self._transport.write(data, deadline_s=deadline_s)

    async def discard_input(self) -> bytes:
        return await self._transport.discard_input()

    def frame_seen(self) -> None:
        self._transport.frame_seen()

    def on_end(self, tell: Callable[[DeviceError], None]) -> None:
        self._transport.on_end(tell)

    async def close(self) -> None:
        await self._transport.close()

    def stranger(self) -> Stranger | None:
        """Who answered as none of ours does."""
        if len(self._sent) > 2 and self._heard.startswith(self._sent):
            return Stranger(
                "echo",
                "what we send comes back: the adapter echoes (half duplex) or TX and RX are joined; "
                "use a full-duplex adapter, or switch its echo off",
            )
        found = named(self._heard)
        return found if found and found.kind in ("modem", "gps") else None
