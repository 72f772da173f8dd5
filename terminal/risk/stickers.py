"""Our own static codes: registered once, scanned at each opening, byte for byte (row 23, S66).

A red one is told on every till until a person has seen it. What a scanned code says is never opened or fetched.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from terminal.counter.accounts import poster_of
from terminal.errors import Conflict, InvalidRequest, NotFound
from terminal.payments.codes.scheme import Scheme
from terminal.payments.event import Actor, NewEvent, Summary
from terminal.payments.scan import Link, MerchantCode, bare, classify
from terminal.risk.alerts import RiskAlerts
from terminal.risk.payee import Difference, Looked, Payee, differences, look, nearest, payee_of
from terminal.risk.rules import Alert
from terminal.risk.table import STICKER, PayLink

if TYPE_CHECKING:
    from terminal.counter.service import Service

MAX: Final = 50
UNTOLD: Final = "–"  # a code without a host or number to name
_KIND: Final = "poster"
_SETTINGS: Final = "poster:settings:"  # of a channel's table
_CHECKS: Final = "sticker_checks"
Result = Literal["ours", "other", "not_payment", "unreadable"]


@dataclass(frozen=True, slots=True)
class Sticker:
    """``checked_day``: the business day it was last scanned and ours, ISO text or empty."""

    id: str
    name: str
    payload: str
    checked_day: str
    checked_ms: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a scan at the wall found.

    Args:
        who: in words, who gets the money of this code.
        sticker: the name of ours it is, or pretends to be.
        differs: from that one.
        due: how many of ours are still to be scanned today.
        count: of this process, so that a page sees each once.
    """

    result: Result
    who: str
    sticker: str
    differs: tuple[Difference, ...]
    what: str
    detail: str
    due: int
    count: int
    at_ms: int


