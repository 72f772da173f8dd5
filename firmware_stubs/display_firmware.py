"""Firmware of the counter display: frames in, a picture on a panel, answers out.

One source for the board, the MicroPython Unix port and CPython, so: no imports but struct and binascii, no
typing at run time, no bytearray deletion. It keeps no pixels (a row at a time goes to the panel) and reads no
clock (the caller gives milliseconds that never go backwards). Source: docs/display-frame.md.
"""

import struct

from firmware_stubs.display_drawing import (
    BLACK,
    PAPERS,
    QUIET,
    WHITE,
    Panel,
    code_place,
    draw_code,
    draw_line,
    draw_result,
    unpack_bits,
)

try:
    from binascii import crc32
except ImportError:  # a small MicroPython build

    def crc32(data: bytes, value: int = 0) -> int:  # type: ignore[misc]  # the same function, spelled out
        value ^= 0xFFFFFFFF
        for byte in data:
            value ^= byte
            for _ in range(8):
                value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        return value ^ 0xFFFFFFFF


PING, HELLO = 0x01, 0x02
SHOW_QR, SHOW_TEXT, CLEAR, SHOW_RESULT, BRIGHTNESS, BEEP, TILE, ROTATE, SHOW_IDLE = range(0x10, 0x19)
STATE, EVENT, ACK = 0x20, 0x21, 0x7F

OK, BAD_CRC, BAD_TYPE, TOO_LONG, BAD_VERSION, BUSY, BAD_PAYLOAD, WRONG_SCREEN = range(8)

BLANK, CODE, TEXT, RESULT, IDLE = range(5)  # screens

BODY_MAX = 1024
STUFFED_MAX = 1030
SILENCE_MS = 15000  # no host for so long: what is shown may be out of date, so it goes
STATE_MS = 5000


