"""What a scanner's protocol is to the pump in ``driver.py``: a session of bytes, and questions where it has any.

A protocol that only sends codes needs a session and nothing else: ``Speech`` as it stands is line mode.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from drivers.errors import DeviceError
from drivers.scanner.line import LineDecoder
from drivers.scanner.profile import ScannerProfile

T = TypeVar("T")
FLASH_S: Final = 0.3  # how long a light stays on to say no


@dataclass(frozen=True, slots=True)
class Send:
    """What the protocol owes the device at once, such as an acknowledgement.

    ``sound``: it answers a frame that proves a scanner of ours; False for what asks again.
    """

    data: bytes
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """``known`` is False where the protocol cannot ask."""

    title: str
    known: bool
    hardware: str = ""
    software: str = ""


class AskAgain(Exception):
    """Raised by ``fits``: the device did not understand, and wants the same question once more."""


@asynccontextmanager
async def undone(undo: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """``undo`` behind the block, however it ends; a device that does not answer then never hides how it ended.

    A cancelled task above all stays cancelled: told of a lamp instead it would go on.
    """
    try:
        yield
    except BaseException:
        with suppress(DeviceError):
            await undo()
        raise
    await undo()


class Session(Protocol):
    """Bytes in any split -> ``Line``, ``Refusal``, ``Send``; anything else is an answer. Pure, and bounded."""

    @property
    def pending(self) -> bool:
        """Something unfinished is held: call ``idle`` once no byte has come for the profile's gap."""
        ...

    def feed(self, data: bytes) -> Sequence[object]: ...

    def idle(self) -> Sequence[object]: ...


class Asker(Protocol):
    """What the pump lends to a protocol."""

    async def ask(
        self, frame: bytes, fits: Callable[[object], T | None], *, again: bytes = b"", wake: bytes = b""
    ) -> T:
        """Send ``frame`` up to three times, until an answer fits.

        Args:
            fits: what this answer means; None: it answers something else. It may raise AskAgain, DeviceRefused.
            again: what is sent instead from the second time on.
            wake: sent 50 ms before each, for devices that sleep.

        Raises:
            DeviceTimeout: no fitting answer. DeviceGone: the port closed. DeviceRefused: as ``fits`` says.
        """
        ...

    async def tell(self, frame: bytes) -> None:
        """Send what nobody answers. Raises DeviceTimeout, DeviceGone."""
        ...


class Speech:
    """A scanner that is not spoken to. Others derive from it and say what they can."""

    asks = False  # whether ``alive`` can tell
    sound_min = 8  # characters (EAN-8) of a line that proves a scanner: shorter ones stand in any garbage (L6)

    def __init__(self, profile: ScannerProfile) -> None:
        self.profile = profile

    @property
    def triggered(self) -> bool:
        """It reads only between ``trigger(on=True)`` and ``trigger(on=False)``."""
        return False

    def session(self) -> Session:
        return self.lines()

    def lines(self) -> LineDecoder:
        profile = self.profile
        return LineDecoder(aim_ids=profile.aim_ids, suffix=profile.suffix, prefix=profile.prefix.encode("latin-1"))

    async def hello(self, line: Asker) -> Identity:  # noqa: ARG002 - see the others
        """Ask who is there, and set the device up as the profile says, in its volatile memory only."""
        return Identity(self.profile.title, known=False)

    async def alive(self, line: Asker) -> bool | None:  # noqa: ARG002
        """True: it answered. None: it cannot be asked. Raises DeviceTimeout."""
        return None

    async def feedback(self, line: Asker, *, good: bool) -> bool:  # noqa: ARG002
        """Tell the person; False: this scanner cannot say it."""
        return False

    async def trigger(self, line: Asker, *, on: bool) -> None:
        """Begin to read, or stop."""
