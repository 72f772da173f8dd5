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
from dataclasses import replace
from typing import Final

from drivers.catalogue import all_protocols
from drivers.device_protocol import DeviceProtocol, Found, Link
from drivers.display.cobs import Decoder as DisplayFrames
from drivers.display.messages import DisplayHello, NotThatMessage, Type
from drivers.errors import DeviceError, DeviceRefused, DeviceTimeout
from drivers.speaker.dfplayer import Decoder as PlayerFrames
from drivers.speaker.dfplayer import Told
from drivers.transport import OpenTransport, SendRest, Transport

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
_NMEA: Final = re.compile(rb"\$[A-Z]{2,5}[A-Z0-9]{0,3},[^\r\n*]{0,80}\*[0-9A-F]{2}")
_MODEM: Final = re.compile(rb"(?:^|\r\n)(?:AT[A-Z+&\r]|OK|ERROR|RING|NO CARRIER|\+C[A-Z]{2,5}:)")
_NEXTION: Final = b"\x00\x00\x00\xff\xff\xff"
_GARBAGE_MIN: Final = 8
_SURE: Final = ("modem", "gps")


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
    link: Link = "serial",
) -> Found | None:
    """Find out what is plugged in; the port is opened and closed once for each speed.

    Args:
        open_at: opens the port at this speed in bit/s.
        protocols: whom to look for; everybody when empty. When all of them are scanners, a person has said what
            it is, and all their speeds are tried.
        speeds: only these, in this order.
        link: who is spoken to over another link is not asked; only a serial line has speeds to try.

    Returns:
        Who answered, or said of itself who it is, on a serial line with ``baud`` in its detail; None: silence.
        Many devices answer nothing to anybody.

    Raises:
        Stranger: somebody else speaks here, named.
        DeviceGone, DeviceRefused: the port is gone, or not ours to open.
    """
    wanted = tuple(protocols) or all_protocols()
    strange: Stranger | None = None
    rounds = plan(wanted, speeds=speeds, link=link)
    for speed, asked in rounds:
        transport = await open_at(speed)()
        try:
            found = await _at_one_speed(transport, asked, wanted)
        finally:
            await transport.close()
        if isinstance(found, Found):
            return replace(found, detail={**found.detail, "baud": str(speed)}) if link == "serial" else found
        strange = found if found and (strange is None or strange.kind == "garbage") else strange
    if strange:
        raise strange
    if len(rounds) > 1:
        await _wipe(await open_at(rounds[0][0])())
    return None


async def also_at(open_at: Callable[[int], OpenTransport], found: Found, speed: int) -> bool:
    """Whether the same device answers at ``speed`` bit/s, too: USB serial has no speeds.

    Raises:
        DeviceGone, DeviceRefused: the port is gone, or not ours to open.
    """
    same = [each for each in all_protocols() if each.key == f"{found.role}/{found.protocol}"]
    try:
        again = await who(open_at, same, speeds=(speed,))
    except Stranger:  # what it makes of a question at the wrong speed
        return False
    return again is not None and again.protocol == found.protocol


async def _wipe(transport: Transport) -> None:
    try:
        await _clear(transport)
    finally:
        await transport.close()


async def _clear(transport: Transport) -> None:
    with contextlib.suppress(DeviceTimeout):  # who takes no bytes has kept none of ours
        await transport.write(CLEAR, deadline_s=CLEAR_S)


def plan(
    protocols: Iterable[DeviceProtocol], *, speeds: Sequence[int] = (), link: Link = "serial"
) -> list[tuple[int, list[DeviceProtocol]]]:
    """Speeds in turn, and whom to ask at each."""
    wanted = [each for each in protocols if link in each.links]
    only_scanners = bool(wanted) and all(each.role == "scanner" for each in wanted)
    askable = sorted(
        (each for each in wanted if each.probe),
        key=lambda each: ORDER.index(each.key) if each.key in ORDER else len(ORDER),
    )
    if speeds or link != "serial":
        return [(speed, askable) for speed in speeds or SPEEDS[:1]]
    more = [baud for each in askable for baud in each.bauds] if only_scanners else []
    tried = dict.fromkeys((*SPEEDS, *more))
    return [(speed, [each for each in askable if speed in each.bauds]) for speed in tried]


async def _at_one_speed(
    transport: Transport, asked: list[DeviceProtocol], wanted: Sequence[DeviceProtocol]
) -> Found | Stranger | None:
    """Who answers, or who only talks. Raises Stranger for those who surely are none of ours.

    A board that starts may talk before it can answer, so text and garbage do not end the asking (L9).
    """
    heard = await _listen(transport)
    if (told := _said_of_itself(heard)) and any(each.key == f"{told.role}/{told.protocol}" for each in wanted):
        return told
    talker = named(heard)
    if talker and talker.kind in _SURE:
        raise talker
    watched = _Watched(transport)
    for protocol in asked:
        assert protocol.probe is not None, protocol.key
        try:
            async with asyncio.timeout(ANSWER_S):
                if found := await protocol.probe(watched):
                    return found
        except (TimeoutError, DeviceTimeout):
            pass
        if answer := watched.stranger():
            raise answer
        if protocol.role == "scanner" and protocol.key != "scanner/ssi":  # another SSI question comes next
            await _clear(transport)
    return talker


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

    def listen(self, hear: Callable[[bytes], None] | None) -> None:
        self._transport.listen(hear)

    def put(self, data: bytes) -> bool:
        return self._transport.put(data)

    def put_ahead(self, head: bytes, rest: bytes) -> SendRest | None:
        return self._transport.put_ahead(head, rest)

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
        return found if found and found.kind in _SURE else None
