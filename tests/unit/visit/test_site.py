"""What a visit reads of its machine: practice journals, networks, accounts by their last characters."""

from pathlib import Path
from typing import Any

import msgspec

from terminal.chance import Chance
from terminal.journal.keys import JournalKeys
from terminal.journal.records import Identity
from terminal.journal.sqlite import SqliteJournal
from terminal.payments.event import Actor, Ledger, NewEvent
from terminal.settings.channel_tables import WeChatPayTable, payee
from terminal.virtual_time import VirtualClock, VirtualEntropy, run
from terminal.visit.steps import Visit
from terminal.wiring.visit_lessons import NOTHING, practised, since
from terminal.wiring.visit_site import masked

MEI = Actor("person", "mei")


def ended(subject: str, kind: str, **row: Any) -> NewEvent:
    told = {"kind": kind, "final": True, "actor": str(MEI), "place": "1", **row}
    body = {
        "points": 9,
        "possible": 10,
        "passed": True,
        "gave_away": False,
        "seconds": 60,
        "index": {"summary": told},
    }
    return NewEvent("store:s", "exam_ended", subject, MEI, body)


def test_lessons_and_exams_that_ended_since_the_visit_began_are_read_beside_the_practice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert practised(path, 0) == NOTHING

    async def practise() -> int:
        clock = VirtualClock()
        journal = SqliteJournal.open(
            path,
            identity=Identity("m", "s", Ledger.TRAINING),
            clock=clock,
            entropy=VirtualEntropy(1),
            keys=JournalKeys.make(Chance("keys")),
            inline=True,
        )
        lesson = {"lesson": "take-money", "exam": ""}
        await journal.append([ended("L1", "lesson", state="passed", **lesson)])
        await journal.append([ended("E1", "exam", state="ended", passed=True, percent=90)])
        await journal.append([ended("E2", "exam", state="begun")])
        await journal.close()
        return clock.wall_ms()

    now_ms = run(practise(), seed=1)
    found = practised(path, 0)
    assert [(each["lesson"], each["result"]) for each in found["lessons"]] == [("take-money", "passed")]
    assert [(each["passed"], each["percent"], each["by"]) for each in found["exams"]] == [(True, 90, "person:mei")]
    assert practised(path, now_ms + 1) == {"lessons": [], "exams": []}


def test_d8_an_exam_belongs_to_the_visit_whatever_the_clock_said_when_that_began() -> None:
    tomorrow = Visit("V", 86_400_000, "person:li")
    begun = [
        {"counter": "2", "at_ms": 7000, "by": "person:li"},
        {"counter": "1", "at_ms": 5000, "by": "person:li"},
    ]
    assert since(tomorrow, begun) == 5000, "a failed exam of this visit would not be seen"
    assert since(tomorrow, []) == tomorrow.begun_ms


def test_an_account_is_shown_by_its_last_characters_only() -> None:
    table = WeChatPayTable(gateway="", mchid="1900000109", appid="wx0000000000000000", merchant_key_file="k")
    assert masked(payee(table)) == "…0109"
    assert masked("") == ""
    told = msgspec.json.encode({"account": {"iban": "DE89370400440532013000", "name": "Abc"}}).decode()
    assert masked(told) == "…3000 …", "what is short is not shown at all"
