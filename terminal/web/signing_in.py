"""Signing in and out, pairing, and who one is."""

from aiohttp import web

from terminal.errors import NotAllowed
from terminal.people.pairing import LIFE_S
from terminal.people.roles import Action, Principal, Role
from terminal.web.callers import SESSION, TILL, greet, part, place
from terminal.web.calls import Answer, Call, encode
from terminal.web.edge import Edge
from terminal.web.live.hub import HUB
from terminal.web.pages.code_picture import code_svg
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.people import (
    ConfirmPin,
    Me,
    NewPairingCode,
    Pairing,
    PairingCode,
    PersonList,
    PersonRow,
    RecoveryCodes,
    SecondStep,
    SecondStepCode,
    SetUp,
    SignIn,
)


def me(edge: Edge, who: Principal) -> Me:
    label = next((each.label for each in edge.people.people() if each.id == who.id), "")
    may = sorted(action.value for action in Action if who.may(action))
    return Me(who.kind, who.id, who.role.value, label, sorted(who.counters), may)


def _greeted(
    call: Call[SignIn] | Call[ConfirmPin] | Call[Pairing] | Call[SetUp], session: str, device: str
) -> Answer:
    """The new cookies, and who their bearer now is."""
    people, cookies = call.edge.people, call.request.cookies
    who = people.who(device or cookies.get(TILL, ""), session or cookies.get(SESSION, ""))
    assert who is not None, "the credential was made a moment ago"
    response = web.Response(body=encode(me(call.edge, who)), content_type="application/json")
    greet(response, session, device, display=who.role is Role.DISPLAY)
    return Answer(response=response)


async def read_me(call: Call[Nothing]) -> Answer:
    return Answer(me(call.edge, call.known.principal))


async def list_people(call: Call[Nothing]) -> Answer:
    """Names for the sign-in page of a paired till."""
    call.require(Action.SEE_SALES)
    return Answer(PersonList([PersonRow(x.id, x.label, x.role.value) for x in call.edge.people.people()]))


async def sign_in(call: Call[SignIn]) -> Answer:
    form, till = call.form, call.request.cookies.get(TILL, "")
    session = await call.edge.people.sign_in(
        form.person, form.pin, device=place(call.request), device_token=till, code=form.code
    )
    return _greeted(call, session, "")


async def sign_out(call: Call[Nothing]) -> Answer:
    """Ends the session behind the cookie; without one it is done already."""
    call.edge.people.sign_out(call.request.cookies.get(SESSION, ""))
    call.request.app[HUB].recheck()
    response = web.Response(body=encode(Done()), content_type="application/json")
    part(response)
    return Answer(response=response)


async def confirm_pin(call: Call[ConfirmPin]) -> Answer:
    """The PIN once more, for acts that ask for a fresh one; the session goes on under a new cookie."""
    session = call.request.cookies.get(SESSION, "")
    if not session or call.known.by_key:
        raise NotAllowed("not_signed_in")
    form, device = call.form, place(call.request)
    fresh = await call.edge.people.confirm_pin(session, form.pin, device=device, code=form.code)
    return _greeted(call, fresh, "")


async def begin_second_step(call: Call[Nothing]) -> Answer:
    """A secret for the caller's own phone; in force only after it gave its first code."""
    begun = call.edge.people.begin_second_step(call.known.principal)
    return Answer(SecondStep(begun.secret, begun.uri, code_svg(begun.uri)), 201)


async def finish_second_step(call: Call[SecondStepCode]) -> Answer:
    session = call.request.cookies.get(SESSION, "")
    codes = await call.edge.people.finish_second_step(
        call.known.principal, call.form.code, session_token=session, device=place(call.request)
    )
    return Answer(RecoveryCodes(codes), 201)


async def pair(call: Call[Pairing]) -> Answer:
    """Six digits make this browser a till, or a customer's display."""
    form = call.form
    device = await call.edge.people.pair(form.code, label=form.label, device=place(call.request))
    return _greeted(call, "", device)


async def new_pairing_code(call: Call[NewPairingCode]) -> Answer:
    counter = call.counter(Action.MANAGE_DEVICES, call.form.counter)
    code = call.edge.people.new_pairing_code(call.known.principal, counter, display=call.form.display)
    return Answer(PairingCode(code, LIFE_S), 201)


async def set_up(call: Call[SetUp]) -> Answer:
    """The first owner of a new shop, with the code of the start window."""
    form = call.form
    made = await call.edge.people.set_up(form.code, label=form.label, pin=form.pin, device=place(call.request))
    return _greeted(call, made.session_token, made.device_token)
