"""A channel whose answers a test may replace, for what the sandbox bank cannot be brought to say."""

from collections.abc import Awaitable, Callable, Mapping

from terminal.banks.channel import Channel
from terminal.counter.ports import Order, RefundOrder
from terminal.payments.evidence import Account
from terminal.payments.notice import Answer, Notice, RefundNotice
from terminal.payments.profile import Profile

Instead = Callable[[], Awaitable[Answer]]


class Meddler:
    """``instead[act]``: answers the act in the bank's place, until it is taken away."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.instead: dict[str, Instead] = {}
        self.asked: dict[str, int] = {}

    @property
    def profile(self) -> Profile:
        return self._channel.profile

    @property
    def account(self) -> Account:
        return self._channel.account

    @property
    def clock_offset_s(self) -> float:
        return self._channel.clock_offset_s

    def trouble(self) -> str:
        return self._channel.trouble()

    async def _or(self, act: str, honest: Callable[[], Awaitable[Answer]]) -> Answer:
        self.asked[act] = self.asked.get(act, 0) + 1
        return await self.instead.get(act, honest)()

    def prepare(self, order: Order) -> None:
        self._channel.prepare(order)

    async def order(self, order: Order) -> Answer:
        return await self._or("order", lambda: self._channel.order(order))

    async def pay(self, order: Order, code: str) -> Answer:
        return await self._or("pay", lambda: self._channel.pay(order, code))

    async def query(self, order_no: str) -> Answer:
        return await self._or("query", lambda: self._channel.query(order_no))

    async def close(self, order_no: str) -> Answer:
        return await self._or("close", lambda: self._channel.close(order_no))

    async def reverse(self, order_no: str) -> Answer:
        return await self._or("reverse", lambda: self._channel.reverse(order_no))

    async def refund(self, refund: RefundOrder) -> Answer:
        return await self._or("refund", lambda: self._channel.refund(refund))

    async def query_refund(self, refund_no: str, order_no: str = "") -> Answer:
        return await self._or("query_refund", lambda: self._channel.query_refund(refund_no, order_no))

    async def take_notification(self, headers: Mapping[str, str], body: bytes) -> Notice | RefundNotice:
        return await self._channel.take_notification(headers, body)
