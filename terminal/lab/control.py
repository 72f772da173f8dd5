"""The lab's control API: the laboratory's verbs over HTTP for a POS in any language, under ``/lab/api``.

A thin door: each verb reads its body strictly, calls the laboratory, and tells an answer with a type. The table of
verbs is what the routes and the OpenAPI document are made from.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from firmware_stubs.paper import text_view
from terminal.errors import InvalidRequest
from terminal.help.catalogue import Catalogue
from terminal.lab.bank_link import BankAway, BankRefuses
from terminal.lab.control_openapi import Verb, document
from terminal.lab.control_shapes import (
    Acted,
    Active,
    Advance,
    Advanced,
    Ask,
    Begun,
    Broken,
    Empty,
    FaultWish,
    Order,
    Paper,
    Phone,
    PhoneAct,
    PhoneScan,
    Plug,
    Plugged,
    Refused,
    RollAct,
    Row,
    Rows,
    SaleTold,
    Scanned,
    ScannerShot,
    Screen,
    Slip,
    Spoken,
    State,
    TimelineLine,
    TimelineTold,
)
from terminal.lab.faults import Fault, FaultUnknown, Wish, catalogue, find
from terminal.lab.laboratory import Laboratory
from terminal.lab.language import words_of
from terminal.lab.qr_reader import NotReadable
from terminal.lab.service_process import NoService
from terminal.lab.stand import ROLES
from terminal.strict_json import parse

PREFIX: Final = "/lab/api"
BODY_MAX: Final = 16 * 1024
SLIPS_TOLD: Final = 6
LINES_TOLD: Final = 500


class Sales(Protocol):
    """The newest sales as the API tells them."""

    async def sales(self) -> list[dict[str, Any]]: ...


class Cannot(Exception):
    """Why a verb was refused, ready to be told."""

    def __init__(self, status: int, error: str, sentence: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.status, self.told = status, Refused(error, sentence, list(near))


@dataclass(frozen=True, slots=True)
class VirtualTime:
    """``advance`` lets so many seconds pass and tells the wall time; ``jump`` moves the machine's clock by ms."""

    advance: Callable[[int], Awaitable[int]]
    jump: Callable[[int], None]


