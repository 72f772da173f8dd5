"""A counter's scanner while it is there: each scan goes where it belongs, or says why it goes nowhere."""

import logging

from terminal.counter.checkout import Checkout
from terminal.counter.commands import Commands
from terminal.counter.floor import Floor
from terminal.counter.lane import Lane
from terminal.counter.ports import Scanner
from terminal.counter.scans import product_of, sale_of_slip, slip_of
from terminal.errors import TerminalError
from terminal.payments.event import Actor, NewEvent

log = logging.getLogger(__name__)


async def take_scans(floor: Floor, checkout: Checkout, commands: Commands, lane: Lane, scanner: Scanner) -> None:
    """Every scan of this counter's scanner while there is one. A refusal is beeped and shown, never kept (C5)."""
    actor = Actor("device", f"{lane.id}/scanner")
    async for scan in scanner.scans():
        try:
            if command := commands.name(scan.text):
                await commands.act(lane, command, actor)
            elif lane.current is None and slip_of(scan.text):
                lane.find(sale_of_slip(floor.book, scan.text))
            elif (good := await floor.first_look(lane.id, scan.text, actor)) is not None:
                await scanner.feedback(good=good)
                continue
            elif lane.current is None and lane.products.wanted and (ean := _product_here(floor, scan.text)):
                lane.products.offer(ean)
            else:
                await checkout.take_scan(lane.id, scan.text, actor=actor)
        except TerminalError as refused:
            log.info("scan on counter %s: %s", lane.id, refused.slug)
            lane.tell(refused)
            body = {"slug": refused.slug}
            await floor.feed.append([NewEvent(f"counter:{lane.id}", "scan_refused", lane.id, actor, body)])
            await scanner.feedback(good=False)
        else:
            await scanner.feedback(good=True)


def _product_here(floor: Floor, scan: str) -> str | None:
    return product_of(scan, floor.providers(), floor.house.known)
