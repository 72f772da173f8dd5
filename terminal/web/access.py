"""Who has access: the owner adds people, mends PINs, takes tills and keys away; each an event with its actor."""

import asyncio
from typing import Final

from terminal.counter.checkout import Key, answered, claim
from terminal.errors import Conflict
from terminal.people.roles import Action, Role
from terminal.web.answers import AccessList, ApiKeyRow, DeviceRow, Done, MadeKey, PersonRow, StaffRow
from terminal.web.calls import Answer, Call
from terminal.web.forms import NewApiKey, NewPerson, NewPin, Nothing

TOLD_AGAIN_S: Final = 60.0  # pages repeat for seconds; after that nobody is told a key again


async def list_access(call: Call[Nothing]) -> Answer:
    """No secret is among it: neither PINs nor tokens, nor their hashes."""
    by, people = call.require(Action.MANAGE_PEOPLE), call.edge.people
    staff = [StaffRow(x.id, x.label, x.role.value, people.locked(x)) for x in people.people()]
    devices = [DeviceRow(x.id, x.label, x.role.value, x.counter) for x in people.devices(by)]
    keys = [ApiKeyRow(x.id, x.label, list(x.scopes), list(x.counters), x.expires_ms) for x in people.api_keys(by)]
    return Answer(AccessList(staff, devices, keys))


async def add_person(call: Call[NewPerson]) -> Answer:
    form, key, by = call.form, _key(call), call.require(Action.MANAGE_PEOPLE)
    if known := answered(call.edge.service.feed, key):
        return Answer(PersonRow(known, form.label, form.role), 201)
    made = await call.edge.people.add_person(
        by, Role(form.role), form.label, form.pin, claim=lambda person: claim(key, person)
    )
    return Answer(PersonRow(made, form.label, form.role), 201)


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
    edge, form, key, principal = call.edge, call.form, _key(call), call.require(Action.MANAGE_API_KEYS)
    if answered(edge.service.feed, key):
        since_ns, made_id, secret = edge.made_keys.get(key.name, (0, "", ""))
        if not secret or edge.clock.mono_ns() - since_ns > TOLD_AGAIN_S * 1e9:
            raise Conflict("key_told_once", label=form.label)
        return Answer(MadeKey(made_id, secret), 201)
    for counter in form.counters:
        call.counter(Action.MANAGE_API_KEYS, counter)
    made = await edge.people.new_api_key(
        principal,
        label=form.label,
        scopes=set(form.scopes),
        counters=set(form.counters),
        days=form.days,
        claim=lambda made: claim(key, made),
    )
    edge.made_keys[key.name] = (edge.clock.mono_ns(), made.id, made.key)
    asyncio.get_running_loop().call_later(TOLD_AGAIN_S, edge.made_keys.pop, key.name, None)
    return Answer(MadeKey(made.id, made.key), 201)


async def revoke_api_key(call: Call[Nothing]) -> Answer:
    await call.edge.people.revoke_api_key(call.known.principal, call.part("key"))
    return _gone(call)


def _key(call: Call[NewPerson] | Call[NewApiKey]) -> Key:
    assert call.key is not None, "both rows store their answer"
    return call.key


def _gone(call: Call[NewPin] | Call[Nothing]) -> Answer:
    """Live connections of whoever lost access end now, not with their next request."""
    call.edge.hub.recheck()
    return Answer(Done())
