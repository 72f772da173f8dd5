"""The visit over HTTP: its steps, the machine's own proofs, two PINs, and the sealed record."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from terminal.errors import InvalidRequest, NotFound
from terminal.help.languages import accepted
from terminal.help.registry import describe, registry
from terminal.people.roles import Action, Principal
from terminal.visit.proofs import plain
from terminal.visit.record import Signer
from terminal.visit.report import told_of
from terminal.visit.steps import NEEDED, Step, Visit
from terminal.web.callers import place
from terminal.web.calls import Answer, Call
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.visit import (
    AcceptedView,
    ProofView,
    StepCheck,
    StepEnd,
    StepView,
    VisitAcceptance,
    VisitDrop,
    VisitList,
    VisitPick,
    VisitRow,
    VisitView,
)
from terminal.web.visit_reasons import in_words
from terminal.web.visitor import Visitor

NONE: Final = VisitView("none", "", 0, "", "", [], 0, [], 0, "", "")


async def read_visit(call: Call[Nothing]) -> Answer:
    visitor = _visitor(call)
    visit = visitor.now()
    return Answer(NONE if visit is None else _view(call, visit))


async def begin_visit(call: Call[Nothing]) -> Answer:
    return Answer(_view(call, await _visitor(call).begin(call.actor)), 201)


async def drop_visit(call: Call[VisitDrop]) -> Answer:
    await _visitor(call).drop(_open(call), call.actor, call.form.why)
    return Answer(Done())


async def begin_step(call: Call[Nothing]) -> Answer:
    visit, step = _open(call), _step(call)
    _visitor(call).begin_step(visit, step)
    return Answer(_view(call, visit))


async def check_step(call: Call[StepCheck]) -> Answer:
    """Nothing is recorded: look as often as you like."""
    visit, step, form = _open(call), _step(call), call.form
    told = plain(form.told)
    found = await _visitor(call).prove(visit, step, form.sales, told)
    if found is None:
        return Answer(ProofView(step.value, False, False, "", "", "", {"told": told}))
    sentence, fix = _words(call, found.cause, found.facts)
    return Answer(ProofView(step.value, True, found.passed, found.cause, sentence, fix, dict(found.proof)))


async def end_step(call: Call[StepEnd]) -> Answer:
    """Where the machine can prove it, its own proof decides over ``passed``; nobody's word makes it better."""
    visit, step, form = _open(call), _step(call), call.form
    told, result, cause = plain(form.told), form.result, form.cause
    if cause and cause not in registry().errors:
        raise InvalidRequest("field_wrong", field="cause")
    proof: dict[str, Any] = {"told": told} if told else {}
    if result != "left_out" and _visitor(call).running(step):
        found = await _visitor(call).prove(visit, step, form.sales, told)
        if found is not None:
            proof |= {**found.proof, **({"facts": dict(found.facts)} if found.facts else {})}
            result, cause = ("failed", cause or found.cause) if not found.passed else (result, cause)
    if result == "passed":
        cause = ""
    visit = await _visitor(call).end_step(visit, step, result, call.actor, proof=proof, cause=cause)
    return Answer(_view(call, visit))


async def accept_visit(call: Call[VisitAcceptance]) -> Answer:
    """Two PINs typed now; nobody is signed in by it, and a wrong one counts as it does at the door."""
    visitor, visit, people = _visitor(call), _open(call), call.edge.people
    signers = []
    for each in call.form.signers:
        who = await people.approve(
            Action.SIGN_VISIT, each.person, each.pin, device=place(call.request), code=each.code
        )
        signers.append(_signer(call, who))
    record = await visitor.accept(visit, signers, call.actor)
    accepted_ = visitor.now()
    assert accepted_ is not None, "accepted a moment ago"
    assert record, "sealed a moment ago"
    return Answer(AcceptedView(accepted_.id, accepted_.record, visitor.fingerprint))


def _signer(call: Call[Any], who: Principal) -> Signer:
    name = call.edge.people.label(str(who.actor))
    return Signer(who.id, name, who.role.value, call.edge.clock.wall_ms())


async def read_record(call: Call[VisitPick]) -> Answer:
    """The file as it was sealed; every byte of it counts."""
    wanted = call.form.visit
    kept = [each for each in _visitor(call).visits() if each.record and wanted in ("", each.id)]
    if not kept:
        raise NotFound("visit_unknown", visit=wanted or "–")
    data = await _visitor(call).sealed(kept[0])
    named = {"Content-Disposition": f'attachment; filename="acceptance-{kept[0].id}.json"'}
    return Answer(response=web.Response(body=data, content_type="application/json", headers=named))


async def make_pack(call: Call[Nothing]) -> Answer:
    """A file for the next shop: limits, rules, languages, kinds of devices."""
    call.require(Action.SIGN_VISIT)
    named = {"Content-Disposition": 'attachment; filename="pack.json"'}
    return Answer(
        response=web.Response(body=_visitor(call).pack(), content_type="application/json", headers=named)
    )


async def list_visits(call: Call[Nothing]) -> Answer:
    told = told_of(_visitor(call).visits())
    rows = [
        VisitRow(
            *(each.visit, each.state, each.begun_ms, each.ended_ms, each.seconds),
            *(dict(each.steps), list(each.failed), list(each.left_out)),
        )
        for each in told.rows
    ]
    return Answer(VisitList(rows, told.accepted, told.second_percent))


def _visitor(call: Call[Any]) -> Visitor:
    if call.edge.visitor is None:
        raise NotFound("not_found")
    return call.edge.visitor


def _open(call: Call[Any]) -> Visit:
    visit = _visitor(call).now()
    if visit is None or not visit.open:
        raise NotFound("visit_none")
    return visit


def _step(call: Call[Any]) -> Step:
    named = call.part("step")
    for step in Step:
        if step == named:
            return step
    raise NotFound("visit_step_unknown", step=named[:40])


def _view(call: Call[Any], visit: Visit) -> VisitView:
    state = "open" if visit.open else "dropped" if visit.dropped else "accepted"
    return VisitView(
        state,
        visit.id,
        visit.begun_ms,
        call.edge.people.label(visit.by),
        str(visit.next_step() or "") if visit.open else "",
        [each.value for each in visit.missing()],
        visit.seconds,
        [_step_view(call, visit, step) for step in Step],
        visit.accepted_ms,
        visit.record,
        _visitor(call).fingerprint,
    )


def _step_view(call: Call[Any], visit: Visit, step: Step) -> StepView:
    done, running = visit.steps.get(step), visit.open and _visitor(call).running(step)
    if done is None:
        return StepView(step.value, "open", step in NEEDED, running, 0, 0, 0, "", "", "", "", {})
    sentence, fix = _words(call, done.cause, done.proof.get("facts", {}))
    by = call.edge.people.label(done.actor)
    return StepView(
        *(step.value, done.result, step in NEEDED, running, done.seconds, done.tries, done.at_ms, by),
        *(done.cause, sentence, fix, dict(done.proof)),
    )


def _words(call: Call[Any], cause: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    if not cause:
        return "", ""
    language = accepted(call.request.headers.get("Accept-Language", ""))
    said = describe(cause, in_words(facts, language), language)
    return f"{said.code} {said.sentence}", said.fix
