"""Counters over HTTP: what each one shows now, and the customer's code scanned by a till or phone."""

from msgspec.structs import replace

from terminal.counter.lane import Lane
from terminal.counter.service import Service
from terminal.errors import InvalidRequest
from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.edge import Edge
from terminal.web.sales import shown
from terminal.web.shapes.counters import (
    CommandName,
    CounterList,
    CounterRow,
    CounterView,
    HealthReport,
    KeyedCleared,
    KeyedView,
    NewClearing,
    NewScan,
    counter_view,
)
from terminal.web.shapes.form import Nothing


def _why_not(service: Service, channel: str) -> str:
    if service.holds.paused(channel):
        return "channel_paused"
    return "account_waits" if service.accounts.waits(channel) else service.provider(channel).trouble()


def view_of(edge: Edge, lane: Lane) -> CounterView:
    service = edge.service
    bank = {name: _why_not(service, name) for name in lane.settings.channels}
    house, now_ns = service.house, edge.clock.mono_ns()
    lists = (service.orphans, service.alerts, service.expiries, service.unverified, service.posters, service.holds)
    changes = sum(each.changes for each in lists) + edge.risk_changes()
    moves = tuple(service.moving.offered(service.book.sale(lane.current))) if lane.current else ()
    view = counter_view(
        lane,
        house.currency,
        test=house.simulated,
        training=house.training,
        bank=bank,
        now_ns=now_ns,
        orphans=changes,
        moves=moves,
        offline=service.unverified.offered(lane),
        scans=service.checkout.scans(lane),
    )
    offered = edge.fitter.stand_ins(lane.id) if edge.fitter is not None else []
    keyed = _keyed(service, lane)
    return replace(view, stand_ins=offered, keyed=keyed) if offered or keyed else view


def _keyed(service: Service, lane: Lane) -> KeyedView | None:
    keyed = service.commands.keyed(lane)
    return KeyedView(keyed.minor, keyed.count) if keyed.count else None


def glass_only(view: CounterView) -> CounterView:
    """What a customer's display may know: its screen, not the sale behind it."""
    return CounterView(
        id=view.id,
        title=view.title,
        test=view.test,
        currency=view.currency,
        languages=view.languages,
        event=view.event,
        sale=None,
        last=None,
        screen=view.screen,
        glass="",
        health={},
        bank={},
        slips=[],
        told=None,
        training=view.training,
        elsewhere=view.elsewhere,
        scans=view.scans,
    )


async def list_counters(call: Call[Nothing]) -> Answer:
    call.require(Action.SEE_SALES)
    lanes = [lane for lane in call.edge.service.lanes.values() if call.sees(lane.id)]
    return Answer(CounterList([_row(call.edge, lane) for lane in lanes]))


def _row(edge: Edge, lane: Lane) -> CounterRow:
    house = edge.service.house
    sale = edge.service.book.sale(lane.current) if lane.current else None
    word = sale.word if sale else "ready"
    return CounterRow(lane.id, lane.settings.title, house.simulated, house.currency, word, sale.id if sale else "")


async def read_counter(call: Call[Nothing]) -> Answer:
    """A customer's display gets the same shape with the screen alone."""
    wanted = Action.SEE_DISPLAY if not call.known.principal.may(Action.SEE_SALES) else Action.SEE_SALES
    lane = call.edge.service.lane(call.counter(wanted, call.part("counter")))
    view = view_of(call.edge, lane)
    return Answer(view if wanted is Action.SEE_SALES else glass_only(view))


async def scan(call: Call[NewScan]) -> Answer:
    counter = call.counter(Action.TAKE_MONEY, call.part("counter"))
    sale = await call.edge.service.checkout.take_scan(counter, call.form.code, actor=call.actor, key=call.key)
    return shown(call, sale, 201)


async def name_command(call: Call[NewScan]) -> Answer:
    """For a scanner that types into the till page, which then presses the key with the page's own rights."""
    call.counter(Action.TAKE_MONEY, call.part("counter"))
    name = call.edge.service.commands.name(call.form.code)
    if not name:
        raise InvalidRequest("command_foreign")
    return Answer(CommandName(name))


async def clear_keyed(call: Call[NewClearing]) -> Answer:
    service = call.edge.service
    commands, lane = service.commands, service.lane(call.counter(Action.TAKE_MONEY, call.part("counter")))
    taken = commands.clear(lane, call.form.count)
    left = commands.keyed(lane)
    return Answer(KeyedCleared(taken, left.count, not left.minor))


async def health(call: Call[Nothing]) -> Answer:
    """For supervisors: no credential, no names. 503 unless ready."""
    state = state_of(call.edge)
    return Answer(HealthReport(state), 200 if state == "ready" else 503)


def state_of(edge: Edge) -> str:
    if edge.service.stopping:
        return "stopping"
    if edge.dead():
        return "failed"
    return "ready" if edge.service.ready else "starting"
