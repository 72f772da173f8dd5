"""The counter display: who it is, what it shows, and the proof that it does."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, NoReturn

from drivers.display import messages, tiles
from drivers.display.link import DisplayLink, DisplayRebooted
from drivers.display.messages import DisplayEvent, DisplayHello, DisplayState, Result, Screen, Status, Type
from drivers.display.profile import DisplayProfile
from drivers.display.tiles import Tile
from drivers.errors import DeviceError, DeviceRefused, DeviceTimeout, ShowsOther
from drivers.transport import SendRest, Transport

__all__ = [
    "CounterDisplay",
    "DisplayEvent",
    "DisplayHello",
    "DisplayRebooted",
    "DisplayState",
    "Result",
    "Screen",
    "Tile",
]

_HELLO_TRY_MS: Final = 500
_PROBE_S: Final = 0.3
_PRINTER_STATUS: Final = b"\x10\x04\x01"  # ESC/POS "DLE EOT 1": answered with one byte xxx1xx10, prints nothing


def _always() -> bool:
    return True


class CounterDisplay:
    """One display on an open transport. Call ``hello`` first, and again after DisplayRebooted.

    Args:
        transport: the open pipe; the caller closes it.
        profile: limits of this model.
        serial: refuse any other display (L2); empty takes whoever is there.
        on_event: told of buttons and touches, from whichever call reads them.

    Every call raises DeviceGone (open again), DisplayRebooted (a DeviceGone: hello and repaint), DeviceTimeout
    (no answer; close and open again) or DeviceRefused (a person must act; the sentence says how).
    A code, text or result is blanked by the display after 15 s without a frame: while one is shown call
    ``state`` (or anything) at least every ``profile.keep_alive_ms``.
    """

    __slots__ = ("_hello", "_link", "_profile", "_serial", "_told", "_transport")

    def __init__(
        self,
        transport: Transport,
        *,
        profile: DisplayProfile | None = None,
        serial: str = "",
        on_event: Callable[[DisplayEvent], None] | None = None,
    ) -> None:
        self._transport, self._serial = transport, serial
        self._profile = profile or DisplayProfile()
        self._link = DisplayLink(transport, self._profile, on_event)
        self._hello: DisplayHello | None = None
        self._told: Callable[[DisplayState | None], None] = _nobody  # of the glance that is out

    async def hello(self) -> DisplayHello:
        """Find out who is there; waits for a board that the opening of its port has reset."""
        await self._link.restart()
        self._hello = None
        try:
            payload = await self._link.ask(
                Type.HELLO,
                expect=Type.HELLO,
                tries=max(1, self._profile.boot_ms // _HELLO_TRY_MS),
                answer_ms=_HELLO_TRY_MS,
            )
            hello = DisplayHello.read(payload)
        except messages.NotThatMessage as error:
            raise DeviceRefused(f"{self._transport.name}: a display with an unknown firmware answered") from error
        except DeviceTimeout:
            await self._name_stranger()
            raise
        if hello.protocol != 1:
            raise DeviceRefused(f"display speaks protocol {hello.protocol}, we 1: update its firmware")
        if self._serial and hello.serial != self._serial:
            with suppress(DeviceError):  # another counter's, out of its reach: what it shows is nobody's any more
                await self._link.ask(Type.CLEAR)
            raise DeviceRefused(
                f"{self._transport.name}: this is display {hello.serial or 'without number'}, not {self._serial}; "
                "are two cables swapped?"
            )
        self._hello, self._link.boot_id = hello, hello.boot_id
        return hello

    def watch(self) -> Awaitable[NoReturn]:
        """Notice unplugging, restarts and buttons while nothing is asked; costs nothing while nothing happens."""
        return self._link.watch()

    async def show_qr(
        self,
        screen_id: int,
        ttl_s: int,
        version: int,
        packed_modules: bytes,
        *,
        tiles: Iterable[Tile] = (),
        inverted: bool = False,
    ) -> None:
        """Light a code, prove it by reading back, then add its captions.

        Args:
            screen_id: 1..2^32-1; the same id and modules again only renew the time.
            ttl_s: 1..65535; then the display goes dark by itself.
            version: QR version 1..40, at most ``hello.max_version``.
            packed_modules: see ``messages.show_qr``.
            tiles: outside the code's square.
            inverted: light modules on dark.
        """
        known = self._known()
        if version > known.max_version:
            raise DeviceRefused(
                f"a code of version {version} is too fine for this display (up to {known.max_version}): "
                "shorten its text or lower the error correction"
            )
        frame = messages.show_qr(screen_id, ttl_s, version, packed_modules, inverted=inverted)
        wanted = (Screen.CODE, screen_id, zlib.crc32(packed_modules))
        for _ in range(2):
            await self._tell(Type.SHOW_QR, frame)
            state = await self.state()
            if (state.screen, state.id, state.shown_crc32) == wanted:
                break
        else:
            raise ShowsOther(
                f"{self._transport.name}: the display says it shows another code than it was given; "
                "switch it off and on, and replace it if that does not help"
            )
        await self._add(screen_id, tiles)

    async def show_result(self, screen_id: int, result: Result, text: str, *, tiles: Iterable[Tile] = ()) -> None:
        """A sign in colour; the caller clears it when people have seen it."""
        await self._tell(Type.SHOW_RESULT, messages.show_result(screen_id, result, text))
        await self._add(screen_id, tiles)

    def foresee_result(self, screen_id: int, result: Result, text: str) -> SendRest | None:
        """A result that ``show_result`` follows with, or never: all but the end of its frame leaves now.

        Nothing is seen before the end is sent, by what is returned, from any thread. None: not now.
        """
        if self._hello is None:
            return None
        return self._link.foresee(Type.SHOW_RESULT, messages.show_result(screen_id, result, text))

    def forget_foreseen(self) -> None:
        """It is not shown after all: what sends its end sends it no more, and tells whether it has."""
        self._link.forget_foreseen()

    async def show_text(
        self, screen_id: int, ttl_s: int, lines: tuple[str, ...], *, tiles: Iterable[Tile] = ()
    ) -> None:
        """Plain lines in the display's own letters (ours: ASCII). ``ttl_s`` 0: until cleared."""
        await self._tell(Type.SHOW_TEXT, messages.show_text(screen_id, ttl_s, lines))
        await self._add(screen_id, tiles)

    async def show_idle(self, screen_id: int, *, tiles: Iterable[Tile] = ()) -> None:
        """A white glass that stays, and what the tiles paint on it."""
        await self._tell(Type.SHOW_IDLE, screen_id.to_bytes(4, "little"))
        await self._add(screen_id, tiles)

    async def add_tiles(
        self, screen_id: int, tiles: Iterable[Tile], *, wanted: Callable[[], bool] = _always
    ) -> None:
        """Captions for a screen that is shown, until they are not ``wanted``: asked before each of their frames.

        DeviceTimeout: it shows another one by now. It cannot tell when that has the same number.
        """
        await self._add(screen_id, tiles, wanted)

    async def clear(self) -> None:
        await self._tell(Type.CLEAR)

    async def state(self) -> DisplayState:
        """What the display says is on the glass. Raises DisplayRebooted when it started again meanwhile."""
        known = self._known()
        try:
            state = DisplayState.read(await self._link.ask(Type.STATE, expect=Type.STATE))
        except messages.NotThatMessage as error:
            raise DeviceRefused(f"{self._transport.name}: the display's firmware answers nonsense") from error
        if state.boot_id != known.boot_id:
            raise DisplayRebooted(f"display at {self._transport.name}: it started again and is dark")
        return state

    def glance(self, told: Callable[[DisplayState | None], None]) -> bool:
        """What ``state`` tells, asked once and without a task that waits for it.

        ``told`` gets None when ``state`` has to find out: nothing came in time, or nothing sound, or it started
        again. It hears nothing when the connection ends meanwhile.

        Returns:
            False: not asked, and nothing will be told; call ``state``.
        """
        self._known()
        if not self._link.glance(Type.STATE, self._glanced):
            return False
        self._told = told
        return True

    def _glanced(self, payload: bytes | None) -> None:
        told, self._told = self._told, _nobody
        try:
            state = DisplayState.read(payload or b"")
        except messages.NotThatMessage:
            told(None)
        else:
            told(state if state.boot_id == self._link.boot_id else None)

    async def ping(self) -> None:
        await self._tell(Type.PING)

    async def brightness(self, percent: int) -> None:
        """0..100, 0 is off."""
        await self._tell(Type.BRIGHTNESS, bytes((percent,)))

    async def beep(self, pattern: int) -> None:
        """0 click, 1 good, 2 bad."""
        await self._tell(Type.BEEP, bytes((pattern,)))

    async def rotate(self, quarters: int) -> DisplayHello:
        """Turn by quarters clockwise; the glass goes dark and may have another shape, as the answer says."""
        await self._tell(Type.ROTATE, bytes((quarters % 4,)))
        return await self.hello()

    def _known(self) -> DisplayHello:
        assert self._hello is not None, "hello() comes first: nothing is shown to a stranger"
        return self._hello

    async def _add(self, screen_id: int, pictures: Iterable[Tile], wanted: Callable[[], bool] = _always) -> None:
        for picture in pictures:
            for payload in tiles.payloads(picture, screen_id):
                if not wanted():
                    return
                await self._tell(Type.TILE, payload)

    async def _tell(self, kind: Type, payload: bytes = b"") -> None:
        self._known()
        status = (await self._link.ask(kind, payload))[1]
        if status in (Status.BUSY, Status.WRONG_SCREEN):
            raise DeviceTimeout(f"{self._transport.name}: the display has moved on or is busy ({kind.name})")
        if status != Status.OK:
            word = Status(status).name if status in Status._value2member_map_ else str(status)
            raise DeviceRefused(f"{self._transport.name}: the display refuses {kind.name} ({word}); update it?")

    async def _name_stranger(self) -> None:
        """Raise DeviceRefused when whoever is there can be named; a silent port stays a time-out."""
        heard = self._link.strange
        if not heard:
            await self._transport.write(_PRINTER_STATUS)
            try:
                async with asyncio.timeout(_PROBE_S):
                    heard = await self._transport.read()
            except TimeoutError:
                return
        raise DeviceRefused(
            f"{self._transport.name}: this is not the counter display but {_stranger(heard)}; "
            "plug the display in here or correct the binding"
        )


def _nobody(_state: DisplayState | None) -> None:
    """No glance is out."""


def _stranger(heard: bytes) -> str:
    if len(heard) == 1 and heard[0] & 0x93 == 0x12:
        return "a receipt printer (ESC/POS)"
    if heard.startswith((b"\x02\x00\x00", b"\x03\x00\x00")):
        return "a barcode scanner (GM65 family)"
    if b"AT" in heard or b"OK\r" in heard or b"ERROR" in heard:
        return "a modem or a program probing for one (ModemManager)"
    text = heard.decode("latin-1")
    if text.isascii() and "".join(text.split()).isprintable() and text.strip():
        return "something that types text, such as a scanner"
    return f"an unknown device (it sent {heard[:16].hex(' ')})"
