"""A counter whose devices are firmware stubs behind wires: every byte of the drivers runs. For few seeds."""

import zlib
from typing import Final

from terminal.counter.ports import Devices
from terminal.sandbox.ledger import Ledger
from terminal.sandbox.records import order_key
from terminal.simulation.devices import SimulatedCounter
from terminal.simulation.oracle import Oracle

COPY: Final = "COPY"
RECEIVED: Final = "received "
MIDWAY_BYTES: Final = 300


class StubCounter:
    """The same acts as CounterModel. What was printed and said is judged at the end (``judge``)."""

    def __init__(self, counter: str, oracle: Oracle, ledger: Ledger) -> None:
        self.counter, self._oracle, self._ledger = counter, oracle, ledger
        self._stubs = SimulatedCounter(counter, language="en")
        self.unplugged = False

    def devices(self) -> Devices:
        return self._stubs.devices()

    @property
    def code(self) -> str:
        """What a phone before the glass reads: the display shows an id, the bank knows the text."""
        shown, _ = self._stubs.glass_code
        if not shown or self.unplugged:
            return ""
        for order_no in self._oracle.log.attempts:
            order = self._ledger.orders.get(order_key(self._oracle.shop.mchid, order_no))
            if zlib.crc32(order_no.encode()) == shown and order is not None and order.code_urls:
                return order.code_urls[-1].url
        return ""

    def scan(self, text: str) -> None:
        self._stubs.scan(text)

    def unplug(self) -> None:
        self.unplugged = True
        self._stubs.unplug("display")

    def replug(self) -> None:
        self.unplugged = False
        self._stubs.replug("display")

    def take_paper(self, *, midway: bool) -> None:
        self._stubs.fault("paper-out", after_bytes=MIDWAY_BYTES if midway else 0)

    def refill(self) -> None:
        self._stubs.fault("load-paper")

    def mute(self, *, speaker: bool, printer: bool) -> None:
        if speaker:
            self._stubs.fault("mute-speaker")
        if printer:
            self._stubs.fault("mute-printer")

    def heal(self) -> None:
        self.replug()
        self.refill()
        self._stubs.speaker.mute = False
        self._stubs.fault("unmute-printer")

    def judge(self) -> None:
        """I9 and I11 over everything that came out in this seed."""
        log, oracle = self._oracle.log, self._oracle
        said = [text for text in self._stubs.transcript if text.startswith(RECEIVED)]
        taken = [x for x in log.attempts.values() if log.settled.get(f"{x.id}:voice:paid") == "taken"]
        allowed = sum(x.counter == self.counter for x in taken)
        oracle.must(len(said) <= allowed, "I11", f"counter {self.counter} said {said}, {allowed} were paid")
        for sale in log.sales.values():
            slips = [slip for slip in self._stubs.paper if any(sale.id in line for line in slip)]
            originals = sum(not any(COPY in line for line in slip) for slip in slips)
            attempts = {x.id for x in sale.attempts}
            receipts = len(attempts) + sum(x.attempt in attempts for x in log.refunds.values())
            oracle.must(originals <= receipts, "I9", f"{originals} originals of {sale.id}, {receipts} receipts")
