"""Questions and answers with the counter display: stop and wait, numbered, repeated, never confused."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from drivers.display.cobs import ACK_WANTED, RESENT, RESPONSE, VERSION, Decoder, Frame
from drivers.display.messages import (
    SHOWS,
    DisplayEvent,
    DisplayHello,
    DisplayState,
    NotThatMessage,
    Status,
    Type,
)
from drivers.display.profile import DisplayProfile
from drivers.display.turns import Turns
from drivers.errors import DeviceGone, DeviceRefused, DeviceTimeout
from drivers.transport import SendRest, Transport

STRANGE_MAX: Final = 64  # bytes kept of what made no sense, to name a wrong device

ECHO: Final = (
    "what we send comes back: the adapter echoes (half duplex) or TX and RX are joined; "
    "use a full-duplex RS-232 or TTL adapter, or switch its echo off"
)


class DisplayRebooted(DeviceGone):
    """The display started again and is dark. Say hello again, here or on a new port, and repaint."""


class _Foreseen(NamedTuple):
    """A frame without its end, and who gets the answer: that may be here before anybody asks."""

    frame: Frame
    send_rest: SendRest
    answer: asyncio.Future[Frame]


class DisplayLink:
    """One frame in flight. Whoever asks also reads, unless ``watch`` runs and hears for all."""

    __slots__ = (
        "_asked",
        "_begun",
        "_decoder",
        "_expected",
        "_foreseen",
        "_give",
        "_last_try",
        "_on_event",
        "_profile",
        "_seq",
        "_told",
        "_transport",
        "_turns",
        "boot_id",
        "strange",
    )

    def __init__(
        self, transport: Transport, profile: DisplayProfile, on_event: Callable[[DisplayEvent], None] | None
    ) -> None:
        self.strange = b""  # what arrived since ``restart`` that was no frame, first bytes only
        self.boot_id: int | None = None
        self._transport, self._profile, self._on_event = transport, profile, on_event
        self._turns = Turns(transport, self._hear)
        self._decoder = Decoder()
        self._seq = 0
        self._asked: Frame | None = None
        self._expected: Type = Type.ACK
        self._give: Callable[[Frame], None] | None = None  # who gets the answer; None: nobody, or it came
        self._last_try = False  # "damaged" does not end it
        self._foreseen: _Foreseen | None = None  # until anything is asked
        self._begun = False  # a beginning is on the line that the next frame ends, or its own end
        self._told: Callable[[bytes | None], None] = _nobody  # of the glance that is out

    async def restart(self) -> None:
        """Forget who was there, and what they said."""
        await self._transport.discard_input()
        self._decoder, self._turns.trouble, self.boot_id, self.strange = Decoder(), None, None, b""

    def watch(self) -> Awaitable[NoReturn]:
        """Hear for everybody until something ends it.

        Raises:
            DisplayRebooted: it announced another boot id.
            DeviceGone: unplugged.
            DeviceRefused: garbage floods in, or our own bytes come back.
        """
        return self._turns.watch()

    async def ask(
        self,
        kind: Type,
        payload: bytes = b"",
        *,
        expect: Type = Type.ACK,
        tries: int | None = None,
        answer_ms: int | None = None,
    ) -> bytes:
        """Send a frame until it is answered; return the answer's payload. See docs/display-frame.md, rules."""
        async with self._turns.mine:
            await self._turns.quiet()
            self._turns.check()
            foreseen, self._foreseen = self._foreseen, None
            if foreseen is None or (foreseen.frame.type, foreseen.frame.payload) != (kind, payload):
                self._seq = self._seq % 255 + 1
            count, seq = tries or 1 + self._profile.resends, self._seq
            try:
                for turn in range(count):
                    frame = Frame(kind, seq, payload, ACK_WANTED | (RESENT if turn else 0))
                    last = turn == count - 1
                    answer = await self._try(frame, expect, answer_ms, None if turn else foreseen, last=last)
                    if answer is None or (answer.type == Type.ACK and answer.payload[1] == Status.BAD_CRC):
                        continue
                    if answer.type != expect:
                        status = answer.payload[1]
                        raise DeviceRefused(f"display refuses {kind.name} (status {status}): update its firmware")
                    return answer.payload
            finally:
                self._asked = self._give = None  # not between two tries: a release in another thread looks at it
            raise DeviceTimeout(f"display at {self._transport.name}: {count} times no answer to {kind.name}")

    async def _try(
        self, frame: Frame, expect: Type, answer_ms: int | None, foreseen: _Foreseen | None, *, last: bool
    ) -> Frame | None:
        """One sending and its answer; None when time is up."""
        data = frame.to_bytes()
        sent = foreseen is not None and foreseen.frame == frame and foreseen.send_rest()
        last = last or (self._begun and not sent)  # "damaged" is said of the beginning that this one ends
        self._begun = False
        limit_ms = answer_ms or self._profile.answer_ms + (self._profile.draw_ms if frame.type in SHOWS else 0)
        answer = foreseen.answer if foreseen and sent else _new_answer()
        self._expect(frame, expect, _giving(answer), last=last)
        try:
            return await self._turns.ask(data, answer, limit_ms=limit_ms, sent=sent)
        except TimeoutError:
            return None

    def foresee(self, kind: Type, payload: bytes) -> SendRest | None:
        """Send a frame but for its end: it means nothing yet. Whatever is asked next ends it, the same or another.

        Returns:
            What sends the end, from any thread, but not while a question before it waits for its answer; if it did
            not, ``ask`` of the same does. None: not now.
        """
        if self._foreseen is not None:
            return None
        frame = Frame(kind, self._seq % 255 + 1, payload, ACK_WANTED)
        parts = frame.in_two()
        send_rest = self._turns.put_ahead(*parts) if parts else None
        if send_rest is None:
            return None
        self._seq, foreseen = frame.seq, _Foreseen(frame, send_rest, _new_answer())
        self._foreseen, self._begun = foreseen, True

        def release() -> bool:
            waits = self._foreseen is foreseen and self._asked is not None
            return not waits and send_rest()  # one whole frame is in flight

        return release

    def forget_foreseen(self) -> None:
        """What sends its end sends it no more, and tells whether it has."""
        self._turns.take_back()  # first: once it is forgotten a release looks at no question that waits
        self._foreseen = None

    def glance(self, kind: Type, told: Callable[[bytes | None], None]) -> bool:
        """Ask once for a message of the same kind, with no task that waits: displays at rest are asked all day.

        ``told`` gets its payload. None: nothing came in time, or a refusal; then ``ask`` finds out why. It hears
        nothing when the connection ends meanwhile.

        Returns:
            False: not asked, and nothing will be told. Somebody asks already, or the line is not free; ``ask``.
        """
        frame, data = _question(kind, self._seq % 255 + 1)

        if not self._turns.begin(data, self._unanswered, limit_ms=self._profile.answer_ms):
            return False
        self._seq, self._told, self._foreseen, self._begun = frame.seq, told, None, False
        self._expect(frame, kind, self._glanced, last=True)
        return True

    def _glanced(self, answer: Frame) -> None:
        self._end_glance(answer.payload if answer.type == self._expected else None)

    def _unanswered(self) -> None:
        self._end_glance(None)

    def _end_glance(self, payload: bytes | None) -> None:
        told, self._told = self._told, _nobody
        self._asked = self._give = None
        self._turns.end()
        told(payload)

    def _expect(self, asked: Frame, kind: Type, give: Callable[[Frame], None], *, last: bool) -> None:
        self._asked, self._expected, self._give, self._last_try = asked, kind, give, last

    def _hear(self, data: bytes) -> None:
        frames = self._decoder.feed(data)
        if not frames and len(self.strange) < STRANGE_MAX:
            self.strange = (self.strange + data)[:STRANGE_MAX]
        for frame in frames:
            self._transport.frame_seen()
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.version != VERSION:
            speaks = f"display speaks frame version {frame.version}, we {VERSION}: update its firmware"
            self._turns.fail(DeviceRefused(speaks))
        elif frame.flags & RESPONSE:
            self._take_answer(frame)
        elif frame.flags & ACK_WANTED:
            self._turns.fail(DeviceRefused(f"display at {self._transport.name}: {ECHO}"))
        else:
            self._take_news(frame)

    def _take_answer(self, frame: Frame) -> None:
        """Late answers and those to another frame fit no question and are dropped."""
        asked, give = self._asked, self._give
        if asked is None and self._foreseen is not None:
            self._take_foreseen(self._foreseen, frame)
        if asked is None or give is None:
            return
        if frame.type == Type.ACK:
            if len(frame.payload) != 2:
                return
            ours = frame.seq == asked.seq and frame.payload[0] == asked.type
            damaged = frame.seq == 0 and frame.payload[1] == Status.BAD_CRC and not self._last_try
            refused = ours and frame.payload[1] != Status.OK
            if damaged or (ours and self._expected == Type.ACK) or refused:
                give(frame)
        elif frame.type == self._expected and frame.seq == asked.seq:
            give(frame)

    def _take_foreseen(self, foreseen: _Foreseen, frame: Frame) -> None:
        """The answer may be here before anybody asks."""
        about = (frame.seq, frame.payload[:1]) == (foreseen.frame.seq, bytes((foreseen.frame.type,)))
        damaged = frame.seq == 0 and frame.payload[1:] == bytes((Status.BAD_CRC,))
        if frame.type == Type.ACK and len(frame.payload) == 2 and (about or damaged):
            _giving(foreseen.answer)(frame)

    def _take_news(self, frame: Frame) -> None:
        """What the display says by itself."""
        try:
            if frame.type == Type.HELLO:
                self._check_boot(DisplayHello.read(frame.payload).boot_id)
                if self._expected == Type.HELLO and self._give:
                    self._give(frame)  # it has just started, which answers our question too
            elif frame.type == Type.STATE:
                self._check_boot(DisplayState.read(frame.payload).boot_id)
            elif frame.type == Type.EVENT and self._on_event:
                self._on_event(DisplayEvent.read(frame.payload))
        except NotThatMessage:
            return  # a sound frame of a newer firmware: not for us

    def _check_boot(self, boot_id: int) -> None:
        if self.boot_id is not None and boot_id != self.boot_id:
            self.rebooted()

    def rebooted(self) -> None:
        self._turns.fail(DisplayRebooted(f"display at {self._transport.name}: it started again and is dark"))


def _new_answer() -> asyncio.Future[Frame]:
    return asyncio.get_running_loop().create_future()


def _giving(answer: asyncio.Future[Frame]) -> Callable[[Frame], None]:
    def give(frame: Frame) -> None:
        if not answer.done():
            answer.set_result(frame)

    return give


def _nobody(_payload: bytes | None) -> None:
    """No glance is out."""


@lru_cache(maxsize=512)
def _question(kind: Type, seq: int) -> tuple[Frame, bytes]:
    """One without payload, made once: a thousand displays are asked the same in the same 255 frames."""
    frame = Frame(kind, seq, b"", ACK_WANTED)
    return frame, frame.to_bytes()
