"""The line to the sandbox bank on virtual time: the same bytes as over HTTP, with the faults of a network."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from terminal.chance import Chance
from terminal.counter.ports import Clock, HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.sandbox.wechatpay import Bank

MONEY_CALLS: Final = ("/native", "/codepay", "/reverse", "/close", "/refunds")


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


class BankLine:
    """Satisfies ``ProviderHttp``. ``before_send`` is told of every request whose first byte leaves (I5)."""

    def __init__(
        self,
        bank: Bank,
        clock: Clock,
        chance: Chance,
        *,
        latency_ms: tuple[int, int] = (20, 200),
        before_send: Callable[[HttpRequest], None] = lambda _request: None,
    ) -> None:
        self._bank, self._clock, self._chance = bank, clock, chance
        self._latency_ms, self._before_send = latency_ms, before_send
        self.faults = LineFaults()
        self.requests = 0

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        assert 0 < connect_s <= answer_s, "every wait has a limit"
        self.requests += 1
        if self._meets("refused", self.faults.refused):
            await self._travel()
            raise NothingSent("refused")
        self._before_send(request)
        try:
            async with asyncio.timeout(answer_s):
                return await self._exchange(request)
        except TimeoutError:
            raise NoAnswer("timeout") from None

    async def _exchange(self, request: HttpRequest) -> HttpReply:
        await self._travel()
        if self._meets("lost_request", self.faults.lost_request):
            await asyncio.sleep(3600)
        sent = dict(request.headers)
        reply = self._bank.handle(request.method, request.target, sent, request.body, self._clock.wall_ms())
        if reply.delay_ms:
            await asyncio.sleep(reply.delay_ms / 1000)
        if self._meets("slow", self.faults.slow):
            await asyncio.sleep(8)
        await self._travel()
        if reply.lost or self._meets("lost_answer", self.faults.lost_answer):
            await asyncio.sleep(3600)
        return HttpReply(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.body)

    async def _travel(self) -> None:
        low, high = self._latency_ms
        await asyncio.sleep(self._chance.between(low, high) / 1000)

    def _meets(self, name: str, per_mille: int) -> bool:
        if per_mille and self._chance.between(1, 1000) <= per_mille:
            self.faults.hit(name)
            return True
        return False
