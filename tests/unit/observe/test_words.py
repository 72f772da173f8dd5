"""Every piece of a sale and every call to a bank has words in every language."""

from typing import get_args

import pytest

from terminal.banks.connector import Act
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.observe.stages import CallTold, Stage
from terminal.payments.notice import (
    Accepted,
    Answer,
    CodeReady,
    NotSent,
    NotThere,
    Paying,
    RefundTold,
    RefundTrade,
    Refusal,
    Refused,
    Told,
    Trade,
    Unclear,
    outcome_of,
)
from terminal.web.story import bars, call_lines

NAMES = ("bank_code", "glass", "customer", "proof", "checking", "voice", "paper")
PLAIN: tuple[Answer, ...] = (
    *(CodeReady("x"), Accepted(), Paying(), NotThere(), NotSent("x"), Unclear("x")),
    Refused(Refusal.NO_FUNDS),
)
OUTCOMES = [outcome_of(each) for each in PLAIN] + [each.value for each in Trade] + ["given_up"]
OUTCOMES += [f"refund_{each.value}" for each in RefundTrade]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_calls_and_their_ends_have_words(language: str) -> None:
    words = Catalogue.load(language)
    assert all(each.label for each in bars([Stage(name, 0, 1) for name in NAMES], words))
    acts = set(get_args(Act)) - {"keys", "bill"}
    for outcome in OUTCOMES:
        for act in acts:
            (line,) = call_lines([CallTold("w", act, outcome, 0, 1)], words)
            assert line.text != f"{act}: {outcome}"
            assert f"story.act_{act}" in words.names()
            assert f"story.outcome_{outcome}" in words.names()


def test_every_answer_of_a_provider_has_an_outcome_of_few_words() -> None:
    assert {type(each) for each in PLAIN} | {Told, RefundTold} == set(get_args(Answer))
    assert len(set(OUTCOMES)) < 24
    assert all(len(each) <= 20 for each in OUTCOMES)
