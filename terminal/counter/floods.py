"""Messages that are answered but leave no event of their own, probes and hints: a flood of them is told, once.

Ten minutes and a number a provider never reaches decide; what a stranger sends cannot fill the journal.
"""

from typing import Final, Literal

from terminal.counter.shopwide import Shopwide
from terminal.payments.event import Actor

WINDOW_S: Final = 600
MANY: Final = 60  # in one window, of one channel and kind
Kind = Literal["probe", "hint"]


class Floods:
    """Only channels of the settings are counted, so memory stays small."""

    def __init__(self, shop: Shopwide) -> None:
        self._shop = shop
        self._windows: dict[tuple[str, Kind], tuple[int, int]] = {}  # when it began (mono ns), how many

    async def count(self, channel: str, kind: Kind) -> None:
        now_ns = self._shop.clock.mono_ns()
        began_ns, count = self._windows.get((channel, kind), (now_ns, 0))
        if now_ns - began_ns > WINDOW_S * 1e9:
            began_ns, count = now_ns, 0
        self._windows[channel, kind] = (began_ns, count + 1)
        if count + 1 != MANY:
            return
        body = {"channel": channel, "kind": kind, "count": MANY, "seconds": WINDOW_S}
        actor = Actor("provider", channel)
        await self._shop.put_on_record("messages_flooding", channel, actor, body)
