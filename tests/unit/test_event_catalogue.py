"""docs/events.md lists every event the program can append, with its fields, and no other."""

import re

import pytest

from terminal.payments.evidence import evidence_fields
from terminal.payments.notice import Notice, Trade
from terminal.web.shapes.events import EventView
from tests.event_types import ROOT, Unreadable, made, of_source

pytestmark = [pytest.mark.no_cover, pytest.mark.xdist_group("architecture")]  # the sources are read once

PAGE = ROOT / "docs" / "events.md"
NAME = re.compile(r"`([a-z][a-z0-9_]*)\??`")


def rows(text: str, head: str) -> list[list[str]]:
    """Cells below every table head that begins so."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        inside = line.startswith("|") and (inside or cells[0] == head)
        if inside and cells[0] not in {head, "---"}:
            found.append(cells)
    return found


def listed() -> dict[str, set[str]]:
    """Type -> fields, as the page has them; the fields stand in the last cell but one."""
    types = rows(PAGE.read_text("utf-8"), "type")
    return {cells[0].strip("`"): set(NAME.findall(cells[-2])) for cells in types}


def appended() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in made():
        found.setdefault(each.type, set()).update(each.fields)
    return found


def test_every_event_is_in_the_catalogue_and_nothing_else_is() -> None:
    in_code = {each.type: each.where for each in made()}
    missing = [f"{kind} ({where})" for kind, where in in_code.items() if kind not in listed()]
    assert not missing, "missing in docs/events.md"
    assert not listed().keys() - in_code.keys(), "listed, but nothing appends it"


def test_the_fields_of_every_event_are_in_the_catalogue() -> None:
    assert listed() == appended()


def test_the_collector_sees_events_made_in_every_way_the_code_makes_them() -> None:
    ways = {
        "sale_opened",
        "voice_ended",
        "payment_orphaned",
        "till_paired",
        "display_paired",
        "refund_allowed_alone",
    }
    assert ways <= appended().keys()
    assert {"flag", "evidence", "why", "payload"} <= appended()["attempt_moved"]  # put in after the dict is made


def test_a_type_nobody_can_read_is_refused_by_the_collector() -> None:
    planted = "def f(kind):\n    return Fact(kind, {})\n"
    with pytest.raises(Unreadable, match=r"planted\.py:2"):
        list(of_source("terminal/planted.py", planted))


def test_an_event_that_is_not_listed_is_found() -> None:
    planted = (
        'def f(at_ms):\n    body = {"at_ms": at_ms}\n    body["more"] = 1\n    return (Fact("planted", body),)\n'
    )
    [found] = of_source("terminal/planted.py", planted)
    assert (found.type, found.fields) == ("planted", frozenset({"at_ms", "more"}))
    assert found.type not in listed()


def test_the_evidence_and_the_envelope_are_described_as_they_are() -> None:
    text = PAGE.read_text("utf-8")
    notice = Notice("wechatpay", "query", "n1", "m", "a", "o", Trade.PAID, 1, "CNY")
    fields = [cells[0].strip("`") for cells in rows(text, "field")]
    assert fields == [*EventView.__struct_fields__, *evidence_fields(notice)]
