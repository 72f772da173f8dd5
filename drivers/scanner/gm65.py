"""Commands and answers of the GM65 family (GM60-S, GM65, GM805, GM861; Newland EM3095 alike).

Source: Hangzhou Grow "GM65 Bar Code Reader Module" manual, serial programming chapter; Newland "NLS-EM3095
User Guide", serial programming; heartbeat and framed output as Tasmota and ESPHome drive a GM861.
Host to module ``7E 00``, module to host ``02 00``; CRC-16/XMODEM over type to data.
"""

import asyncio
from binascii import crc_hqx
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from drivers.device_protocol import Found as Device
from drivers.errors import DeviceRefused
from drivers.scanner.line import LINE_MAX, Line, LineDecoder, Refusal, parse_line
from drivers.scanner.probing import first_answer
from drivers.scanner.speech import FLASH_S, AskAgain, Asker, Identity, Speech, undone
from drivers.transport import Transport

MODE: Final = 0x0000  # LED, beep, aim, light, trigger mode
TRIGGER: Final = 0x0002
OUTPUT: Final = 0x000D
AIM_IDS: Final = 0x00D0
VERSIONS: Final = 0x00E1  # hardware, software, year
SUCCESS_LED: Final = 0x80
BEEP: Final = 0x40
LIGHT: Final = 0x0C  # 00 off, 04 while reading, 08 always
LIGHT_ALWAYS: Final = 0x08

_HOST: Final = b"\x7e\x00"
_UNCHECKED: Final = b"\xab\xcd"  # in the place of the check: do not check
_ANSWER, _TOKEN = 0x02, 0x03
_HEAD: Final = 4  # header, type, length
_NO_COMMAND: Final = 0x3F
_READ, _WRITE, _SAVE, _HEARTBEAT = 0x07, 0x08, 0x09, 0x0A
WRITE_MAX: Final = 245


class Status(IntEnum):
    OK = 0
    BAD_CRC = 1
    UNKNOWN_COMMAND = 3


@dataclass(frozen=True, slots=True)
class Reply:
    status: int  # a Status, or a number no manual names
    data: bytes


@dataclass(frozen=True, slots=True)
class Alive:
    """The answer to a heartbeat."""


Found = Reply | Alive | Line | Refusal


def read(address: int, count: int = 1) -> bytes:
    """Ask for ``count`` bytes (1 to 256) of the settings zone."""
    assert 1 <= count <= 256, count
    return _frame(_READ, address, bytes((count & 0xFF,)))


def write(address: int, data: bytes) -> bytes:
    """Change the settings zone in memory; a restart forgets it unless saved."""
    assert 1 <= len(data) <= WRITE_MAX, len(data)
    return _frame(_WRITE, address, data)


def save() -> bytes:
    """Keep the zone in flash. Flash wears: only after a change, never at each start."""
    return _frame(_SAVE, 0, b"\0")


def trigger(on: bool = True) -> bytes:
    """Start one read in command mode, or stop it."""
    return write(TRIGGER, b"\x01" if on else b"\0")


def heartbeat() -> bytes:
    return _frame(_HEARTBEAT, 0, b"\0")


def unchecked(frame: bytes) -> bytes:
    """The same command with the check left out, for a host that has no time for it."""
    return frame[:-2] + _UNCHECKED


def _frame(kind: int, address: int, data: bytes) -> bytes:
    body = bytes((kind, len(data))) + address.to_bytes(2, "big") + data
    return _HOST + body + crc_hqx(body, 0).to_bytes(2, "big")


_STRANGE: Final = unchecked(_frame(_NO_COMMAND, 0, b"\0"))  # refused by every module, harmless to everybody else