class Control:
    """Args:
    time: None: it is real here.
    """

    def __init__(self, lab: Laboratory, till: Sales, *, time: VirtualTime | None = None) -> None:
        self._lab, self._till, self._time = lab, till, time

    def routes(self) -> list[web.RouteDef]:
        made = [web.route(verb.method, PREFIX + verb.path, self._handler(verb)) for verb in VERBS]
        return [*made, web.get(f"{PREFIX}/openapi.json", self._openapi)]

    def _handler(self, verb: Verb) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            status, told = await self.play(verb, request, await request.read())
            return web.Response(body=told, status=status, content_type="application/json")

        return handle

    async def play(self, verb: Verb, request: web.Request, data: bytes) -> tuple[int, bytes]:
        """Status and JSON of one call, whose body was read already."""
        try:
            told: msgspec.Struct = await verb.act(self, _read(request, verb, data), request)
        except (Cannot, BankRefuses, BankAway, NotReadable, NoService, FaultUnknown) as refused:
            cannot = _cannot(refused)
            return cannot.status, msgspec.json.encode(cannot.told)
        return 200, msgspec.json.encode(told)

    async def _openapi(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(document(VERBS, PREFIX)), content_type="application/json")

    # --- what is -----------------------------------------------------------------------------------------

    async def state(self, _asked: Empty, request: web.Request) -> State:
        lab, stand, words = self._lab, self._lab.stand, words_of(request)
        now = lab.snapshot()
        waiting = [str(each["order_no"]) for each in lab.books.get("waiting", ())]
        kept = {name: value for name, value in lab.shown.items() if isinstance(value, (str, int, bool))}
        return State(
            Screen(stand.screen, stand.display.text, self._code(), "/lab/glass.png"),
            self._paper(),
            [Spoken(each["number"], each["text"], each["whole"]) for each in now["spoken"]],
            now["plugged"],
            Phone(kept, waiting),
            self._active(words.language),
            [_sale(each, words) for each in await self._till.sales()],
            now["service"],
            lab.timeline.last,
        )

    def _code(self) -> str:
        if self._lab.stand.screen != "code":
            return ""
        try:
            return self._lab.stand.read_glass()
        except NotReadable:
            return ""

    def _paper(self) -> Paper:
        printer = self._lab.stand.printer
        first = max(0, len(printer.slips) - SLIPS_TOLD)
        told = list(enumerate(printer.slips[first:], first + 1))
        if printer.hanging.elements:
            told.append((0, printer.hanging))
        width = printer.head.width_dots
        slips = [Slip(no, "\n".join(text_view(slip, width)), f"/lab/paper/{no}.png") for no, slip in told]
        return Paper(slips, len(printer.slips), printer.paper_out, printer.cover_open)

    def _active(self, language: str) -> list[Active]:
        rows = catalogue()
        return [Active(name, rows[name].expected(language) if name in rows else "") for name in self._lab.active()]

    async def timeline(self, _asked: Empty, request: web.Request) -> TimelineTold:
        after = request.query.get("after", "0")
        if not after.isdecimal() or len(after) > 9:
            raise Cannot(422, "field_wrong", f"after is the number of a line, not {after[:20]!r}.")
        lines = self._lab.timeline.after(int(after))[:LINES_TOLD]
        told = [TimelineLine(x.number, x.at_ms, x.place, x.way, x.text, x.bytes) for x in lines]
        return TimelineTold(told, told[-1].number if told else max(int(after), 0))

    async def faults(self, _asked: Empty, request: web.Request) -> Rows:
        language = words_of(request).language
        return Rows([_row(fault, language, here=self._here(fault)) for fault in catalogue().values()])

    def _here(self, fault: Fault) -> bool:
        return fault.on_page or (fault.layer == "clock" and self._time is not None)

    # --- people ------------------------------------------------------------------------------------------

    async def phone_scan(self, asked: PhoneScan, _request: web.Request) -> Order:
        told = await (self._lab.scan_text(asked.code) if asked.code else self._lab.scan_glass())
        return msgspec.convert({name: told.get(name, "") for name in Order.__struct_fields__}, Order)

    async def phone_pay(self, asked: PhoneAct, _request: web.Request) -> Acted:
        return await self._phone("password" if asked.password else "pay", asked)

    async def phone_refuse(self, asked: PhoneAct, _request: web.Request) -> Acted:
        return await self._phone("refuse", asked)

    async def phone_later(self, asked: PhoneAct, _request: web.Request) -> Acted:
        return await self._phone("late", asked)

    async def phone_confirm(self, asked: PhoneAct, _request: web.Request) -> Acted:
        return await self._phone("confirm", asked)

    async def _phone(self, act: str, asked: PhoneAct) -> Acted:
        shown = self._lab.shown
        if act == "confirm" and not asked.order_no and self._lab.books.get("waiting"):
            shown = self._lab.books["waiting"][0]
        number = asked.order_no or str(shown.get("order_no", ""))
        if not number:
            raise Cannot(409, "nothing_scanned", "Nothing is on the phone: POST /lab/api/phone/scan first.")
        mchid = str(shown.get("mchid", "")) if shown.get("order_no") == number else ""
        told = await self._lab.act(act, number, mchid)
        return Acted(number, str(told.get("result", "")))

    async def scanner_scan(self, asked: ScannerShot, _request: web.Request) -> Scanned:
        if asked.see:
            return Scanned(await self._lab.scan_here(asked.see))
        if asked.text:
            self._lab.stand.scan(asked.text)
            return Scanned(asked.text)
        return Scanned(await self._lab.scan_phone(asked.behaviour))

    # --- trouble -----------------------------------------------------------------------------------------

    async def begin(self, asked: FaultWish, request: web.Request) -> Begun:
        fault = find(asked.name)
        if fault.layer == "scenario":
            raise Cannot(409, "a_story", f"{fault.slug} is a story of its own: countertop lab run {fault.slug}")
        if not self._here(fault):
            sentence = f"{fault.slug} needs virtual time: countertop lab serve --virtual, or lab run {fault.slug}"
            raise Cannot(409, "needs_virtual_time", sentence)
        for name, value in (("count", asked.count), ("duration_s", asked.duration_s)):
            if value is not None and name not in _takes(fault):
                known = " and ".join(_takes(fault)) or "neither count nor duration_s"
                raise Cannot(422, "fault_parameters", f"{fault.slug} has no {name}; it takes {known}.")
        wish = Wish(asked.name, asked.count, asked.duration_s, asked.params)
        if fault.layer == "clock" and self._time is not None:
            self._time.jump(int({**wish.checked().params, **wish.params}["ms"]))
        else:
            await self._lab.begin(wish)
        language = words_of(request).language
        return Begun(fault.slug, fault.expected(language), fault.cashier(language))

    async def end(self, _asked: Empty, request: web.Request) -> Broken:
        await self._lab.heal(request.query.get("name", ""))
        return Broken(self._active(words_of(request).language))

    async def paper(self, asked: RollAct, _request: web.Request) -> Paper:
        """What hands do at the printer."""
        await self._lab.roll(asked.act)
        return self._paper()

    async def unplug(self, asked: Plug, _request: web.Request) -> Plugged:
        await self._lab.begin(Wish(f"unplug-{asked.role}"))
        return self._plugged()

    async def replug(self, asked: Plug, _request: web.Request) -> Plugged:
        await self._lab.heal(f"unplug-{asked.role}")
        await self._lab.stand.plug(asked.role)
        return self._plugged()

    def _plugged(self) -> Plugged:
        return Plugged({role: self._lab.stand.cables[role].plugged for role in ROLES})

    async def advance(self, asked: Advance, _request: web.Request) -> Advanced:
        if self._time is None:
            raise Cannot(
                409,
                "real_time",
                f"This lab runs in real time, so {asked.seconds} s take {asked.seconds} s. "
                "Time is virtual in: countertop lab serve --virtual, lab run NAME|FILE, and the pytest plugin.",
            )
        return Advanced(asked.seconds, await self._time.advance(asked.seconds))


