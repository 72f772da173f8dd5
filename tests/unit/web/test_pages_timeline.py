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
from terminal.web.pages_timeline import paper_text, sentence, timeline

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
    assert ("Evidence from", "notification") in line.details


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
