"""Risk over HTTP: codes of receipts, customers' proofs, stickers, alerts and what an owner holds back."""

from typing import Any

from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.payments.event import Actor
from terminal.payments.receipt import Receipt, Row
from terminal.people.roles import Action
from terminal.web.callers import place
from terminal.web.calls import Answer, Call
from terminal.web.desks.risk import RISK, RiskWords
from terminal.web.problems import TooMany
from terminal.web.shapes.form import Approver, Done, Nothing
from terminal.web.shapes.risk import (
    AlertSeen,
    CodeAnswer,
    CodeQuery,
    HoldEnding,
    HoldList,
    LastProof,
    LetterAnswer,
    NewHold,
    NewLetter,
    NewSticker,
    ProofForm,
    StickerList,
    StickerQuery,
    StickerScan,
    payment_view,
)


def _risk(call: Call[Any]) -> RiskWords:
    return call.request.app[RISK]


def _words(call: Call[Any]) -> Catalogue:
    return Catalogue.load(accepted(call.request.headers.get("Accept-Language", "")))


def _counted(call: Call[Any]) -> RiskWords:
    """Raises TooMany: four characters are few, nobody may try them all."""
    risk = _risk(call)
    if wait_s := risk.looks.take(call.known.credential):
        raise TooMany(wait_s)
    return risk


async def _by(call: Call[Any], action: Action, given: Approver | None) -> Actor:
    """The caller, or who typed a PIN for this one act. Raises NotAllowed: ``pin_again``, ``pin_wrong``, …"""
    if given is None:
        return call.require(action).actor
    call.require(Action.SEE_SALES)
    who = await call.edge.people.approve(action, given.person, given.pin, device=place(call.request))
    return who.actor


async def find_code(call: Call[CodeQuery]) -> Answer:
    """Any till of the shop may ask; a machine bound to counters hears of these only."""
    who = call.require(Action.SEE_SALES)
    found = await _counted(call).desk.codes.find(call.form.code)
    if call.known.by_key and who.counters:
        found = [each for each in found if call.sees(each.counter)]
    return Answer(CodeAnswer([payment_view(each, sees=call.sees(each.counter)) for each in found]))


async def check_proof(call: Call[ProofForm]) -> Answer:
    counter = call.counter(Action.TAKE_MONEY, call.part("counter"))
    risk = _counted(call)
    proof = await risk.desk.proofs.check(counter, call.form.proof, actor=call.actor)
    return Answer(risk.proof(proof, _words(call), sees=call.sees(proof.counter)))


async def read_proof(call: Call[Nothing]) -> Answer:
    """Asked by a page that waits for the counter's own scanner, every second while it is open."""
    counter = call.counter(Action.TAKE_MONEY, call.part("counter"))
    risk = _risk(call)
    risk.desk.proofs.waits(counter)
    count, last = risk.desk.proofs.last.get(counter, (0, None))
    told = risk.proof(last, _words(call), sees=call.sees(last.counter)) if last else None
    return Answer(LastProof(count, told))


async def list_stickers(call: Call[StickerQuery]) -> Answer:
    call.require(Action.SEE_SALES)
    risk, words = _risk(call), _words(call)
    stickers = risk.desk.stickers
    counter = call.form.counter and call.counter(Action.SEE_SALES, call.form.counter)
    last = stickers.last.get(counter)
    told = risk.checked(last, words) if last else None
    return Answer(StickerList([risk.sticker(each) for each in stickers.registered()], len(stickers.due()), told))


async def check_sticker(call: Call[StickerScan]) -> Answer:
    counter = call.counter(Action.TAKE_MONEY, call.part("counter"))
    risk = _risk(call)
    checked = await risk.desk.stickers.check(counter, call.form.code, actor=call.actor)
    return Answer(risk.checked(checked, _words(call)))


async def new_sticker(call: Call[NewSticker]) -> Answer:
    actor = call.require(Action.CHANGE_SETTINGS).actor
    risk = _risk(call)
    made = await risk.desk.stickers.register(call.form.name, call.form.code, actor=actor)
    return Answer(risk.sticker(made), 201)


async def remove_sticker(call: Call[Nothing]) -> Answer:
    actor = call.require(Action.CHANGE_SETTINGS).actor
    await _risk(call).desk.stickers.remove(call.part("sticker"), actor=actor)
    return Answer(Done())


async def read_risk(call: Call[Nothing]) -> Answer:
    """It names people: for those who may see the reports."""
    call.require(Action.SEE_REPORTS)
    return Answer(_risk(call).whole(_words(call)))


async def close_risk_alert(call: Call[AlertSeen]) -> Answer:
    actor = await _by(call, Action.SETTLE_EXCEPTION, call.form.approver)
    await _risk(call).desk.alerts.close(call.part("alert"), actor=actor)
    return Answer(Done())


async def begin_hold(call: Call[NewHold]) -> Answer:
    """Harmless to repeat: what is in force stays in force."""
    form = call.form
    actor = await _by(call, Action.SETTLE_EXCEPTION, form.approver)
    risk = _risk(call)
    await risk.desk.hold(form.what, form.channel, alert=form.alert, reason=form.reason, actor=actor)
    return Answer(HoldList(risk.holds(_words(call))))


async def end_hold(call: Call[HoldEnding]) -> Answer:
    actor = await _by(call, Action.CHANGE_SETTINGS, call.form.approver)
    risk = _risk(call)
    await risk.service.holds.end(call.part("hold"), reason=call.form.reason, actor=actor)
    return Answer(HoldList(risk.holds(_words(call))))


async def make_letter(call: Call[NewLetter]) -> Answer:
    actor, form = await _by(call, Action.SETTLE_EXCEPTION, call.form.approver), call.form
    risk, paper, name = _risk(call), call.edge.service.report_paper, call.part("alert")
    lines = risk.letter(risk.desk.alerts.one(name), _words(call))
    if form.print_at:
        paper.room(form.print_at)
    file = await risk.desk.keep_letter(name, lines, actor=actor)
    if form.print_at:
        slip: Receipt = tuple(Row(each) for each in lines)
        await paper.ask(form.print_at, f"letter:{name}", slip, actor=actor)
    return Answer(LetterAnswer(lines, file))
