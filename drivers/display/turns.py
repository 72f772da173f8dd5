"""One question at a time on a line where whoever asks also reads, unless somebody watches and hears for all."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar

from drivers import gathering, limits
from drivers.errors import DeviceError
from drivers.transport import SendRest, Transport

A = TypeVar("A")


class Turns:
    """What ended the connection is ``trouble``: everybody hears it from then on.

    Args:
        hear: takes what arrives and gives it to whom it is for; it may call ``fail``.
    """

    __slots__ = (
        "_answer",
        "_gathering",
        "_hear",
        "_late",
        "_limits",
        "_next",
        "_over",
        "_transport",
        "mine",
        "trouble",
    )

    def __init__(self, transport: Transport, hear: Callable[[bytes], None]) -> None:
        self.trouble: DeviceError | None = None
        self._transport, self._hear = transport, hear
        self.mine = asyncio.Lock()  # who holds it may ask; ``check`` first
        self._answer: asyncio.Future[Any] | None = None  # of the question in flight
        self._over: asyncio.Future[None] | None = None  # while watched: set when that ends
        self._late: Callable[[], None] | None = None  # of a question that no task waits for, while it is out
        self._limits: limits.Limits | None = None  # of answers that no task waits for; while watched
        self._gathering = gathering.shared()
        self._next: asyncio.Future[None] | None = None  # who asks after that one

    def check(self) -> None:
        """Raises what ended the connection."""
        if self.trouble:
            raise self.trouble

    async def ask(self, data: bytes, answer: "asyncio.Future[A]", *, limit_ms: float, sent: bool = False) -> A:
        """Send; ``hear`` fills ``answer``. In a turn of one's own.

        Args:
            limit_ms: beyond the bytes' time on the line.
            sent: it is on the line already.

        Raises:
            TimeoutError: nothing came. DeviceError: the line's, or what ``answer`` was given.
        """
        self._answer = answer
        try:
            if not sent:
                await self._transport.write(data)
            limit_s = len(data) * 10 / self._transport.baud + limit_ms / 1000
            if self._over is not None:
                with self._gathering:
                    return await _within(limit_s, answer)
            async with asyncio.timeout(limit_s):
                while not answer.done():
                    self._hear(await self._transport.read())
                return answer.result()
        finally:
            self._answer = None
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # told already, or overtaken by the time limit

    @property
    def free(self) -> bool:
        """Somebody hears for all, nobody asks, and no question is out."""
        return self._calm and not self.mine.locked()

    @property
    def _calm(self) -> bool:
        return self._over is not None and not self.trouble and self._late is None

    def put_ahead(self, head: bytes, rest: bytes) -> SendRest | None:
        """What ``ask`` will be told is sent, behind a question that waits for its answer. None: not now."""
        try:
            return self._transport.put_ahead(head, rest) if self._calm else None
        except DeviceError:
            return None  # whoever asks next hears it

    def take_back(self) -> None:
        """What was put ahead is not sent: as anything else that is put, and be it nothing."""
        with suppress(DeviceError):
            self._transport.put(b"")

    def begin(self, data: bytes, late: Callable[[], None], *, limit_ms: float) -> bool:
        """Send a question that no task waits for; its turn lasts until ``end``.

        Args:
            late: called when its time is over; it has to ``end`` it.
            limit_ms: beyond the bytes' time on the line.

        Returns:
            False: not asked. Somebody else asks, nobody watches, or the line did not take it at once.
        """
        if self._limits is None or not self.free:
            return False
        try:
            if not self._transport.put(data):
                return False
        except DeviceError:
            return False  # whoever asks next hears it
        limit_s = len(data) * 10 / self._transport.baud + limit_ms / 1000
        self._late = late
        self._limits.begin(late, limit_s)
        self._gathering.asked()
        return True

    def end(self) -> None:
        """The question that no task waits for is answered, given up, or nobody's any more."""
        if self._limits is not None and self._late is not None:
            self._limits.end(self._late)
            self._late = None
        if self._next is not None and not self._next.done():
            self._next.set_result(None)

    async def quiet(self) -> None:
        """Until no question is out that no task waits for: no longer than one may be. In a turn of one's own."""
        if self._late is not None:
            self._next = asyncio.get_running_loop().create_future()
            with self._gathering:
                await self._next
            self._next = None

    async def watch(self) -> NoReturn:
        """Hear for everybody until something ends it, and raise that."""
        async with self.mine:  # whoever is asking reads for himself to the end
            assert self._over is None, "one watch at a time"
            self._over, self._limits = asyncio.get_running_loop().create_future(), limits.shared()
        try:
            self._transport.listen(self._heard)
            await self._over
            self.check()
            await self._transport.read()
            raise AssertionError("a pipe tells that it is closed")
        except DeviceError as error:
            self.fail(error)
            raise
        finally:
            self._transport.listen(None)
            self.end()
            self._over = self._limits = None

    def _heard(self, data: bytes) -> None:
        if self._over is None or self._over.done():
            return
        if not data:
            self._stop()
            return
        try:
            self._hear(data)
        except Exception as bug:
            self._over.set_exception(bug)  # the loop only logs it: whoever watches ends by it
            raise

    def _stop(self) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def fail(self, error: DeviceError) -> None:
        self.trouble = self.trouble or error
        self._stop()
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
