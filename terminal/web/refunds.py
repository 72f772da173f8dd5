"""Money going back over HTTP: who may alone, whose PIN approves, both names in the journal (S36)."""

from typing import Any
from zoneinfo import ZoneInfo

from terminal.counter.aftercare import Offer
from terminal.counter.claims import answered
from terminal.errors import Conflict, InvalidRequest, NotAllowed
from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.payments.money import Money
from terminal.payments.refunding import lines_minor
from terminal.payments.sale import Sale
from terminal.people.roles import Action
from terminal.web.callers import place
from terminal.web.calls import Answer, Call
from terminal.web.sales import shown
from terminal.web.shapes.form import Nothing
from terminal.web.shapes.refunds import NewRefund, OfferQuery, RefundAnswer, RefundOffer, sentence
from terminal.web.shapes.sales import Ending, NewOverride, sale_view


async def refund(call: Call[NewRefund]) -> Answer:
    sale = call.sale(Action.ASK_REFUND)
    form, service = call.form, call.edge.service
    if call.key and answered(service.feed, call.key) is not None:
        amount, approver = form.amount_minor, ""
    else:
        amount = _amount(sale, form)
        _possible(call, sale, amount)
        approver = await _approved(call, sale, amount)
        if sale.amount.currency == service.house.currency:
            await call.edge.refunds.count(call.actor, Money(amount, service.house.currency))
    lines = form.lines or ()
    sale, made = await service.aftercare.refund(
        sale.id, amount, reason=form.reason, actor=call.actor, approver=approver, key=call.key, lines=lines
    )
    view = sale_view(sale, test=service.house.simulated, check_code=service.check_code(sale))
    told = next(each for each in view.refunds if each.id == made.id)
    promised = service.aftercare.promised(sale, made)
    return Answer(RefundAnswer(told, view, promised.way.kind, _sentence(call, promised)), 201)


async def offer(call: Call[OfferQuery]) -> Answer:
    """What asking for it would do; nothing is reserved."""
    sale = call.sale(Action.SEE_SALES)
    found = call.edge.service.aftercare.offer(sale.id, call.form.amount_minor)
    left = _fits(sale, found, found.amount.minor)
    told = _sentence(call, found)
    way, amount = found.way, found.amount
    return Answer(RefundOffer(way.kind, way.why, amount.minor, left, amount.currency, found.due_ms, told))


async def cancel(call: Call[Nothing]) -> Answer:
    """One that waits, before anything of it was sent."""
    sale = call.sale(Action.ASK_REFUND)
    aftercare = call.edge.service.aftercare
    return shown(call, await aftercare.cancel_refund(sale.id, call.part("refund"), actor=call.actor))


def _sentence(call: Call[Any], offered: Offer) -> str:
    language = accepted(call.request.headers.get("Accept-Language", ""))
    return sentence(offered, Catalogue.load(language), ZoneInfo(call.edge.zone))


def _amount(sale: Sale, form: NewRefund) -> int:
    """What is decided on is what is sent: all that is left is named before anybody approves it.

    Raises:
        InvalidRequest: its lines are not the sale's, or are not this amount.
    """
    if form.lines:
        return lines_minor(sale, form.lines, form.amount_minor)
    if form.amount_minor is not None:
        return form.amount_minor
    left = [sale.refundable_minor(each) for each in sale.attempts if each.captured and not each.live]
    return max([*left, 0])


async def _approved(call: Call[NewRefund], sale: Sale, amount: int) -> str:
    """The approver's name for the journal, empty when the caller may alone.

    Raises:
        NotAllowed: ``refund_needs_approval``, ``pin_again``, ``pin_wrong``, ``pin_locked``, ``not_allowed``.
    """
    edge, given = call.edge, call.form.approver
    other = sale.amount.currency != edge.service.house.currency  # no limit says how much of it
    by_pin = edge.service.holds.refunds_by_pin or other
    if await edge.refunds.alone(call.known.principal, amount, by_pin=by_pin, approver=given is not None):
        return ""
    if given is None:
        raise NotAllowed("refund_needs_approval")
    approver = await edge.people.approve(
        Action.APPROVE_REFUND, given.person, given.pin, device=place(call.request)
    )
    return str(approver.actor)


def _possible(call: Call[NewRefund], sale: Sale, amount: int) -> None:
    """What is refused at once uses up nobody's allowance and counts in no day (S38).

    Raises:
        What ``Aftercare.refund`` would refuse it with.
    """
    service = call.edge.service
    service.holds.refund(call.actor)
    _fits(sale, service.aftercare.offer(sale.id, amount), amount)


def _fits(sale: Sale, found: Offer, amount: int) -> int:
    """What is left. Raises InvalidRequest("refund_too_much")."""
    left = max(sale.refundable_minor(found.attempt), 0)
    if not 1 <= amount <= left:
        raise InvalidRequest("refund_too_much", left=Money(left, found.amount.currency).plain())
    return left


async def override(call: Call[NewOverride]) -> Answer:
    sale, form = call.sale(Action.OVERRIDE), call.form
    if form.kind == "new_attempt":
        again = call.edge.service.checkout.begin_again
        return shown(call, await again(sale.id, reason=form.reason, actor=call.actor, key=call.key), 201)
    if form.kind in {"claimed", "written_off"}:
        return shown(call, await _unverified(call, sale), 201)
    sale = await call.edge.service.overrides.accept_paid(
        sale.id, reference=form.bank_reference, reason=form.reason, actor=call.actor, key=call.key
    )
    return shown(call, sale, 201)


async def _unverified(call: Call[NewOverride], sale: Sale) -> Sale:
    form, listed = call.form, call.edge.service.unverified
    if form.kind == "written_off":
        return await listed.write_off(sale.id, reason=form.reason, actor=call.actor, key=call.key)
    reference = form.bank_reference
    return await listed.claim(sale.id, reference=reference, reason=form.reason, actor=call.actor, key=call.key)


async def close_exception(call: Call[Ending]) -> Answer:
    sale = call.sale(Action.SETTLE_EXCEPTION)
    exception = call.part("exception")
    if not any(each.id == exception for each in sale.exceptions):
        raise Conflict("exception_unknown", exception=exception)
    sale = await call.edge.service.aftercare.close_exception(sale.id, exception, call.form.how, actor=call.actor)
    return shown(call, sale)
