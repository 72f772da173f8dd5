"""What a nexo till may ask of the counter besides money: its state, its paper, its glass, the day's figures."""

import asyncio
from collections.abc import Callable
from typing import Final

from terminal.counter.ports import Clock, HealthState
from terminal.payments.money import Money
from terminal.pos.desk import Desk
from terminal.pos.nexo_answers import NOT_HERE, named, paper_of
from terminal.pos.nexo_messages import Answer, Header, Output, failure, number_of, stamp, success

DAY_MS: Final = 86_400_000
SAME_MS: Final = 2 * DAY_MS  # a ServiceID may be used again after 48 hours
TEXT_MAX: Final = 80  # characters on the glass
ABOUT: Final = {
    "ManufacturerID": "Countertop",
    "ApplicationName": "Countertop",
    "SoftwareVersion": "1",
    "CertificationCode": "none",
}


class CounterSide:
    """``day_begins_ms``: when the shop's day that holds a wall time began."""

    def __init__(self, desk: Desk, clock: Clock, day_begins_ms: Callable[[int], int]) -> None:
        self._desk, self._clock, self._day_begins_ms = desk, clock, day_begins_ms
        self._printing = asyncio.Lock()

    def diagnose(self) -> Answer:
        channels = self._desk.channels()
        hosts = [{"AcquirerID": name, "IsReachableFlag": up} for name, up in channels.items()]
        return {"Response": success(), "POIStatus": self._status(), "HostStatus": hosts}

    def log_in(self) -> Answer:
        now = stamp(self._clock.wall_ms())
        system = {"DateTime": now, "POISoftware": ABOUT, "POIStatus": self._status()}
        return {"Response": success(), "POISystemData": system}

    def _status(self) -> Answer:
        reachable = any(self._desk.channels().values())
        told: Answer = {"GlobalStatus": "OK", "CommunicationOKFlag": reachable}
        if not self._desk.ready:
            told["GlobalStatus"] = "Maintenance"
        elif not reachable:
            told["GlobalStatus"] = "Unreachable"
        elif self._desk.live_sale():
            told["GlobalStatus"] = "Busy"
        if printer := self._desk.health().get("printer"):
            paper = "PaperOut" if printer.reason == "printer_paper_out" else "OutOfOrder"
            told["PrinterStatus"] = paper if printer.state is HealthState.FAULT else "OK"
        return told

    async def totals(self, category: str) -> Answer:
        """Of the shop's day so far and of this till alone. Reconciliation counts; it closes no day of ours."""
        begins_ms = self._day_begins_ms(self._clock.wall_ms())
        found = await self._desk.takings(begins_ms)
        counted = [("Debit", found.count, found.minor), ("Credit", found.returns, found.returned_minor)]
        currency = self._desk.currency
        amounts = [
            {
                "TransactionType": kind,
                "TransactionCount": count,
                "TransactionAmount": number_of(Money(minor, currency)),
            }
            for kind, count, minor in counted
        ]
        total = {"PaymentInstrumentType": "Mobile", "PaymentTotals": amounts, "PaymentCurrency": currency}
        head = {"ReconciliationType": "SaleReconciliation"} if category == "Reconciliation" else {}
        return {
            "Response": success(),
            **head,
            "POIReconciliationID": stamp(begins_ms),
            "TransactionTotals": [total],
        }

    async def print(self, header: Header, output: Output) -> Answer:
        """Owed to the printer once this returns, once a message. Raises as ``Desk.print``, InvalidRequest."""
        name, paper = named(header.sale_id, header.service_id), paper_of(output.content)
        slip = f"nexo:{self._desk.counter}:{name}"
        async with self._printing:  # the same message twice at once
            if not self._desk.printed(slip, self._clock.wall_ms() - SAME_MS):
                await self._desk.print(slip, paper)
        return {"DocumentQualifier": output.qualifier, "Response": success()}

    def display(self, output: Output) -> Answer:
        told: Answer = {"Device": output.device, "InfoQualify": "Display"}
        text = "".join(each.text + " " * each.ends for each in output.content.lines)
        text = " ".join(text.split())[:TEXT_MAX]
        if output.device != "CustomerDisplay" or not text:
            return {**told, "Response": failure("UnavailableDevice", NOT_HERE)}
        if not self._desk.show_text(text):
            return {**told, "Response": failure("Busy", "The glass shows a sale")}
        return {**told, "Response": success()}
