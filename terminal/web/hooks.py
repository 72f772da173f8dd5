"""Webhooks over HTTP: endpoints, their secrets, and the list of what was never taken."""

import asyncio

from terminal.counter.claims import answered, claim
from terminal.errors import Conflict, InvalidRequest
from terminal.hooks.desk import Hooks, Wanted
from terminal.hooks.endpoint import Endpoint
from terminal.people.roles import Action
from terminal.web.access import TOLD_AGAIN_S
from terminal.web.calls import Answer, Call
from terminal.web.desks.hooks import HOOKS
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.hooks import (
    HookChange,
    HookList,
    HookRotation,
    HookView,
    LetterChoice,
    LetterList,
    LetterRow,
    LettersDone,
    LettersQuery,
    MadeHook,
    NewHook,
    SendAgain,
)
from terminal.web.versions import tag

AnyCall = (
    Call[Nothing]
    | Call[NewHook]
    | Call[HookChange]
    | Call[HookRotation]
    | Call[SendAgain]
    | Call[LetterChoice]
    | Call[LettersQuery]
)


def _desk(call: AnyCall) -> Hooks:
    call.require(Action.MANAGE_HOOKS)
    return call.request.app[HOOKS]


async def list_hooks(call: Call[Nothing]) -> Answer:
    desk = _desk(call)
    return Answer(HookList([view(desk, each) for each in desk.all()]))


async def read_hook(call: Call[Nothing]) -> Answer:
    desk = _desk(call)
    return _hook(desk, desk.register.find(call.part("id")))


async def new_hook(call: Call[NewHook]) -> Answer:
    """The secret is in this answer and nowhere else, ever; told again only while the answer may be lost."""
    edge, desk, key = call.edge, _desk(call), call.key
    assert key is not None, "this row stores its answer"
    if known := answered(edge.service.feed, key):
        since_ns, made_id, secret = edge.made_keys.get(key.name, (0, "", ""))
        if made_id != known or edge.clock.mono_ns() - since_ns > TOLD_AGAIN_S * 1e9:
            raise Conflict("key_told_once", label=call.form.label)
        return Answer(MadeHook(view(desk, desk.register.find(made_id)), secret), 201)
    made, secret = await desk.add(_wanted(call), actor=call.actor, claims=lambda hook: claim(key, hook))
    edge.made_keys[key.name] = (edge.clock.mono_ns(), made.id, secret)
    asyncio.get_running_loop().call_later(TOLD_AGAIN_S, edge.made_keys.pop, key.name, None)
    return Answer(MadeHook(view(desk, made), secret), 201, etag=tag(made.version))


async def change_hook(call: Call[HookChange]) -> Answer:
    """Two who change one endpoint must not overwrite each other unseen: the version is asked for."""
    desk, on, version = _desk(call), call.form.on, call.version
    changed = await desk.change(call.part("id"), _wanted(call), on=on, version=version, actor=call.actor)
    return _hook(desk, changed)


async def rotate_hook(call: Call[HookRotation]) -> Answer:
    desk, hours = _desk(call), call.form.overlap_h
    made, secret = await desk.rotate(call.part("id"), overlap_h=hours, version=call.version, actor=call.actor)
    return Answer(MadeHook(view(desk, made), secret), 201, etag=tag(made.version))


async def remove_hook(call: Call[Nothing]) -> Answer:
    await _desk(call).remove(call.part("id"), version=call.version, actor=call.actor)
    return Answer(Done())


async def send_again(call: Call[SendAgain]) -> Answer:
    desk = _desk(call)
    found = await desk.send_again(call.part("id"), call.form.after, version=call.version, actor=call.actor)
    return _hook(desk, found)


async def list_letters(call: Call[LettersQuery]) -> Answer:
    desk, form = _desk(call), call.form
    desk.register.find(call.part("id"))
    found = [each for each in desk.register.letters(call.part("id")) if each.number > form.after]
    rows = [
        LetterRow(x.number, x.event_type, x.counter, x.why, x.status, x.at_ms, x.asked)
        for x in found[: form.limit]
    ]
    return Answer(LetterList(rows, rows[-1].number if len(found) > form.limit else None))


async def ask_letters(call: Call[LetterChoice]) -> Answer:
    desk = _desk(call)
    count = await desk.ask_again(call.part("id"), call.form.numbers, actor=call.actor)
    return Answer(LettersDone(count), 202)


async def drop_letters(call: Call[LetterChoice]) -> Answer:
    desk = _desk(call)
    return Answer(LettersDone(await desk.drop(call.part("id"), call.form.numbers, actor=call.actor)))


def _wanted(call: Call[NewHook] | Call[HookChange]) -> Wanted:
    """Raises NotFound("counter_unknown"), InvalidRequest("field_wrong")."""
    form = call.form
    for counter in form.counters:
        call.counter(Action.MANAGE_HOOKS, counter)
    if not form.label.isprintable():
        raise InvalidRequest("field_wrong", field="label")
    return Wanted(form.label, form.url, tuple(sorted(set(form.events))), tuple(sorted(set(form.counters))))


def _hook(desk: Hooks, hook: Endpoint) -> Answer:
    return Answer(view(desk, hook), etag=tag(hook.version))


def view(desk: Hooks, hook: Endpoint) -> HookView:
    now_ms = desk.clock.wall_ms()
    return HookView(
        hook.id,
        hook.label,
        hook.url,
        list(hook.events),
        list(hook.counters),
        hook.state,
        hook.version,
        hook.position,
        max(desk.feed.published - hook.position, 0),
        hook.failing_ms,
        hook.why,
        hook.status,
        desk.register.count(hook.id),
        hook.lost,
        hook.old_until_ms if hook.old_until_ms > now_ms else 0,
    )
