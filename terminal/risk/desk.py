"""Everything about risk that doors and pages work with, wired once."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from terminal.counter.holds import Hold, What
from terminal.counter.scans import channel_of_code
from terminal.errors import InvalidRequest, Unavailable
from terminal.payments.codes.scheme import Scheme
from terminal.payments.event import Actor, NewEvent
from terminal.payments.scan import Link, MerchantCode, classify
from terminal.risk.alerts import RiskAlerts
from terminal.risk.lookup import CodeIndex
from terminal.risk.proof import Proofs
from terminal.risk.rules import ShopFacts
from terminal.risk.stickers import Stickers
from terminal.risk.table import RiskTable, risk_table
from terminal.risk.watch import RiskWatch

if TYPE_CHECKING:
    from terminal.counter.service import Service

Keep = Callable[[str, str], Awaitable[str]]
"""(name, text) -> where it lies: writes a text for the bank into the shop's own folder."""


async def kept_nowhere(_name: str, _text: str) -> str:
    return ""


class RiskDesk:
    """``watch.run`` is the only thing here that runs by itself; whoever wires starts it."""

    def __init__(
        self,
        service: "Service",
        shop: ShopFacts,
        schemes: Callable[[], Sequence[Scheme]],
        *,
        keep: Keep = kept_nowhere,
        table: RiskTable | None = None,
    ) -> None:
        self.service, self.table, self.shop = service, table or risk_table(), shop
        self.alerts = RiskAlerts(service)
        self.watch = RiskWatch(service, self.alerts, self.table, shop)
        self.stickers = Stickers(service, self.alerts, schemes, self.table.links, shop.day)
        self.codes = CodeIndex(service, shop.day)
        self.proofs = Proofs(service)
        self._keep = keep
        service.first_look = self._look

    def start(self) -> None:
        """Begin to listen; a rule's failure ends the listening's task and starts it again, never a sale."""
        self.service.tasks.start("risk", partial(self.watch.run))

    async def _look(self, counter: str, scan: str, actor: Actor) -> bool | None:
        """A counter's own scanner: a page that waits for a proof first, then stickers while no sale waits."""
        for_page = self.proofs.looked_for(counter) and not self._pays(counter, scan)
        if for_page and not isinstance(classify(scan, ()), MerchantCode | Link):
            return (await self.proofs.check(counter, scan, actor=actor)).verdict == "yes"
        if self.service.lane(counter).current is not None:
            return None
        return await self.stickers.scanned(counter, scan, actor)

    def _pays(self, counter: str, scan: str) -> bool:
        """A customer's payment code is for the sale, and no number anybody notes, whatever page is open (S42)."""
        channels = self.service.lane(counter).settings.channels
        chosen = {name: self.service.provider(name) for name in channels}
        try:
            channel_of_code(scan, chosen, self.service.house.known)
        except InvalidRequest as refused:
            return refused.slug == "code_other_wallet"
        return True

    @property
    def changes(self) -> int:
        return self.alerts.changes

    async def hold(self, what: What, channel: str, *, alert: str, reason: str, actor: Actor) -> Hold:
        """Raises Conflict("risk_alert_unknown"), NotFound("channel_unknown")."""
        if alert:
            self.alerts.one(alert)
        return await self.service.holds.begin(what, channel, alert=alert, reason=reason, actor=actor)

    async def keep_letter(self, alert: str, lines: Sequence[str], *, actor: Actor) -> str:
        """Write it into the shop's folder; nothing is sent anywhere. Returns where it lies, for people."""
        at_ms = self.service.parts.clock.wall_ms()
        try:
            place = await self._keep(f"{alert}-{at_ms}.txt", "\n".join(lines) + "\n")
        except OSError:
            raise Unavailable("letter_not_kept") from None
        stream = f"store:{self.service.house.store}"
        body = {"file": place, "at_ms": at_ms}
        await self.service.feed.append([NewEvent(stream, "bank_letter_made", alert, actor, body)])
        return place
