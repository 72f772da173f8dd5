"""Questions and answers with a panel whose frames carry no numbers: one at a time, asked again, never for ever."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, Generic, NoReturn, Protocol, TypeVar

from drivers.display.panel import ECHO
from drivers.display.turns import Turns
from drivers.errors import DeviceError, DeviceRefused, DeviceTimeout
from drivers.transport import Transport

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
A = TypeVar("A")
TRIES: Final = 3


class Feeds(Protocol[M_co]):
    """A decoder: bytes in any split, messages out; its memory is bounded."""

    def feed(self, data: bytes) -> Iterable[M_co]: ...


class Deaf:
    """To a display whose words mean nothing to us; a flood of them ends the connection (L6)."""

    def feed(self, data: bytes) -> list[bytes]:  # noqa: ARG002 - what it says is dropped
        return []


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
        self._turns = Turns(transport, self._hear)
        self._offer: Callable[[M], None] = lambda _message: None

    async def restart(self) -> None:
        """Forget what stood in the line before us."""
        await self._transport.discard_input()
        self._decoder, self._turns.trouble = self._make(), None

    async def tell(self, data: bytes) -> None:
        """Hand bytes over; no answer exists. Raises DeviceGone, DeviceTimeout."""
        async with self._turns.mine:
            self._turns.check()
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
        async with self._turns.mine:
            for _ in range(tries):
                self._turns.check()
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

        self._offer = offer
        try:
            return await self._turns.ask(data, answer, limit_ms=limit_ms)
        finally:
            self._offer = lambda _message: None

    async def watch(self) -> NoReturn:
        """Read for everybody. Raises what ends it: DeviceGone, DeviceRefused (a flood), or what ``news`` says."""
        await self._turns.watch()

    def _hear(self, data: bytes) -> None:
        for message in self._decoder.feed(data):
            self._transport.frame_seen()
            if error := self._news(message):
                self._turns.fail(error)
            else:
                self._offer(message)
