"""Questions and answers with a panel whose frames carry no numbers: one at a time, asked again, never for ever."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Generic, NoReturn, Protocol, TypeVar

from drivers.display.panel import ECHO
from drivers.errors import DeviceError, DeviceRefused, DeviceTimeout
from drivers.transport import Transport

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
A = TypeVar("A")
TRIES: Final = 3


class Feeds(Protocol[M_co]):
    """A decoder: bytes in any split, messages out; its memory is bounded."""

    def feed(self, data: bytes) -> Iterable[M_co]: ...


class PanelLink(Generic[M]):
    """Whoever asks also reads, unless ``watch`` runs and reads for all.

    Args:
        decoder: makes a fresh decoder of this protocol.
        news: judges what arrives unasked; an error it returns ends the connection.
        is_echo: (message, what we sent) -> it is our own question coming back (L5).
    """

    def __init__(
        self,
        transport: Transport,
        decoder: Callable[[], Feeds[M]],
        *,
        news: Callable[[M], DeviceError | None] = lambda _message: None,
        is_echo: Callable[[M, bytes], bool] = lambda _message, _sent: False,
    ) -> None:
        self._transport, self._make, self._news, self._is_echo = transport, decoder, news, is_echo
        self._decoder = decoder()
        self._turn = asyncio.Lock()
        self._offer: Callable[[M], None] = lambda _message: None
        self._fail_asked: Callable[[DeviceError], None] = lambda _error: None
        self._watched = False
        self._trouble: DeviceError | None = None

    async def restart(self) -> None:
        """Forget what stood in the line before us."""
        await self._transport.discard_input()
        self._decoder, self._trouble = self._make(), None

    async def tell(self, data: bytes) -> None:
        """Hand bytes over; no answer exists. Raises DeviceGone, DeviceTimeout."""
        async with self._turn:
            if self._trouble:
                raise self._trouble
            await self._transport.write(data)

    async def ask(
        self, data: bytes, take: Callable[[M], A | None], *, limit_ms: int, tries: int = TRIES, what: str
    ) -> A:
        """Send ``data`` until ``take`` makes something of a message.

        Args:
            take: None: not the answer to this; it may raise DeviceRefused.
            limit_ms: beyond the bytes' time on the line, for each try.
            what: the question, for the sentence of the error.

        Raises:
            DeviceTimeout: no answer to any try.
        """
        async with self._turn:
            for _ in range(tries):
                if self._trouble:
                    raise self._trouble
                try:
                    return await self._try(data, take, limit_ms)
                except TimeoutError:
                    self._decoder = self._make()  # half a message so old is none: it would swallow the next (L4)
            raise DeviceTimeout(f"display at {self._transport.name}: {tries} times no answer to {what}")

    async def _try(self, data: bytes, take: Callable[[M], A | None], limit_ms: int) -> A:
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()

        def offer(message: M) -> None:
            if answer.done():
                return
            try:
                if self._is_echo(message, data):
                    raise DeviceRefused(f"display at {self._transport.name}: {ECHO}")
                taken = take(message)
            except DeviceError as error:
                answer.set_exception(error)
                return
            if taken is not None:
                answer.set_result(taken)

        def fail(error: DeviceError) -> None:
            if not answer.done():
                answer.set_exception(error)

        self._offer, self._fail_asked = offer, fail
        try:
            await self._transport.write(data)
            async with asyncio.timeout(len(data) * 10 / self._transport.baud + limit_ms / 1000):
                while not answer.done():
                    if self._watched:
                        return await answer
                    await self._read()
                return answer.result()
        finally:
            self._offer, self._fail_asked = lambda _message: None, lambda _error: None
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # told already, or overtaken by the time limit

    async def watch(self) -> NoReturn:
        """Read for everybody. Raises what ends it: DeviceGone, DeviceRefused (a flood), or what ``news`` says."""
        async with self._turn:  # whoever is asking reads for himself to the end
            assert not self._watched, "one watch at a time"
            self._watched = True
        try:
            while True:
                await self._read()
                if self._trouble:
                    raise self._trouble
        except DeviceError as error:
            self._fail(error)
            raise
        finally:
            self._watched = False

    async def _read(self) -> None:
        for message in self._decoder.feed(await self._transport.read()):
            self._transport.frame_seen()
            if error := self._news(message):
                self._fail(error)
            else:
                self._offer(message)

    def _fail(self, error: DeviceError) -> None:
        self._trouble = self._trouble or error
        self._fail_asked(error)
