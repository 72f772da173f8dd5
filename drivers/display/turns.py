"""One question at a time on a line where whoever asks also reads, unless somebody watches and reads for all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn, TypeVar

from drivers.errors import DeviceError
from drivers.transport import Transport

A = TypeVar("A")


class Turns:
    """What ended the connection is ``trouble``: everybody hears it from then on.

    Args:
        read: takes what arrives next and gives it to whom it is for; it may call ``fail``.
    """

    def __init__(self, transport: Transport, read: Callable[[], Awaitable[None]]) -> None:
        self.trouble: DeviceError | None = None
        self._transport, self._read = transport, read
        self.mine = asyncio.Lock()  # who holds it may ask; ``check`` first
        self._answer: asyncio.Future[Any] | None = None  # of the question in flight
        self._watched = False

    def check(self) -> None:
        """Raises what ended the connection."""
        if self.trouble:
            raise self.trouble

    async def ask(self, data: bytes, answer: "asyncio.Future[A]", *, limit_ms: float) -> A:
        """Send; ``read`` fills ``answer``. In a turn of one's own.

        Args:
            limit_ms: beyond the bytes' time on the line.

        Raises:
            TimeoutError: nothing came. DeviceError: the line's, or what ``answer`` was given.
        """
        self._answer = answer
        try:
            await self._transport.write(data)
            limit_s = len(data) * 10 / self._transport.baud + limit_ms / 1000
            if self._watched:
                return await _within(limit_s, answer)
            async with asyncio.timeout(limit_s):
                while not answer.done():
                    if self._watched:
                        return await answer
                    await self._read()
                return answer.result()
        finally:
            self._answer = None
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # told already, or overtaken by the time limit

    async def watch(self) -> NoReturn:
        """Read for everybody until something ends it, and raise that."""
        async with self.mine:  # whoever is asking reads for himself to the end
            assert not self._watched, "one watch at a time"
            self._watched = True
        try:
            while True:
                await self._read()
                self.check()
        except DeviceError as error:
            self.fail(error)
            raise
        finally:
            self._watched = False

    def fail(self, error: DeviceError) -> None:
        self.trouble = self.trouble or error
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


async def _within(limit_s: float, answer: "asyncio.Future[A]") -> A:
    """As under ``asyncio.timeout``, for a future of our own: half the work, and health is asked all day.

    What comes too late is a value, not an error in the future: that would keep the frames it passed, and these the
    future, until somebody looks for garbage.
    """
    late = asyncio.get_running_loop().call_later(limit_s, _late, answer)
    try:
        value = await answer
    finally:
        late.cancel()
    if value is _LATE:
        raise TimeoutError
    return value


_LATE: Final[Any] = object()


def _late(answer: "asyncio.Future[Any]") -> None:
    if not answer.done():
        answer.set_result(_LATE)
