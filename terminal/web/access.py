"""Who has access: the owner adds people, mends PINs, takes tills and keys away; each an event with its actor."""

import asyncio
from typing import Final

from terminal.counter.claims import Key, answered, claim
from terminal.errors import Conflict
from terminal.people.keyring import NewKey
from terminal.people.records import ApiKey
from terminal.people.roles import Action, Principal, Role
from terminal.web.callers import SESSION
from terminal.web.calls import Answer, Call
from terminal.web.live.hub import HUB
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.people import (
    AccessList,
    AccountList,
    AccountRow,
    ApiKeyList,
    ApiKeyRow,
    DeviceRow,
    KeyRotation,
    MadeKey,
    NewApiKey,
    NewPerson,
    NewPin,
    NewVisitor,
    PersonRow,
    SessionRow,
    StaffRow,
)

TOLD_AGAIN_S: Final = 60.0  # pages repeat for seconds; after that nobody is told a key again


async def list_access(call: Call[Nothing]) -> Answer:
    """No secret is among it: neither PINs nor tokens, nor their hashes."""
    by, people = call.require(Action.MANAGE_PEOPLE), call.edge.people
    staff = [
        StaffRow(x.id, x.label, x.role.value, people.locked(x), bool(x.second), x.until_ms)
        for x in people.people()
    ]
    devices = [DeviceRow(x.id, x.label, x.role.value, x.counter) for x in people.devices(by)]
    return Answer(AccessList(staff, devices, _keys(call), _sessions(call)))


async def list_api_keys(call: Call[Nothing]) -> Answer:
    """For who connects a point of sale and manages nothing else."""
    return Answer(ApiKeyList(_keys(call)))


def _keys(call: Call[Nothing]) -> list[ApiKeyRow]:
    found = call.edge.people.api_keys(call.known.principal)
    return [ApiKeyRow(x.id, x.label, list(x.scopes), list(x.counters), x.expires_ms, x.used_ms) for x in found]


def _sessions(call: Call[Nothing]) -> list[SessionRow]:
    people, now_ns = call.edge.people, call.edge.clock.mono_ns()
    own = people.own_session(call.request.cookies.get(SESSION, ""))
    return [
        SessionRow(
            each.id,
            people.label(f"person:{each.person}"),
            each.role.value,
            people.label(f"device:{each.device}"),
            (now_ns - each.opened_ns) // 1_000_000_000,
            (now_ns - each.seen_ns) // 1_000_000_000,
            each.id == own,
        )
        for each in people.sessions(call.known.principal)
    ]


async def end_session(call: Call[Nothing]) -> Answer:
    await call.edge.people.end_session(call.known.principal, call.part("session"))
    return _gone(call)


async def add_person(call: Call[NewPerson]) -> Answer:
    form, key, by = call.form, _key(call), call.require(Action.MANAGE_PEOPLE)
    if known := answered(call.edge.service.feed, key):
        return Answer(PersonRow(known, form.label, form.role), 201)
    made = await call.edge.people.add_person(
        by, Role(form.role), form.label, form.pin, claim=lambda person: claim(key, person)
    )
    return Answer(PersonRow(made, form.label, form.role), 201)


async def add_visitor(call: Call[NewVisitor]) -> Answer:
    """Somebody who comes, does one thing and goes: their login ends by itself."""
    form, key, by = call.form, _key(call), call.require(Action.MANAGE_PEOPLE)
    if known := answered(call.edge.service.feed, key):
        return Answer(PersonRow(known, form.label, form.role), 201)
    made = await call.edge.people.add_visitor(
        by, Role(form.role), form.label, form.pin, hours=form.hours, claim=lambda person: claim(key, person)
    )
    return Answer(PersonRow(made, form.label, form.role), 201)


async def remove_second_step(call: Call[Nothing]) -> Answer:
    """For somebody whose phone and recovery codes are gone; their sessions end."""
    await call.edge.people.remove_second_step(call.known.principal, call.part("person"))
    return _gone(call)


async def set_pin(call: Call[NewPin]) -> Answer:
    """Ends the person's sessions, also the caller's own when it is their PIN."""
    await call.edge.people.set_pin(call.known.principal, call.part("person"), call.form.pin)
    return _gone(call)


async def unlock_person(call: Call[Nothing]) -> Answer:
    await call.edge.people.unlock(call.known.principal, call.part("person"))
    return Answer(Done())


