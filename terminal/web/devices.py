"""Which device stands where, how it is, what a test of it says, and putting another one there."""

from typing import Any, Final, get_args

from terminal.counter.ports import Role
from terminal.errors import NotFound
from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.ports import Fitter
from terminal.web.shapes.counters import StandInAnswer
from terminal.web.shapes.devices import DevicesReport, NewChoice, NewProbe, NewTest
from terminal.web.shapes.form import Done, Nothing

ROLES: Final[tuple[Role, ...]] = get_args(Role)


async def list_devices(call: Call[Nothing]) -> Answer:
    caller = call.require(Action.SEE_HEALTH)
    fitter = _fitter(call)
    chooses = caller.may(Action.FIT_DEVICES)
    counters = [each for each in fitter.counters() if call.sees(each.counter)]
    ports = await fitter.ports() if chooses else []
    return Answer(DevicesReport(counters, ports, fitter.drivers() if chooses else []))


async def choose_device(call: Call[NewChoice]) -> Answer:
    counter, role = call.counter(Action.FIT_DEVICES, call.part("counter")), _role(call)
    await _fitter(call).choose(counter, role, call.form, call.actor)
    return Answer(_fitter(call).place(counter, role))


async def test_device(call: Call[NewTest]) -> Answer:
    """Begins a test, or gives a running one what a person saw or heard."""
    counter, role = call.counter(Action.TEST_DEVICES, call.part("counter")), _role(call)
    if call.form.answer:
        _fitter(call).answer(counter, call.form.answer)
        return Answer(_fitter(call).place(counter, role).test)
    return Answer(_fitter(call).begin_test(counter, role))


async def stand_in(call: Call[StandInAnswer]) -> Answer:
    """Who stands at the till may: the machine found the device itself, and no sale waits for the owner's PIN."""
    counter, role = call.counter(Action.TAKE_MONEY, call.part("counter")), _role(call)
    form = call.form
    await _fitter(call).stand_in(counter, role, form.port, use=form.use, actor=call.actor)
    return Answer(_fitter(call).place(counter, role))


async def probe_port(call: Call[NewProbe]) -> Answer:
    call.require(Action.FIT_DEVICES)
    _fitter(call).probe(call.form.port)
    return Answer(Done())


def _fitter(call: Call[Any]) -> Fitter:
    if call.edge.fitter is None:
        raise NotFound("not_found")
    return call.edge.fitter


def _role(call: Call[Any]) -> Role:
    named = call.part("role")
    for role in ROLES:
        if role == named:
            return role
    raise NotFound("device_role_unknown", role=named[:40])