class Stickers:
    def __init__(
        self,
        service: "Service",
        alerts: RiskAlerts,
        schemes: Callable[[], Sequence[Scheme]],
        links: Sequence[PayLink],
        day: Callable[[int], str],
    ) -> None:
        """``schemes``: read when first needed, so that a start need not; ``day``: as ``ShopFacts.day``."""
        self._service, self._alerts = service, alerts
        self._schemes, self._links, self._day = schemes, links, day
        self._stream = f"store:{service.house.store}"
        self._turn = asyncio.Lock()
        self.last: dict[str, Checked] = {}  # by counter, for the page that stands there
        self._count = 0

    # the list

    def registered(self) -> list[Sticker]:
        """Oldest first; those of the settings, which a glass may show, are the shop's own by that alone (S36)."""
        known = {row.subject: Sticker(row.subject, *row.body["about"]) for row in self._rows()}
        posters, waits = self._service.house.offline.posters, self._service.accounts.waits
        settings = {_SETTINGS + name: text for name, text in posters.items() if not waits(poster_of(name))}
        kept = [x for x in known.values() if not x.id.startswith(_SETTINGS) or settings.get(x.id) == x.payload]
        there = {each.payload for each in kept}
        fresh = [(at, text) for at, text in settings.items() if text not in there]
        return [*kept, *(Sticker(at, at.removeprefix(_SETTINGS), text, "", 0) for at, text in fresh)]

    def _rows(self) -> list[Summary]:
        return [each for each in self._service.feed.unfinished() if each.body["kind"] == _KIND]

    def due(self) -> list[Sticker]:
        """Those nobody has found to be ours on this business day: the reminder until it is done."""
        today = self._day(self._service.parts.clock.wall_ms())
        return [each for each in self.registered() if each.checked_day != today]

    def payee(self, sticker: Sticker) -> Payee | None:
        return payee_of(sticker.payload, self._schemes(), self._links)

    async def register(self, name: str, scan: str, *, actor: Actor) -> Sticker:
        """An owner says: this one is ours.

        Raises:
            Conflict("sticker_known" | "stickers_too_many"),
            InvalidRequest("sticker_not_payment" | "sticker_unreadable").
        """
        looked = look(scan, self._schemes(), self._links)
        if looked.payee is None:
            raise refusal(looked)
        async with self._turn:
            known = self.registered()
            if same := next((each for each in known if each.payload == looked.text), None):
                raise Conflict("sticker_known", name=same.name)
            if len(known) >= MAX:
                raise Conflict("stickers_too_many", limit=MAX)
            subject = f"poster:{self._service.parts.ids.ulid()}"
            now_ms = self._service.parts.clock.wall_ms()
            made = Sticker(subject, name, looked.text, self._day(now_ms), now_ms)
            body: dict[str, Any] = {
                "name": name,
                "payload": looked.text,
                "who": looked.payee.who,
                "at_ms": now_ms,
                "index": {"summary": _row(made)},
            }
            await self._service.feed.append([NewEvent(self._stream, "poster_registered", subject, actor, body)])
        self._alerts.told()
        return made

    async def remove(self, sticker: str, *, actor: Actor) -> None:
        """Raises NotFound("sticker_unknown")."""
        async with self._turn:
            found = next((each for each in self.registered() if each.id == sticker), None)
            if found is None:
                raise NotFound("sticker_unknown")
            row = {"kind": _KIND, "state": "closed", "final": True, "open": False}
            body = {"name": found.name, "payload": found.payload, "index": {"summary": row}}
            await self._service.feed.append([NewEvent(self._stream, "poster_removed", sticker, actor, body)])
        self._alerts.told()

    # the scan

    async def check(self, counter: str, scan: str, *, actor: Actor) -> Checked:
        """Compare byte for byte; the day's log has it on return, and a red one is an alert."""
        looked = look(scan, self._schemes(), self._links)
        async with self._turn:
            known = self.registered()
            ours = next((each for each in known if each.payload == looked.text), None)
            now_ms = self._service.parts.clock.wall_ms()
            if ours is not None:
                result: Result = "ours"
                await self._found(ours, counter, now_ms, actor)
            elif looked.payee is None:
                result = "not_payment" if looked.kind == "not_payment" else "unreadable"
                await self._note(counter, result, "", "", now_ms, actor)
            else:
                result = "other"
            pretends, differs = self._pretends(looked, known)
            who = looked.payee.who if looked.payee else ""
        if result == "other":
            await self._note(counter, result, pretends, who, now_ms, actor, looked.text)
            await self._alerts.raise_(self._alert(counter, looked, pretends, who, now_ms))
        self._count += 1
        checked = Checked(
            result,
            who,
            ours.name if ours else pretends,
            () if ours else differs,
            looked.what,
            looked.detail,
            len(self.due()),
            self._count,
            now_ms,
        )
        self.last[counter] = checked
        self._alerts.told()
        return checked

    async def scanned(self, counter: str, scan: str, actor: Actor) -> bool | None:
        """From the counter's own scanner while no sale waits: a shop's code or an address is for us."""
        if not self.registered() or not isinstance(classify(scan, ()), MerchantCode | Link):
            text = bare(scan)
            if all(each.payload != text for each in self.registered()):
                return None
        checked = await self.check(counter, scan, actor=actor)
        if checked.result != "ours":
            self._service.lane(counter).tell(told(checked))
        return checked.result == "ours"

    def _pretends(self, looked: Looked, known: Sequence[Sticker]) -> tuple[str, tuple[Difference, ...]]:
        if looked.payee is None:
            return "", ()
        payees = {each.id: payee for each in known if (payee := self.payee(each))}
        like = nearest(looked.payee, payees)
        if like is None:
            return "", ()
        name = next(each.name for each in known if each.id == like)
        return name, differences(payees[like], looked.payee)

    async def _found(self, ours: Sticker, counter: str, now_ms: int, actor: Actor) -> None:
        today = self._day(now_ms)
        made = Sticker(ours.id, ours.name, ours.payload, today, now_ms)
        body: dict[str, Any] = {
            "counter": counter,
            "name": ours.name,
            "day": today,
            "at_ms": now_ms,
            "index": {"summary": _row(made)},
        }
        await self._service.feed.append([NewEvent(self._stream, "poster_checked", ours.id, actor, body)])

    async def _note(
        self, counter: str, result: str, pretends: str, who: str, now_ms: int, actor: Actor, text: str = ""
    ) -> None:
        """Of what is no payment code nothing is kept: it may be a customer's (S42)."""
        body = {
            "counter": counter,
            "result": result,
            "sticker": pretends,
            "who": who,
            "payload": text,
            "day": self._day(now_ms),
            "at_ms": now_ms,
        }
        subject = f"{_CHECKS}:{self._day(now_ms)}"
        await self._service.feed.append([NewEvent(self._stream, "sticker_refused", subject, actor, body)])

    def _alert(self, counter: str, looked: Looked, pretends: str, who: str, now_ms: int) -> Alert:
        digest = hashlib.sha256(looked.text.encode()).hexdigest()[:16]
        why = "instead" if pretends else "strange"
        facts = {"who": who, "counter": counter, "sticker": pretends}
        return Alert(STICKER, why, digest, 1, 1, self._day(now_ms), now_ms, facts)


def _row(sticker: Sticker) -> dict[str, Any]:
    """Open as long as it hangs: ``unfinished`` lists it."""
    about = [sticker.name, sticker.payload, sticker.checked_day, sticker.checked_ms]
    return {"kind": _KIND, "state": "open", "final": False, "open": False, "about": about}


def refusal(looked: Looked) -> InvalidRequest:
    if looked.kind == "unreadable":
        return InvalidRequest("sticker_unreadable")
    return InvalidRequest("sticker_not_payment", what=looked.detail or UNTOLD)


def told(checked: Checked) -> Conflict | InvalidRequest:
    """The sentence a till shows for a scan that found none of ours."""
    match checked.result:
        case "other":
            return Conflict("sticker_other", who=checked.who)
        case "unreadable":
            return InvalidRequest("sticker_unreadable")
        case _:
            return InvalidRequest("sticker_not_payment", what=checked.detail or UNTOLD)
