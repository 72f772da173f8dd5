"""A pack by codes over HTTP: this shop's to show and print, another shop's as its codes come in (row 100)."""

from typing import Any

from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.help.languages import accepted
from terminal.help.registry import describe
from terminal.people.roles import Action
from terminal.visit.pack_paper import pack_lines
from terminal.web.calls import Answer, Call
from terminal.web.pages.code_picture import code_svg
from terminal.web.shapes.form import Done, Nothing
from terminal.web.shapes.visit import PackCodesView, PackCodeView, PackKeep, PackPrint, PackReadingView, PackScan
from terminal.web.sheet import marked
from terminal.web.visitor import Packs


async def show_codes(call: Call[Nothing]) -> Answer:
    call.require(Action.SIGN_VISIT)
    mark, key, texts = _packs(call).shown()
    codes = [PackCodeView(number, text, code_svg(text)) for number, text in enumerate(texts, 1)]
    return Answer(PackCodesView(mark, key, codes))


async def print_codes(call: Call[PackPrint]) -> Answer:
    """Owed like a report: it comes when the printer can."""
    call.require(Action.SIGN_VISIT)
    counter, service = call.counter(Action.TEST_DEVICES, call.form.counter), call.edge.service
    _, key, texts = _packs(call).shown()
    words = Catalogue.load(service.lane(counter).settings.language("receipt"))
    lines = marked(service, pack_lines(service.house.title, key, texts, words.section("pack")), words)
    await service.report_paper.ask(counter, "card:pack", lines, actor=call.actor)
    return Answer(Done())


async def begin_reading(call: Call[Nothing]) -> Answer:
    call.require(Action.SIGN_VISIT)
    _packs(call).begin()
    return Answer(_view(call), 201)


async def read_reading(call: Call[Nothing]) -> Answer:
    return Answer(_view(call))


async def take_code(call: Call[PackScan]) -> Answer:
    """A scanner that types into the page; a counter's own scanner needs no page."""
    _packs(call).take(call.form.code)
    return Answer(_view(call))


async def keep_pack(call: Call[PackKeep]) -> Answer:
    call.require(Action.SIGN_VISIT)
    await _packs(call).keep(call.form.key)
    return Answer(_view(call))


def _packs(call: Call[Any]) -> Packs:
    if call.edge.visitor is None:
        raise NotFound("not_found")
    return call.edge.visitor.packs


def _view(call: Call[Any]) -> PackReadingView:
    seen = _packs(call).seen()
    code = sentence = fix = ""
    if seen.trouble is not None:
        language = accepted(call.request.headers.get("Accept-Language", ""))
        said = describe(seen.trouble.slug, seen.trouble.facts, language)
        code, sentence, fix = said.code, said.sentence, said.fix
    told = seen.told
    return PackReadingView(
        *(seen.state, seen.pack, seen.count, list(seen.have), list(seen.missing), code, sentence, fix, seen.key),
        *((told.made_ms, told.currency, told.zone, dict(told.shop)) if told else (0, "", "", {})),
        [sorted(each.devices) for each in told.counters] if told else [],
        list(told.connectors) if told else [],
        seen.file,
        _packs(call).brand(),
    )
