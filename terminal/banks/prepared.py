"""Orders made ready beside the append that must come before them: signed, and where the link can, in its hand.

Nothing of an order leaves before it is taken and let go: journal before effect.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from terminal.banks.connector import Call, Stamp
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent, Order

PREPARED_MAX: Final = 64  # one that is never sent is forgotten
PREPARED_S: Final = 10.0  # a stamp older than this, or of a clock since set back, is made anew
HELD_MAX: Final = 4  # in the link's hand at once, each with a connection: half of them stay for what is asked now


@runtime_checkable
class HoldingHttp(Protocol):
    """A link that can have everything ready, and a connection in its hand, before it may send."""

    async def send_when(
        self, leave: "asyncio.Future[None]", request: HttpRequest, *, connect_s: float, answer_s: float
    ) -> HttpReply:
        """As ``ProviderHttp.send`` of something with a body, but its first byte leaves when ``leave`` is set.

        Args:
            connect_s: for the connection and for ``leave``; then NothingSent.
            answer_s: from ``leave`` on.
        """
        ...


Send = Callable[["asyncio.Future[None]"], Awaitable[HttpReply]]


class Held:
    """A request that is ready but for its first byte."""

    def __init__(self, send: Send) -> None:
        self._leave: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._sent(send), name="order made ready")

    @property
    def waits(self) -> bool:
        """Not let go yet, nor given up."""
        return not self._leave.done() and not self._task.done()

    async def let_go(self) -> HttpReply:
        """It leaves now. Raises NothingSent or NoAnswer."""
        self._leave.set_result(None)
        answer = await self._task
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _sent(self, send: Send) -> HttpReply | NothingSent | NoAnswer:
        try:
            return await send(self._leave)
        except (NothingSent, NoAnswer) as error:
            return error  # nobody may ask what became of it

    def drop(self) -> None:
        self._task.cancel()


@dataclass(frozen=True, slots=True)
class Begun:
    """A stamped call whose signature is being made."""

    call: Call
    stamp: Stamp
    serial: str
    signature: Awaitable[str] = field(repr=False)
    held: Held | None = None


class Prepared:
    """What was made ready, by order number."""

    def __init__(self) -> None:
        self._orders: dict[str, tuple[Order, Begun]] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def keep(self, order: Order, begun: Begun) -> None:
        self._drop(order.order_no)
        self._orders[order.order_no] = order, begun
        while len(self._orders) > PREPARED_MAX:
            self._drop(next(iter(self._orders)))

    def room(self) -> bool:
        """Whether the link may take one more in its hand."""
        return sum(begun.held is not None and begun.held.waits for _, begun in self._orders.values()) < HELD_MAX

    def take(self, order: Order, now_s: float) -> Begun | None:
        """None: it was not made ready as it is now, or not at this time."""
        known = self._orders.get(order.order_no)
        if known is not None and known[0] == order and abs(now_s - known[1].stamp.at_s) < PREPARED_S:
            return self._orders.pop(order.order_no)[1]
        self._drop(order.order_no)
        return None

    def end(self) -> None:
        while self._orders:
            self._drop(next(iter(self._orders)))

    def _drop(self, order_no: str) -> None:
        _, begun = self._orders.pop(order_no, (None, None))
        if begun is not None and begun.held is not None:
            begun.held.drop()
