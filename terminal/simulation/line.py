"""The line to the sandbox bank on virtual time: the same bytes as over HTTP, with the faults of a network."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from terminal.chance import Chance
from terminal.counter.ports import Clock, HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.sandbox.outcome import Reply

FOREVER_S: Final = 3600.0  # longer than anybody waits for an answer
SLOW_S: Final = 8.0


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def imf_fixdate(seconds: int) -> str:
    """A Date header (RFC 9110, section 5.6.7)."""
    at = _EPOCH + timedelta(seconds=seconds)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02} {month} {at.year:04} {at.hour:02}:{at.minute:02}:{at.second:02} GMT"


class Door(Protocol):
    """Where a provider takes requests."""

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply: ...


class Tap(Protocol):
    """Sees both directions of the line, before the bank and before the product."""

    def request(self, request: HttpRequest) -> None:
        """The first byte is about to leave (I5)."""
        ...

    def reply(self, request: HttpRequest, reply: Reply) -> None:
        """These bytes reach the product now."""
        ...

    def worked(self, request: HttpRequest, reply: Reply) -> None:
        """The bank has done it, whether or not the answer arrives; it may owe notifications since."""
        ...


@dataclass(slots=True)
class LineFaults:
    """Shares of requests, in per mille, that meet each trouble."""

    refused: int = 0  # no byte leaves
    lost_request: int = 0
    lost_answer: int = 0
    slow: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def hit(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def heal(self) -> None:
        self.refused = self.lost_request = self.lost_answer = self.slow = 0


class BankLine:
    """Satisfies ``ProviderHttp`` and ``Downloads``."""

    def __init__(
        self, bank: Door, clock: Clock, chance: Chance, tap: Tap, *, latency_ms: tuple[int, int] = (20, 200)
    ) -> None:
        self._bank, self._clock, self._chance, self._tap = bank, clock, chance, tap
        self._latency_ms = latency_ms
        self.faults = LineFaults()
        self.requests = 0

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        assert 0 < connect_s <= answer_s, "every wait has a limit"
        self.requests += 1
        if self._meets("refused", self.faults.refused):
            await self._travel()
            raise NothingSent("refused")
        self._tap.request(request)
        try:
            async with asyncio.timeout(answer_s):
                return await self._exchange(request)
        except TimeoutError:
            raise NoAnswer("timeout") from None

    async def download(
        self, request: HttpRequest, sink: Callable[[bytes], None], *, connect_s: float, whole_s: float
    ) -> HttpReply:
        """A bill on its way; the body of a 200 goes into ``sink``."""
        reply = await self.send(request, connect_s=connect_s, answer_s=whole_s)
        if reply.status == 200:
            sink(reply.body)
            return HttpReply(reply.status, reply.headers, b"")
        return reply

    async def aclose(self) -> None:
        """Nothing is open between two requests."""

    async def _exchange(self, request: HttpRequest) -> HttpReply:
        await self._travel()
        if self._meets("lost_request", self.faults.lost_request):
            await asyncio.sleep(FOREVER_S)
        now_ms = self._clock.wall_ms()
        reply = self._bank.handle(request.method, request.target, dict(request.headers), request.body, now_ms)
        self._tap.worked(request, reply)
        if reply.delay_ms:
            await asyncio.sleep(reply.delay_ms / 1000)
        if self._meets("slow", self.faults.slow):
            await asyncio.sleep(SLOW_S)
        await self._travel()
        if reply.lost == "cut":
            raise NoAnswer("cut")
        if reply.lost or self._meets("lost_answer", self.faults.lost_answer):
            await asyncio.sleep(FOREVER_S)
        self._tap.reply(request, reply)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        headers["date"] = imf_fixdate(now_ms // 1000)
        return HttpReply(reply.status, headers, reply.body)

    async def _travel(self) -> None:
        low, high = self._latency_ms
        await asyncio.sleep(self._chance.between(low, high) / 1000)

    def _meets(self, name: str, per_mille: int) -> bool:
        if per_mille and self._chance.between(1, 1000) <= per_mille:
            self.faults.hit(name)
            return True
        return False