class Display:
    def __init__(self, panel: Panel, boot_id: int, serial: str, version: str = "1.0") -> None:
        self.panel = panel
        self.boot_id = boot_id
        self.firmware = "countertop-display " + version + " " + serial
        self.screen = BLANK
        self.id = 0
        self.shown_crc = 0
        self.text = b""
        self._paper = WHITE
        self._free_y = 0  # below a code: the first row for tiles
        self._ends_ms = 0  # 0: no end
        self._heard_ms = 0
        self._state_ms = 0
        self._last = (0, 0, 0)  # seq, type and CRC of the last accepted frame
        self._status = OK
        self._own_seq = 0
        self._raw = bytearray()
        self._skip = False

    # --- time and bytes -----------------------------------------------------------------------------------

    def start(self, now_ms: int) -> bytes:
        """After power came: dark, and a HELLO nobody asked for."""
        self._blank()
        self._heard_ms = now_ms
        return self._own(HELLO, self._hello())

    def receive(self, data: bytes, now_ms: int) -> bytes:
        out = self.tick(now_ms)
        at = 0
        while at < len(data):
            end = data.find(b"\0", at)
            if end < 0:
                self._collect(data[at:])
                break
            self._collect(data[at:end])
            at = end + 1
            if self._skip:
                out += self._reply(0, ACK, bytes((0, TOO_LONG)))
            elif len(self._raw):
                out += self._frame(now_ms)
            self._raw = bytearray()
            self._skip = False
        return out

    def tick(self, now_ms: int) -> bytes:
        """Blank what is over; tell the host how things are while something is shown."""
        if self.screen in (BLANK, IDLE):
            return b""
        if (self._ends_ms and now_ms >= self._ends_ms) or now_ms - self._heard_ms >= SILENCE_MS:
            self._blank()
        elif now_ms - self._state_ms < STATE_MS:
            return b""
        self._state_ms = now_ms
        return self._own(STATE, self._state(now_ms))

    def due(self) -> "int | None":
        """When to call ``tick`` next; None while nothing can end by itself."""
        if self.screen in (BLANK, IDLE):
            return None
        next_ms = min(self._heard_ms + SILENCE_MS, self._state_ms + STATE_MS)
        return min(next_ms, self._ends_ms) if self._ends_ms else next_ms

    def event(self, kind: int, value: int) -> bytes:
        """A button or a touch."""
        return self._own(EVENT, struct.pack("<BH", kind, value))

    # --- frames -------------------------------------------------------------------------------------------

    def _collect(self, data: bytes) -> None:
        if len(self._raw) + len(data) > STUFFED_MAX:
            self._skip = True
            self._raw = bytearray()
        if not self._skip:
            self._raw.extend(data)

    def _frame(self, now_ms: int) -> bytes:
        body = unstuff(self._raw)
        if body is None or len(body) < 8:
            return self._reply(0, ACK, bytes((0, BAD_CRC)))
        if len(body) > BODY_MAX:
            return self._reply(0, ACK, bytes((0, TOO_LONG)))
        crc = crc32(body[:-4]) & 0xFFFFFFFF
        if struct.unpack("<I", body[-4:])[0] != crc:
            return self._reply(0, ACK, bytes((0, BAD_CRC)))
        flags, kind, seq = body[0] & 15, body[1], body[2]
        if flags & 2:
            return b""  # an answer: somebody else's, or our own come back
        if body[0] >> 4 != 1:
            return self._reply(seq, ACK, bytes((kind, BAD_VERSION)))
        self._heard_ms = now_ms
        if kind == HELLO:
            self._last = (0, 0, 0)  # a host that starts afresh counts from 1 again
            return self._reply(seq, HELLO, self._hello())
        if kind == STATE:
            return self._reply(seq, STATE, self._state(now_ms))
        this = (seq, kind, crc32(body[4:-4]) & 0xFFFFFFFF)
        if not (flags & 4 and this == self._last):  # else the answer was lost, not the frame
            self._status = self.obey(kind, bytes(body[4:-4]), now_ms)
            self._last = this
        if not flags & 1:
            return b""
        return self._reply(seq, ACK, bytes((kind, self._status)))

    def obey(self, kind: int, payload: bytes, now_ms: int) -> int:
        if kind == PING:
            return OK
        if kind == SHOW_QR:
            return self._show_code(payload, now_ms)
        if kind == SHOW_TEXT:
            return self._show_text(payload, now_ms)
        if kind == SHOW_RESULT:
            return self._show_result(payload, now_ms)
        if kind == SHOW_IDLE:
            return self._show_idle(payload, now_ms)
        if kind == TILE:
            return self._draw_tile(payload)
        if kind == CLEAR:
            self._blank()
            return OK
        if kind in (BRIGHTNESS, BEEP, ROTATE):
            return self._adjust(kind, payload)
        return BAD_TYPE

    def _adjust(self, kind: int, payload: bytes) -> int:
        value = payload[0] if len(payload) == 1 else 255
        if kind == BEEP:
            self.panel.beep(value)
        elif kind == BRIGHTNESS and value <= 100:
            self.panel.backlight(value)
        elif kind == ROTATE and value <= 3:
            self.panel.rotate(value)
            self._blank()
        else:
            return BAD_PAYLOAD
        return OK

    def _hello(self) -> bytes:
        side = min(self.panel.width, self.panel.height) // 3 - 2 * QUIET  # 3 pixels a module, or phones fail
        version = max(0, min((side - 17) // 4, 18))  # 18 is what a frame can hold
        caps = 1 | 4 | 8 | 16  # buzzer, backlight, text, tiles below a code in its square
        head = struct.pack("<BIHHBH", 1, self.boot_id, self.panel.width, self.panel.height, version, caps)
        return head + self.firmware.encode()

    def _state(self, now_ms: int) -> bytes:
        left_s = (self._ends_ms - now_ms + 999) // 1000 if self._ends_ms else 0
        return struct.pack("<IBIIH", self.boot_id, self.screen, self.id, self.shown_crc, left_s)

    def _own(self, kind: int, payload: bytes) -> bytes:
        self._own_seq = self._own_seq % 255 + 1
        return wrap(0x10, kind, self._own_seq, payload)

    def _reply(self, seq: int, kind: int, payload: bytes) -> bytes:
        return wrap(0x12, kind, seq, payload)

    # --- screens ------------------------------------------------------------------------------------------

    def _take(self, screen: int, number: int, crc: int, ttl_s: int, now_ms: int) -> None:
        self.screen, self.id, self.shown_crc = screen, number, crc
        self._ends_ms = now_ms + ttl_s * 1000 if ttl_s else 0
        self._state_ms = now_ms

    def _blank(self) -> None:
        self._take(BLANK, 0, 0, 0, 0)
        self.panel.fill(0, 0, self.panel.width, self.panel.height, BLACK)

    def _show_code(self, payload: bytes, now_ms: int) -> int:
        if len(payload) < 8:
            return BAD_PAYLOAD
        number, ttl_s, version, flags = struct.unpack("<IHBB", payload[:8])
        side = 17 + 4 * version
        length = (side * side + 7) // 8
        _, _, scale, free_y = code_place(self.panel, side)
        known = 1 <= version <= 40 and scale >= 1 and flags <= 1
        if not known or ttl_s == 0 or len(payload) < 8 + length or not captions_fit(payload, 8 + length):
            return BAD_PAYLOAD
        modules = payload[8 : 8 + length]
        crc = crc32(modules) & 0xFFFFFFFF
        if not (self.screen == CODE and self.id == number and self.shown_crc == crc):
            draw_code(self.panel, modules, side, flags & 1)
        self._free_y = free_y
        self._take(CODE, number, crc, ttl_s, now_ms)
        return OK

    def _show_text(self, payload: bytes, now_ms: int) -> int:
        lines = text_lines(payload)
        if lines is None:
            return BAD_PAYLOAD
        number, ttl_s = struct.unpack("<IH", payload[:6])
        self.text = b"\n".join(lines)
        panel = self.panel
        panel.fill(0, 0, panel.width, panel.height, WHITE)
        for index, line in enumerate(lines):
            y = 8 + index * 20
            if y + 14 > panel.height:
                break
            draw_line(panel, 8, y, line[: (panel.width - 16) // 12], 2)
        self._take(TEXT, number, crc32(payload[6:]) & 0xFFFFFFFF, ttl_s, now_ms)
        return OK

    def _show_result(self, payload: bytes, now_ms: int) -> int:
        if len(payload) < 5 or payload[4] not in PAPERS:
            return BAD_PAYLOAD
        number = struct.unpack("<I", payload[:4])[0]
        crc = crc32(payload[4:]) & 0xFFFFFFFF
        if not (self.screen == RESULT and self.id == number and self.shown_crc == crc):
            self.text = payload[5:]
            draw_result(self.panel, payload[4])
            self._paper = PAPERS[payload[4]]
        self._take(RESULT, number, crc, 0, now_ms)
        return OK

    def _show_idle(self, payload: bytes, now_ms: int) -> int:
        if len(payload) != 4:
            return BAD_PAYLOAD
        self.panel.fill(0, 0, self.panel.width, self.panel.height, WHITE)
        self._take(IDLE, struct.unpack("<I", payload)[0], 0, 0, now_ms)
        return OK

    def _draw_tile(self, payload: bytes) -> int:
        """A strip of pixels from the host; never over the code, never on a screen it was not made for."""
        if len(payload) < 13:
            return BAD_PAYLOAD
        number, x, y, width, height, flags = struct.unpack("<IHHHHB", payload[:13])
        if self.screen == BLANK or number != self.id:
            return WRONG_SCREEN
        stride = (width + 7) // 8
        rows = unpack_bits(payload[13:], stride * height) if flags & 1 else payload[13:]
        panel = self.panel
        fits = width and height and x + width <= panel.width and y + height <= panel.height
        short = min(panel.width, panel.height)
        covers_code = self.screen == CODE and x < short and y < self._free_y
        if flags > 3 or not fits or covers_code or rows is None or len(rows) != stride * height:
            return BAD_PAYLOAD
        coloured = flags & 2 and self.screen == RESULT
        ink, paper = (WHITE, self._paper) if coloured else (BLACK, WHITE)
        for row in range(height):
            panel.blit(x, y + row, width, rows[row * stride : (row + 1) * stride], 1, ink, paper)
        return OK


# --- bytes ------------------------------------------------------------------------------------------------


def wrap(header: int, kind: int, seq: int, payload: bytes) -> bytes:
    body = bytes((header, kind, seq, 0)) + payload
    return b"\0" + stuff(body + struct.pack("<I", crc32(body) & 0xFFFFFFFF)) + b"\0"


def stuff(data: bytes) -> bytes:
    """COBS, a byte at a time: answers are short."""
    out = bytearray(1)
    start = 0  # where the running block's length goes
    for byte in data:
        if byte:
            out.append(byte)
        if byte == 0 or len(out) - start == 255:
            out[start] = len(out) - start
            start = len(out)
            out.append(0)
    out[start] = len(out) - start
    return bytes(out)


def unstuff(raw: bytearray) -> "bytearray | None":
    out = bytearray()
    at = 0
    while at < len(raw):
        code = raw[at]
        if code == 0 or at + code > len(raw):
            return None
        out.extend(raw[at + 1 : at + code])
        at += code
        if code < 255 and at < len(raw):
            out.append(0)
    return out


def captions_fit(payload: bytes, at: int) -> bool:
    """Whether what follows the modules is whole TLVs; this firmware gets captions as tiles and skips them."""
    while at < len(payload):
        if at + 2 > len(payload):
            return False
        at += 2 + payload[at + 1]
    return at == len(payload)


def text_lines(payload: bytes) -> "list[bytes] | None":
    """Lines of SHOW_TEXT, or None when the lengths do not fit."""
    lines = []
    at = 6
    while at < len(payload):
        lines.append(bytes(payload[at + 1 : at + 1 + payload[at]]))
        at += 1 + payload[at]
    return lines if at == len(payload) else None
