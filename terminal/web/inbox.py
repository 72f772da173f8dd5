"""What waits for a person beside the sales, over HTTP: keys that end, sales that nobody could confirm."""

from dataclasses import astuple
from zoneinfo import ZoneInfo

from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.payments.poster import Proposal
from terminal.people.roles import Action
from terminal.web.calls import Answer, Call
from terminal.web.desks.care import CARE
from terminal.web.desks.hooks import HOOKS
from terminal.web.desks.risk import RISK
from terminal.web.pages.hooks import hook_alerts
from terminal.web.sales import shown
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.inbox import (
    CreditRow,
    EndingKeyRow,
    Inbox,
    MatchForm,
    ProposedSale,
    SeenForm,
    TillAlert,
    UnverifiedRow,
)


async def read_inbox(call: Call[Nothing]) -> Answer:
    """Every till shows it, and no machine that may see some counters only."""
    who = call.require(Action.SEE_SALES)
    if call.known.by_key and who.counters:
        return Answer(Inbox([]))
    service = call.edge.service
    return Answer(
        Inbox(
            [EndingKeyRow(*astuple(each)) for each in service.expiries.waiting()],
            [UnverifiedRow(*astuple(each)) for each in service.unverified.waiting()],
            service.unverified.sums(),
            [_credit(each) for each in service.posters.waiting()],
            [
                *_risks(call),
                *_late_cases(call),
                *hook_alerts(call.request.app[HOOKS], _words(call), ZoneInfo(call.edge.zone)),
            ],
            len(call.request.app[RISK].desk.stickers.due()),
        )
    )


def _words(call: Call[Nothing]) -> Catalogue:
    return Catalogue.load(accepted(call.request.headers.get("Accept-Language", "")))


def _risks(call: Call[Nothing]) -> list[TillAlert]:
    """Those every till must know of; what names people is the owner's page alone."""
    risk, words = call.request.app[RISK], _words(call)
    shown = (risk.alert(each, words) for each in risk.desk.alerts.waiting())
    return [TillAlert(each.id, each.title, each.sentence, each.at_ms) for each in shown if each.till]


def _late_cases(call: Call[Nothing]) -> list[TillAlert]:
    """Complaints that nobody answered in the time that a customer was promised: one line for all of them."""
    late, words = call.request.app[CARE].cases.late(), _words(call)
    if not late:
        return []
    no, due_ms = late[0]
    sentence = words.text("care.late_told", n=len(late), no=f"{no:04}")
    return [TillAlert("case:late", words.text("care.cases"), sentence, due_ms)]


def _credit(told: Proposal) -> CreditRow:
    sales = [ProposedSale(x.sale, x.no, x.counter, x.opened_ms, x.mark) for x in told.sales]
    transfer = told.transfer
    amount = transfer.amount
    return CreditRow(
        transfer.channel, transfer.entry, amount.minor, amount.currency, transfer.at, told.clash, sales
    )


async def match_credit(call: Call[MatchForm]) -> Answer:
    """Pressed twice it is the same answer; for another sale it is refused."""
    call.require(Action.SETTLE_EXCEPTION)
    form = call.form
    sale = await call.edge.service.posters.confirm(form.channel, form.entry, form.sale, actor=call.actor)
    return shown(call, sale)


async def close_key(call: Call[SeenForm]) -> Answer:
    call.require(Action.SETTLE_EXCEPTION)
    await call.edge.service.expiries.close(call.part("key"), actor=call.actor)
    return Answer(Done())
