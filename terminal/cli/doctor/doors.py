"""What the doctor says of the doors for other tills: their settings, the last sale, what a till was not told."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from terminal.cli.doctor.checks import Finding
from terminal.errors import BadSettings, JournalError
from terminal.help.catalogue import Catalogue
from terminal.journal.reader import Reader
from terminal.payments.money import Money
from terminal.pos.desk import till
from terminal.settings import Loaded
from terminal.settings.tables import AnyDoor
from terminal.wiring.door_checks import check_door
from terminal.wiring.stores import reading_path

NEWEST: Final = 256  # sales of the counter that are looked through


def door_findings(loaded: Loaded) -> list[Finding]:
    """By the settings and the journal, beside a running service."""
    found = [each for name in loaded.settings.doors for each in _of_settings(loaded, name)]
    if not loaded.settings.doors or not (path := reading_path(loaded)).exists():
        return found
    try:
        reader = Reader.at(path)
    except JournalError:
        return found  # told once, with the service
    try:
        for name, door in loaded.settings.doors.items():
            found += of_till(name, door, reader, loaded.settings.shop.zone)
        return found
    finally:
        reader.close()


def _of_settings(loaded: Loaded, name: str) -> Iterator[Finding]:
    try:
        check_door(loaded, name)
    except BadSettings as wrong:
        why = str(wrong.facts.get("why") or wrong.facts.get("key") or wrong.slug)
        yield Finding("door_wrong", "wrong", {"name": name, "why": why})


def of_till(name: str, door: AnyDoor, reader: Reader, zone: str) -> Iterator[Finding]:
    """The till's last word that left a trace is its newest sale."""
    actor = str(till(name, door.counter).actor)
    rows = reader.list("sale", counter=door.counter, limit=NEWEST)
    mine = [row for row in rows if reader.of_subject(row.subject)[0].actor == actor]
    facts = {"name": name, "kind": door.kind, "counter": door.counter}
    if not mine:
        yield Finding("door_unused", "good", facts)
        return
    newest = mine[0]
    amount = Money(int(newest.body["amount_minor"]), str(newest.body["currency"]))
    when = Catalogue.load("en").date_time(newest.first_ms, ZoneInfo(zone))
    yield Finding("door_used", "good", {**facts, "amount": amount.plain(), "when": when})
    if untold := sum("till_not_told" in row.body["exceptions"] for row in mine):
        yield Finding("door_untold", "warning", {**facts, "count": str(untold)})
