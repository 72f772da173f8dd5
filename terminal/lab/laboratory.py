"""The running simulated world: one stand on real pseudo-terminals, the bank's door, the service's process."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final, Literal

from terminal.lab.bank_link import BankAway, BankLink, BankRefuses
from terminal.lab.device_faults import Breakage
from terminal.lab.eye import ByItself, Eye
from terminal.lab.faults import Fault, FaultUnknown, Wish, find
from terminal.lab.qr_reader import NotReadable
from terminal.lab.service_process import NoService, ServiceProcess
from terminal.lab.stand import ROLES, Stand
from terminal.lab.timeline import Line, Timeline

log = logging.getLogger(__name__)
WATCH_S: Final = 0.25  # how often a watched bank and glass are looked at
IDLE_S: Final = 2.0  # nobody watches
SPOKEN_SHOWN: Final = 30
RollDone = Literal["out", "load", "tear", "open", "close"]
BREAKS: Final = {"out": "paper-out", "open": "cover-open"}
MENDS: Final = {"load": ("paper-out", "paper-out-mid-slip", "paper-low"), "close": ("cover-open",)}


class Laboratory:
    """``on_change`` is called when anything a page shows may have changed; ``watched`` counts pages."""

    def __init__(self, stand: Stand, bank: BankLink, service: ServiceProcess, timeline: Timeline) -> None:
        self.stand, self.bank, self.service, self.timeline = stand, bank, service, timeline
        self.breakage = Breakage(stand)
        self.eye = Eye()
        self.hand = ByItself(stand, self.eye)  # does what tests of devices ask of a person
        self.watched = 0
        self.on_change: Callable[[], None] = lambda: None
        self.shown: dict[str, Any] = {}  # the order before the customer, as the sandbox told it
        self.books: dict[str, Any] = {}  # the bank panel
        self.bank_faults: list[dict[str, Any]] = []
        self._armed: Fault | None = None
        self._arm_params: dict[str, Any] = {}
        self._calls_seen: list[Any] = []
        self._notices_seen: list[Any] = []
        timeline.on_line = self._line

    def _line(self, line: Line) -> None:
        if line.place == "display" and self._armed is not None and self.stand.screen == "code":
            self._fire()
        self.on_change()

    # --- the customer's phone ---------------------------------------------------------------------------

    async def scan_glass(self) -> dict[str, Any]:
        """Hold the phone before the glass: what its camera cannot rely on, the customer cannot pay.

        Raises:
            NotReadable, BankRefuses, BankAway.
        """
        try:
            code = (await asyncio.to_thread(self.eye.see_glass, self.stand.display)).text
        except NotReadable as error:
            self.timeline.add("phone", "", f"cannot read the glass: {error}")
            raise
        self.timeline.add("phone", "", f"reads {code}")
        return await self.scan_text(code)

    async def scan_text(self, code: str) -> dict[str, Any]:
        self.shown = await self.bank.scan(code)
        self.on_change()
        return self.shown

    async def act(self, act: str, order_no: str, mchid: str = "") -> dict[str, Any]:
        """pay, password, late, refuse, confirm. Raises BankRefuses, BankAway."""
        self.timeline.add("phone", "", f"{act} {order_no}")
        told = await self.bank.act(act, order_no, mchid)
        self.shown = {}
        self.on_change()
        return told

    async def scan_phone(self, behaviour: str = "pays") -> str:
        """The cashier holds the scanner before the customer's payment code. Returns the code."""
        code = await self.bank.payment_code(behaviour)
        self.stand.scan(code)
        return code

    async def scan_here(self, where: str) -> str:
        """Hold the scanner before the "glass" or the newest "slip", through its camera. Raises NotReadable."""
        stand, eye = self.stand, self.eye
        if where == "glass":
            reading = await asyncio.to_thread(eye.see_glass, stand.display)
        else:
            reading = await asyncio.to_thread(eye.see_slip, stand.printer)
        stand.scan(reading.text)
        return reading.text

    # --- the account at a bank without an API -----------------------------------------------------------

    async def deliver_statement(self, currency: str) -> str:
        """Its file's name. Raises BankRefuses, BankAway."""
        name = await self.bank.deliver_statement(currency)
        self.timeline.add("bank", "in", f"statement of the {currency} account: {name or 'does not come'}")
        await self._look()
        return name

    async def break_account(self, currency: str, slug: str, count: int) -> None:
        """A named fault of the account; "" ends all of them. Raises BankRefuses, BankAway."""
        await self.bank.set_account_fault(currency, slug, count)
        self.timeline.add("lab", "", f"{slug} on the {currency} account" if slug else "accounts healed")
        await self._look()

    # --- faults -----------------------------------------------------------------------------------------

    async def begin(self, wish: Wish) -> Fault:
        """Switch a named fault on.

        Raises:
            FaultUnknown: name or parameters, or one that needs virtual time; BankAway, BankRefuses, NoService.
        """
        fault = wish.checked()
        if not fault.on_page:
            raise FaultUnknown(f"{fault.slug} needs virtual time: countertop lab run {fault.slug}")
        params = {**fault.params, **wish.params}
        if fault.layer == "provider":
            await self.bank.set_fault(fault.slug, params, count=wish.count, seconds=wish.seconds)
            rest = [each for each in self.bank_faults if each["slug"] != fault.slug]
            self.bank_faults = [*rest, {"slug": fault.slug}]  # the bank is looked at now and then only
        elif fault.layer == "process":
            self.service.pid()
            self._armed, self._arm_params = fault, params
        else:
            await self.breakage.begin(fault.slug, params, seconds=wish.seconds, count=wish.count)
        self.timeline.add("lab", "", f"{fault.slug} begins")
        if fault.layer == "process" and (params["when"] == "now" or self.stand.screen == "code"):
            self._fire()
        self.on_change()
        return fault

    async def heal(self, slug: str = "") -> None:
        """End one fault, or all. Raises FaultUnknown."""
        layer = find(slug).layer if slug else ""
        if layer in ("", "process"):
            self._armed = None
        if layer in ("", "device", "link"):
            await self.breakage.mend(slug)
        if layer in ("", "provider"):
            with contextlib.suppress(BankAway):
                await self.bank.clear_faults(slug)
                self.bank_faults = [each for each in self.bank_faults if slug and each["slug"] != slug]
                if not slug:
                    await self.bank.set_account_fault("", "", 1)
        self.timeline.add("lab", "", f"{slug or 'everything'} healed")
        self.on_change()

    async def roll(self, act: RollDone) -> None:
        """What hands do at the printer. A roll or cover that a fault took is mended with it."""
        if act in BREAKS:
            await self.begin(Wish(BREAKS[act]))
            return
        for slug in MENDS.get(act, ()):
            if slug in self.breakage.active():
                await self.heal(slug)
        printer = self.stand.printer
        {"tear": printer.tear, "load": printer.load_paper, "close": printer.close_cover}[act]()
        self.stand.cable_of(printer).poke()
        self.on_change()

    def _fire(self) -> None:
        fault, self._armed = self._armed, None
        assert fault is not None
        try:
            self.service.send(str(self._arm_params["signal"]))
        except NoService:
            self.timeline.add("lab", "", f"{fault.slug}: no service runs")
        else:
            self.timeline.add("service", "", f"SIG{self._arm_params['signal']} ({fault.slug})")

    def active(self) -> list[str]:
        armed = [self._armed.slug] if self._armed else []
        return [*self.breakage.active(), *armed, *(str(each["slug"]) for each in self.bank_faults)]

    # --- watching ---------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Look at the bank for ever, often while a page is open."""
        service = ""
        while True:
            try:
                await self._look()
            except (BankAway, BankRefuses) as error:
                self.books = {"away": str(error)}
                self.on_change()
            if service != (service := self._service_state()):
                self.on_change()
            await asyncio.sleep(WATCH_S if self.watched else IDLE_S)

    async def _look(self) -> None:
        calls, notices = await self.bank.get("calls"), await self.bank.get("notifications")
        for call in newer(self._calls_seen, calls["calls"]):
            fault = f" [{call['fault']}]" if call["fault"] else ""
            answer = f"{call['lost'] or call['status']}{fault}"
            self.timeline.add("bank", "out", f"{call['method']} {call['target']} → {answer}", at_ms=call["at_ms"])
        for sent in newer(self._notices_seen, notices["history"]):
            text = f"{sent['event_type']} {sent['about']} no. {sent['attempt']}: {sent['end']}"
            self.timeline.add("bank", "in", text, at_ms=sent["at_ms"])
        self._calls_seen, self._notices_seen = calls["calls"], notices["history"]
        before = (self.books, self.bank_faults)
        orders = await self.bank.get("orders")
        phone = await self.bank.get("phone")
        account = await self.bank.get("account")
        self.bank_faults = list((await self.bank.get("faults"))["active"])
        self.books = {
            "orders": orders["orders"][:12],
            "waiting": phone["waiting"],
            "money": phone["money"],
            "accounts": account["accounts"],
            "pending": len(notices["waiting"]),
        }
        if before != (self.books, self.bank_faults):
            self.on_change()

    # --- what a page shows ------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        stand, printer = self.stand, self.stand.printer
        return {
            "glass": {"screen": stand.screen, "version": stand.display.painted, "text": stand.display.text},
            "paper": {
                "slips": len(printer.slips),
                "hanging": len(printer.hanging.elements),
                "out": printer.paper_out,
                "cover": printer.cover_open,
            },
            "spoken": [
                {"text": said.text, "whole": said.whole, "number": number}
                for number, said in list(enumerate(stand.heard()))[-SPOKEN_SHOWN:]
            ],
            "plugged": {role: stand.cables[role].plugged for role in ROLES},
            "faults": self.active(),
            "shown": self.shown,
            "bank": self.books,
            "service": self._service_state(),
        }

    def _service_state(self) -> str:
        try:
            self.service.pid()
        except NoService:
            return "down"
        return "up"


def newer(seen: list[Any], now: list[Any]) -> list[Any]:
    """What was appended since: both are windows of one growing list, in which the same may stand twice."""
    for gone in range(len(seen)):
        kept = seen[gone:]
        if now[: len(kept)] == kept:
            return now[len(kept) :]
    return now
