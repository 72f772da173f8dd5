"""Who has access: the owner adds people, mends PINs, takes tills and keys away; each an event with its actor."""

from terminal.people.roles import Action, Role
from terminal.web.answers import AccessList, ApiKeyRow, DeviceRow, Done, MadeKey, PersonRow, StaffRow
from terminal.web.calls import Answer, Call
from terminal.web.forms import NewApiKey, NewPerson, NewPin, Nothing


async def list_access(call: Call[Nothing]) -> Answer:
    """No secret is among it: neither PINs nor tokens, nor their hashes."""
    by, people = call.require(Action.MANAGE_PEOPLE), call.edge.people
    staff = [StaffRow(x.id, x.label, x.role.value, people.locked(x)) for x in people.people()]
    devices = [DeviceRow(x.id, x.label, x.role.value, x.counter) for x in people.devices(by)]
    keys = [ApiKeyRow(x.id, x.label, list(x.scopes), list(x.counters), x.expires_ms) for x in people.api_keys(by)]
    return Answer(AccessList(staff, devices, keys))


async def add_person(call: Call[NewPerson]) -> Answer:
    form = call.form
    made = await call.edge.people.add_person(call.known.principal, Role(form.role), form.label, form.pin)
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
    """The key itself is in this answer and nowhere else, ever."""
    form, principal = call.form, call.require(Action.MANAGE_API_KEYS)
    for counter in form.counters:
        call.counter(Action.MANAGE_API_KEYS, counter)
    made = await call.edge.people.new_api_key(
        principal, label=form.label, scopes=set(form.scopes), counters=set(form.counters), days=form.days
    )
    return Answer(MadeKey(made.id, made.key), 201)


async def revoke_api_key(call: Call[Nothing]) -> Answer:
    await call.edge.people.revoke_api_key(call.known.principal, call.part("key"))
    return _gone(call)


def _gone(call: Call[NewPin] | Call[Nothing]) -> Answer:
    """Live connections of whoever lost access end now, not with their next request."""
    call.edge.hub.recheck()
    return Answer(Done())
