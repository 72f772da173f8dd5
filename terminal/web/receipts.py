"""Receipts over HTTP: print again, or read the frozen lines as text, as data or as a picture."""

import unicodedata
from typing import Any, Final

from aiohttp import web

from terminal.counter.service import Service
from terminal.counter.slips import frozen_lines
from terminal.errors import Conflict, NotFound
from terminal.payments.event import Owed
from terminal.payments.merchant_slip import Taking, takings
from terminal.payments.receipt import Blank, Code, Receipt, Row, Rule, to_json
from terminal.payments.sale import Sale
from terminal.payments.slip import receipted
from terminal.people.roles import Action
from terminal.settlement.fees import Settled
from terminal.web.calls import Answer, Call
from terminal.web.desks.reports import DESK
from terminal.web.edge import Edge
from terminal.web.sales import shown
from terminal.web.shapes.counters import SlipChoice
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.receipts import ReceiptQuery, ReceiptView

WIDTH: Final = 32  # characters of a 58 mm slip


async def reprint(call: Call[Nothing]) -> Answer:
    sale = call.sale(Action.REPRINT)
    return shown(call, await call.edge.service.aftercare.reprint(sale.id, actor=call.actor))


async def decide_slip(call: Call[SlipChoice]) -> Answer:
    """A slip that waits for a person: print it now, or never."""
    counter = call.counter(Action.REPRINT, call.part("counter"))
    effect = call.part("effect")
    await call.edge.service.aftercare.decide_slip(counter, effect, print_it=call.form.print, actor=call.actor)
    return Answer(Done())


async def read_receipt(call: Call[ReceiptQuery]) -> Answer:
    sale = call.sale(Action.SEE_SALES)
    if call.form.kind == "merchant":
        return await _told(call, sale, f"{sale.id}:merchant", merchant_lines(call, sale), frozen=False)
    receipt = _receipt_id(sale, call.form.refund, call.form.kind)
    frozen = frozen_lines(call.edge.service.feed.of_subject(sale.id), receipt)
    lines = frozen if frozen is not None else _made(call.edge.service, sale, receipt)
    return await _told(call, sale, receipt, lines, frozen=frozen is not None, printings=sale.printings(receipt))


async def _told(
    call: Call[ReceiptQuery], sale: Sale, receipt: str, lines: Receipt, *, frozen: bool, printings: int = 0
) -> Answer:
    match call.form.format:
        case "json":
            return Answer(ReceiptView(receipt, frozen, printings, _plain(lines)))
        case "text":
            return Answer(response=web.Response(text=as_text(lines), content_type="text/plain"))
    if call.edge.picture is None:
        raise NotFound("receipt_picture_unavailable")
    png = await call.edge.picture(lines, _paper(call.edge, sale.counter))
    return Answer(response=web.Response(body=png, content_type="image/png"))


def _paper(edge: Edge, counter: str) -> str:
    """The profile of this counter's printer; empty: it has none, or the settings no longer have the counter."""
    stands = edge.fitter.counters() if edge.fitter is not None else []
    places = (place for each in stands if each.counter == counter for place in each.places)
    return next((place.profile for place in places if place.role == "printer"), "")


async def print_merchant_slip(call: Call[Nothing]) -> Answer:
    """The sale's own counter prints it; it is no receipt, so nothing counts its copies."""
    sale = call.sale(Action.SEE_SALES)
    lines = merchant_lines(call, sale)
    await call.edge.service.report_paper.ask(sale.counter, f"merchant:{sale.id}", lines, actor=call.actor)
    return Answer(Done())


def merchant_lines(call: Call[Any], sale: Sale) -> Receipt:
    """Fees are for who may see sums. Raises NotAllowed, Conflict("reprint_nothing")."""
    call.require(Action.SEE_REPORTS, sale.counter)
    taken = takings_of(call.edge.service, call.request.app[DESK].parts.settled, sale)
    if not taken:
        raise Conflict("reprint_nothing", sale=sale.id)
    return call.edge.service.parts.slips.merchant(call.edge.service.adopt(sale.counter).settings, sale, taken)


def takings_of(service: Service, settled: Settled, sale: Sale) -> tuple[Taking, ...]:
    """What the sale brings, with what the banks' bills say of it."""
    numbers = [*(each.id for each in sale.attempts), *(each.id for each in sale.refunds)]

    def fee_comes_back(name: str) -> bool:
        channel = service.channel(name)
        return channel is None or service.parts.providers[channel].profile.refund_fee_returned != "no"

    return takings(sale, settled.settlements(numbers), fee_comes_back)


def _plain(lines: Receipt) -> list[list[str | int | bool]]:
    return [[field for field in line if isinstance(field, str | int)] for line in to_json(lines)]


def _receipt_id(sale: Sale, refund: str, kind: str) -> str:
    """Raises Conflict("reprint_nothing")."""
    waited = any(each.id == refund and each.due_ms for each in sale.refunds)
    if kind == "queued" and waited:
        return f"{refund}:queued:receipt"
    if refund or kind:
        found = [each.id for each in sale.refunds if each.id == refund and each.state == "refunded"]
    else:
        found = [each.id for each in receipted(sale)]
    if not found:
        raise Conflict("reprint_nothing", sale=sale.id)
    return f"{found[-1]}:receipt"


def receipt_lines(service: Service, sale: Sale) -> Receipt:
    """The receipt of a paid sale as a copy of its slip would have it. Raises Conflict("reprint_nothing")."""
    receipt = _receipt_id(sale, "", "")
    frozen = frozen_lines(service.feed.of_subject(sale.id), receipt)
    if frozen is None:
        return _made(service, sale, receipt)
    return (*service.parts.slips.late_tax(service.adopt(sale.counter).settings, sale, receipt, frozen), *frozen)


def _made(service: Service, sale: Sale, receipt: str) -> Receipt:
    """A counter without a printer froze none: the same lines, made from the same facts."""
    owed = Owed(receipt, "receipt", sale.counter, sale.id, 0, sale.ended_ms, {"receipt": receipt})
    check_code = service.check_code(sale)
    return service.parts.slips.make(service.adopt(sale.counter).settings, sale, owed, check_code)


def as_text(lines: Receipt, width: int = WIDTH) -> str:
    """Plain text, ``width`` half-width characters a line; Chinese characters count two."""
    out: list[str] = []
    for line in lines:
        match line:
            case Row(right=right) if right:
                gap = width - _cells(line.left) - _cells(right)
                out += [line.left + " " * gap + right] if gap > 0 else [line.left, _moved(right, "right", width)]
            case Row():
                out.append(_moved(line.left, line.align, width))
            case Rule():
                out.append("-" * width)
            case Blank():
                out += [""] * line.lines
            case Code():
                out.append(line.text)
    return "\n".join(out) + "\n"


def _moved(text: str, align: str, width: int) -> str:
    room = max(width - _cells(text), 0)
    return " " * {"left": 0, "center": room // 2, "right": room}[align] + text


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