class Decoder:
    """Answers and scans share one stream: bytes in any split -> what they say, in order.

    A frame starts with 02 or 03 where a line could start; within a line these bytes spoil the line. A frame
    with a bad check is handed to the line, which refuses it for its control bytes.
    """

    def __init__(self, *, aim_ids: bool = False, line: LineDecoder | None = None) -> None:
        self._aim_ids = aim_ids
        self._line = line or LineDecoder(aim_ids=aim_ids)
        self._frame = bytearray()  # never longer than a frame and one read

    @property
    def pending(self) -> bool:
        return bool(self._frame) or self._line.pending

    def feed(self, data: bytes) -> list[Found]:
        found: list[Found] = []
        rest = bytes(self._frame) + data
        self._frame.clear()
        while rest:
            if self._line.pending or rest[0] not in (_ANSWER, _TOKEN):
                end, line = self._line.take(rest)
                found += [line] if line else []
            else:
                end, item = self._take(rest)
                if not end:
                    self._frame += rest
                    break
                found += [item] if item else self._line.feed(rest[:end])
            rest = rest[end:]
        return found

    def idle(self) -> list[Found]:
        """No byte for the inter-byte limit."""
        found: list[Found] = [*self._line.idle()]
        if self._frame:
            self._frame.clear()
            found.append(Refusal.INCOMPLETE)
        return found

    def _take(self, data: bytes) -> tuple[int, Found | None]:
        """The frame at the start: its length (0: not whole yet) and what it says (None: it is no frame)."""
        if len(data) < 3:
            return 0, None
        if data[0] == _TOKEN and data[1:3] != b"\0\0":  # a framed scan is never empty
            size = int.from_bytes(data[1:3], "big")
            if size > LINE_MAX:
                return 1, None
            if len(data) < 3 + size:
                return 0, None
            return 3 + size, parse_line(data[3 : 3 + size], aim_ids=self._aim_ids)
        if data[1] != 0:
            return 1, None
        if len(data) < _HEAD:
            return 0, None
        end = _HEAD + (data[3] or 256) + 2
        if len(data) < end:
            return 0, None
        if crc_hqx(data[2:end], 0):  # body and check together leave no remainder
            return 1, None
        return end, Alive() if data[0] == _TOKEN else Reply(data[2], data[_HEAD : end - 2])


class Gm65Speech(Speech):
    asks = True

    @property
    def triggered(self) -> bool:
        return self.profile.setup.get(MODE, 0) & 3 == 1

    def session(self) -> Decoder:
        return Decoder(aim_ids=self.profile.aim_ids, line=self.lines())

    async def hello(self, line: Asker) -> Identity:
        await line.ask(_STRANGE, _refused)  # whoever else stands here must not see a 07 yet
        hardware, software, year = await _read(line, VERSIONS, 3)
        for address, value in self.profile.setup.items():
            if await _read(line, address) != bytes((value,)):
                await _tell(line, write(address, bytes((value,))))
                if await _read(line, address) != bytes((value,)):
                    raise DeviceRefused(f"scanner: setting {address:04X} does not keep its value")
        return Identity(self.profile.title, True, f"{hardware:02X}", f"{software:02X}/20{year:02d}")

    async def alive(self, line: Asker) -> bool:
        if self.profile.heartbeat:
            return await line.ask(heartbeat(), lambda answer: True if isinstance(answer, Alive) else None)
        await _read(line, VERSIONS)
        return True

    async def feedback(self, line: Asker, *, good: bool) -> bool:
        """The module beeps by itself at each read; no is its light, on for a moment."""
        if not good:
            normal = self.profile.setup.get(MODE, 0xD6)
            await _tell(line, write(MODE, bytes((normal & ~LIGHT | LIGHT_ALWAYS,))))
            async with undone(lambda: _tell(line, write(MODE, bytes((normal,))))):
                await asyncio.sleep(FLASH_S)
        return True

    async def trigger(self, line: Asker, *, on: bool) -> None:
        await _tell(line, trigger(on))


async def _read(line: Asker, address: int, count: int = 1) -> bytes:
    return await line.ask(read(address, count), lambda answer: data_of(answer, count))


async def _tell(line: Asker, frame: bytes) -> None:
    await line.ask(frame, lambda answer: data_of(answer, 1))


def data_of(answer: object, size: int) -> bytes | None:
    """What a good answer of ``size`` bytes holds; None: an answer to something else."""
    if not isinstance(answer, Reply):
        return None
    if answer.status == Status.UNKNOWN_COMMAND:
        raise DeviceRefused("scanner: it does not know this command; choose another profile")
    if answer.status == Status.BAD_CRC:  # EM3095 says so; a GM65 is silent instead
        raise AskAgain
    return answer.data if answer.status == Status.OK and len(answer.data) == size else None


async def probe(transport: Transport) -> Device | None:
    """Send a command that does not exist: the module answers that it knows none such, and nothing changes.

    Reading the version would do as well, were its 07 not the byte that opens the drawer of a Star printer.
    """
    if await first_answer(transport, _STRANGE, Decoder(), _refused) is None:
        return None
    return Device("scanner", "gm65", "gm65", "GM65 family module")


def _refused(answer: object) -> bool | None:
    return True if isinstance(answer, Reply) and answer.status == Status.UNKNOWN_COMMAND else None
