"""Events as lines: words for every type the core writes, durations, evidence; slips as plain text."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from terminal.help.catalogue import Catalogue
from terminal.payments.attempt import State
from terminal.payments.event import Event, Ledger
from terminal.payments.receipt import Blank, Code, Row, Rule
from terminal.payments.refund import RefundState
from terminal.payments.sale import SaleState
from terminal.web.pages.timeline import paper_text, sentence, timeline

WORDS = Catalogue.load("en")


def _event(number: int, kind: str, wall_ms: int, mono_ns: int, body: Mapping[str, Any]) -> Event:
    return Event(
        number,
        "counter:1",
        number,
        kind,
        1,
        Ledger.TEST,
        "m",
        "s",
        "1",
        "S",
        "system:engine",
        wall_ms,
        mono_ns,
        body,
        b"",
    )


def test_durations_come_from_the_monotonic_clock_and_from_the_wall_across_a_restart() -> None:
    events = [
        _event(1, "sale_opened", 1_000, 5_000_000_000, {}),
        _event(2, "sale_parked", 999, 5_250_000_000, {}),  # the wall clock was set back meanwhile
        _event(3, "sale_parked", 3_999, 1_000_000, {}),  # another process: its own monotonic clock
    ]
    lines = timeline(events, WORDS, str, str)
    assert [(line.delta_ms, line.after_ms) for line in lines] == [(0, 0), (250, 250), (3_000, 3_250)]


@pytest.mark.row(133)
def test_proof_names_its_source_and_the_bank_s_number() -> None:
    body = {
        "attempt": "A1",
        "to": "paid",
        "signal": "success",
        "evidence": {"source": "notification", "id": "N1", "txn": "4200", "paid_at": "", "wallet": "w"},
    }
    (line,) = timeline([_event(1, "attempt_moved", 0, 0, body)], WORDS, str, str)
    assert line.text == "Paid, proved by the bank"
    assert line.tone == "good"
    assert ("Bank's number", "4200") in line.details
    assert ("Evidence from", "the bank's message") in line.details


@pytest.mark.parametrize("language", ["en", "zh-CN", "pt-BR"])
def test_every_state_the_core_can_reach_has_a_sentence(language: str) -> None:
    words = Catalogue.load(language)
    moves = [("attempt_moved", state) for state in State if state is not State.INTENT]
    moves += [("sale_moved", state) for state in SaleState]  # type: ignore[misc]  # another enum of text
    moves += [("refund_moved", state) for state in RefundState]  # type: ignore[misc]  # another enum of text
    unknown = words.text("timeline.other", type="x").partition("x")[0]
    for kind, state in moves:
        text = sentence(kind, {"to": state.value}, words)
        assert text
        assert not text.startswith(unknown)
    assert sentence("invented_later", {}, words).startswith(unknown)


def _details(language: str, *bodies: Mapping[str, Any]) -> list[list[tuple[str, str]]]:
    events = [_event(number, "attempt_moved", 0, 0, body) for number, body in enumerate(bodies, 1)]
    return [line.details for line in timeline(events, Catalogue.load(language), str, str)]


def test_reasons_are_words_and_a_signal_is_told_only_where_it_adds_something() -> None:
    refused = {"attempt": "A1", "to": "declined", "signal": "refused", "why": "no_funds: balance too low"}
    lost = {"attempt": "A1", "to": "unknown", "signal": "unclear"}
    ready = {"attempt": "A1", "to": "shown", "signal": "code_ready"}
    assert _details("en", refused, lost, ready) == [
        [("Why", "Not enough money in the wallet: balance too low"), ("Order at the bank", "A1")],
        [("Why", "the answer was unclear")],
        [],
    ]
    assert _details("zh-CN", {"to": "closing", "signal": "give_up", "why": "time_over"})[0][0][1] == "时间已到"


def test_an_error_of_the_registry_is_a_sentence_and_an_unknown_reason_is_itself() -> None:
    told = _details("en", {"to": "unknown", "why": "printer_paper_out"}, {"to": "unknown", "why": "http_502"})
    assert told == [[("Why", "The printer has no paper. The receipt is kept.")], [("Why", "http_502")]]


def test_an_order_is_named_where_it_changes() -> None:
    first, second = {"attempt": "A1", "to": "closing"}, {"attempt": "A2", "to": "sent"}
    named = [dict(each).get("Order at the bank") for each in _details("en", first, first, second, first)]
    assert named == ["A1", None, "A2", "A1"]


def test_what_a_person_decided_is_said_in_words() -> None:
    assert sentence("exception_closed", {"how": "attached"}, WORDS) == "Decided: attached to its sale"


def test_words_come_from_the_catalogue_and_values_never_become_placeholders() -> None:
    text = sentence("refund_started", {"reason": "{amount}", "amount_minor": 5, "currency": "CNY"}, WORDS)
    assert text == "Refund asked: {amount}"


def test_a_slip_as_text_counts_wide_characters_twice() -> None:
    slip = (Row("Tea House 茶馆", align="center"), Rule(), Row("金额", "¥28.50"), Blank(1), Code("CT:S-1"))
    lines = paper_text(slip, 24)
    assert lines[0] == "     Tea House 茶馆"
    assert lines[1] == "-" * 24
    assert lines[2] == "金额" + " " * 14 + "¥28.50"
    assert re.fullmatch(r" +\[QR CT:S-1\] *", lines[4])