VERBS: Final = (
    Verb("GET", "/state", "state", "The whole simulated counter.", Empty, State, Control.state),
    Verb("GET", "/timeline", "timeline", "What happened since line ?after=N.", Empty, TimelineTold,
         Control.timeline, (422,)),
    Verb("GET", "/faults", "faults", "Every fault by name, with what the till must do.", Empty, Rows,
         Control.faults),
    Verb("POST", "/phone/scan", "phone_scan", "The customer scans the glass, or a code.", PhoneScan, Order,
         Control.phone_scan, (409, 503)),
    Verb("POST", "/phone/pay", "phone_pay", "The customer pays what the phone shows.", PhoneAct, Acted,
         Control.phone_pay, (409, 503)),
    Verb("POST", "/phone/refuse", "phone_refuse", "The customer refuses.", PhoneAct, Acted,
         Control.phone_refuse, (409, 503)),
    Verb("POST", "/phone/later", "phone_later", "The customer pays after the code's time.", PhoneAct, Acted,
         Control.phone_later, (409, 503)),
    Verb("POST", "/phone/confirm", "phone_confirm", "The customer gives the password that is waited for.",
         PhoneAct, Acted, Control.phone_confirm, (409, 503)),
    Verb("POST", "/scanner/scan", "scanner_scan", "Something is held before the scanner.", ScannerShot, Scanned,
         Control.scanner_scan, (409, 503)),
    Verb("POST", "/faults", "fault_begin", "Switch a fault on.", FaultWish, Begun, Control.begin,
         (404, 409, 422, 503)),
    Verb("DELETE", "/faults", "fault_end", "End the fault ?name=NAME, or all of them.", Empty, Broken, Control.end,
         (404,)),
    Verb("POST", "/printer/paper", "printer_paper", "Hands at the printer.", RollAct, Paper, Control.paper),
    Verb("POST", "/unplug", "unplug", "Pull a device's cable out.", Plug, Plugged, Control.unplug),
    Verb("POST", "/replug", "replug", "Put it back.", Plug, Plugged, Control.replug),
    Verb("POST", "/clock/advance", "clock_advance", "Let time pass, where it is virtual.", Advance,
         Advanced, Control.advance, (409,)),
)  # fmt: skip


def _cannot(error: Exception) -> Cannot:
    match error:
        case Cannot():
            return error
        case FaultUnknown() if error.near or "no fault or scenario" in str(error):
            return Cannot(404, "fault_unknown", f"{error}.", error.near)
        case FaultUnknown():
            return Cannot(422, "fault_parameters", f"{error}.")
        case BankRefuses():
            return Cannot(409, error.reason, f"The wallet says no: {error.reason}.")
        case NotReadable():
            return Cannot(409, "not_readable", f"The camera cannot read it: {error}.")
        case NoService():
            return Cannot(409, "no_service", "No service of this lab runs now.")
    return Cannot(503, "bank_away", f"The sandbox bank does not answer: {error}.")


def _read(request: web.Request, verb: Verb, data: bytes) -> Ask:
    """The body as the verb's form. Raises Cannot."""
    if len(data) > BODY_MAX:
        raise Cannot(413, "too_long", f"A body has at most {BODY_MAX} bytes.")
    if not data and verb.form in (Empty, PhoneScan, PhoneAct, ScannerShot, RollAct):
        return verb.form()
    if request.content_type != "application/json":
        raise Cannot(415, "media_type", "Send the body with the header Content-Type: application/json.")
    try:
        return msgspec.convert(parse(data, limit=BODY_MAX), verb.form)
    except InvalidRequest as refused:
        raise Cannot(400, refused.slug, f"The body is no strict JSON: {refused.slug}.") from None
    except msgspec.ValidationError as wrong:
        raise Cannot(422, "field_wrong", f"{wrong}; GET {PREFIX}/openapi.json says what it takes.") from None


def _sale(told: dict[str, Any], words: Catalogue) -> SaleTold:
    word = str(told["word"])
    return SaleTold(
        told["id"], told["no"], told["state"], word, words.text(f"state.{word}"), told["amount_minor"],
        told["currency"],
    )  # fmt: skip


def _row(fault: Fault, language: str, *, here: bool) -> Row:
    return Row(
        fault.slug, fault.layer, list(fault.ids), _takes(fault), fault.params, fault.expected(language),
        fault.cashier(language), here,
    )  # fmt: skip


def _takes(fault: Fault) -> list[str]:
    """As the fields of FaultWish are called."""
    return [{"seconds": "duration_s"}.get(each, each) for each in fault.takes]