async def disable_person(call: Call[Nothing]) -> Answer:
    await call.edge.people.disable(call.known.principal, call.part("person"))
    return _gone(call)


async def remove_device(call: Call[Nothing]) -> Answer:
    await call.edge.people.unpair(call.known.principal, call.part("device"))
    return _gone(call)


async def new_api_key(call: Call[NewApiKey]) -> Answer:
    """The key itself is in this answer and nowhere else, ever; told again only while the answer may be lost."""
    form, key, by = call.form, _key(call), call.require(Action.MANAGE_API_KEYS)
    if told := _told_again(call, form.label):
        return told
    for counter in form.counters:
        call.counter(Action.MANAGE_API_KEYS, counter)
    made = await call.edge.people.new_api_key(
        by,
        label=form.label,
        scopes=set(form.scopes),
        counters=set(form.counters),
        days=form.days,
        claim=lambda made: claim(key, made),
    )
    return _told(call, made)


async def rotate_api_key(call: Call[KeyRotation]) -> Answer:
    """A new key for the same program; both work until the old one's hours are over."""
    form, key, by = call.form, _key(call), call.require(Action.MANAGE_API_KEYS)
    if told := _told_again(call, call.part("id")):
        return told
    _unmoved(call)
    made = await call.edge.people.rotate_api_key(
        by, call.part("id"), overlap_h=form.overlap_h, days=form.days, claim=lambda made: claim(key, made)
    )
    return _told(call, made)


def _told_again(call: Call[NewApiKey] | Call[KeyRotation], label: str) -> Answer | None:
    """None: this request is a new one. Raises Conflict("key_told_once")."""
    edge, key = call.edge, _key(call)
    if not answered(edge.service.feed, key):
        return None
    since_ns, made_id, secret = edge.made_keys.get(key.name, (0, "", ""))
    if not secret or edge.clock.mono_ns() - since_ns > TOLD_AGAIN_S * 1e9:
        raise Conflict("key_told_once", label=label)
    return Answer(MadeKey(made_id, secret), 201)


def _told(call: Call[NewApiKey] | Call[KeyRotation], made: NewKey) -> Answer:
    edge, name = call.edge, _key(call).name
    edge.made_keys[name] = (edge.clock.mono_ns(), made.id, made.key)
    asyncio.get_running_loop().call_later(TOLD_AGAIN_S, edge.made_keys.pop, name, None)
    return Answer(MadeKey(made.id, made.key), 201)


async def list_accounts(call: Call[Nothing]) -> Answer:
    _decider(call)
    return _accounts(call)


async def approve_account(call: Call[Nothing]) -> Answer:
    """The caller says that this channel's money shall go there; a second person must say it too."""
    who = _decider(call)
    await call.edge.service.accounts.approve(call.part("channel"), who.actor, who.role.value)
    return _accounts(call)


def _decider(call: Call[Nothing]) -> Principal:
    owner = call.known.principal.may(Action.CHANGE_SETTINGS)
    return call.require(Action.CHANGE_SETTINGS if owner else Action.SIGN_VISIT)


def _accounts(call: Call[Nothing]) -> Answer:
    name = call.edge.people.label
    return Answer(
        AccountList(
            [
                AccountRow(x.channel, x.payee, x.before, x.due_ms, sorted({name(who) for who, _ in x.yes}))
                for x in call.edge.service.accounts.waiting()
            ]
        )
    )


async def revoke_api_key(call: Call[Nothing]) -> Answer:
    _unmoved(call)
    await call.edge.people.revoke_api_key(call.known.principal, call.part("id"))
    return _gone(call)


def _unmoved(call: Call[KeyRotation] | Call[Nothing]) -> None:
    """Where a version came along: nobody replaced the key meanwhile. A key's version is when it ends."""
    version = call.version
    if version is not None and version not in {x.expires_ms for x in _keys_of(call) if x.id == call.part("id")}:
        raise Conflict("version_moved")


def _keys_of(call: Call[KeyRotation] | Call[Nothing]) -> tuple[ApiKey, ...]:
    return call.edge.people.api_keys(call.known.principal)


def _key(call: Call[NewPerson] | Call[NewVisitor] | Call[NewApiKey] | Call[KeyRotation]) -> Key:
    assert call.key is not None, "these rows store their answer"
    return call.key


def _gone(call: Call[NewPin] | Call[Nothing]) -> Answer:
    """Live connections of whoever lost access end now, not with their next request."""
    call.request.app[HUB].recheck()
    return Answer(Done())
