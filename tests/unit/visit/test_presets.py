"""Presets are data: every key is a setting, every answer leads to one, each says why in three languages."""

import itertools
from typing import get_args

import msgspec
import pytest

from terminal.errors import NotFound
from terminal.settings import Shop, SpeakerTable
from terminal.visit.presets import (
    FOLDER,
    QUESTIONS,
    Answers,
    Internet,
    Peak,
    Sells,
    Works,
    YesNo,
    answers_of,
    preset,
    presets,
    propose,
    proposed,
)

NEVER = {"merchant", "store", "title", "lines", "currency", "zone"}  # who a shop is, no preset says
CHOICES = (get_args(Sells), get_args(Peak), get_args(YesNo), get_args(YesNo), get_args(Internet), get_args(Works))
STALL = {
    "sells": "stall",
    "peak": "under_60",
    "printer": "no",
    "scanner": "no",
    "internet": "mobile",
    "works": "alone",
}


@pytest.mark.parametrize("name", sorted(presets()))
@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
def test_every_key_of_a_preset_is_a_setting_with_a_value_that_the_settings_take(name: str, currency: str) -> None:
    found = preset(name)
    whole = found.shop | {key: value for each in found.when for key, value in each.shop.items()}
    assert not whole.keys() & NEVER
    told = {**found.settings(currency), "merchant": "m", "store": "s", "title": "t"}
    shop = msgspec.convert(told, Shop)
    assert shop.cashier_limit_minor <= shop.limit_minor
    assert shop.cashier_refund_day_minor <= (shop.refund_day_minor or shop.limit_minor)
    if quiet := found.counter.quiet:
        msgspec.convert({"port": "link:/dev/x", "quiet": list(quiet)}, SpeakerTable)


def test_each_file_has_its_preset_and_the_five_shops_are_there() -> None:
    assert {each.stem for each in FOLDER.glob("*.toml")} == set(presets())
    assert set(presets()) >= {"stall", "stall-no-printer", "convenience", "restaurant", "pharmacy"}
    assert len({each.rank for each in presets().values()}) == len(presets())


def test_every_possible_answer_has_a_proposal_that_says_why() -> None:
    seen = set()
    for answer in itertools.product(*CHOICES):
        found = propose(Answers(*answer))
        seen.add(found.preset.name)
        for each in found.says:
            for text in (each.en, each.zh, each.pt):
                assert text.strip() == text != ""
                assert text[-1] in ".。"
            assert len({each.en, each.zh, each.pt}) == 3
    assert seen == set(presets()), "one is never proposed"


def test_answers_move_what_the_preset_says_and_sets() -> None:
    found = proposed(STALL, "CNY")
    assert isinstance(found, dict)
    assert (found["preset"], found["shop"]["offline"], len(found["says"])) == ("stall-no-printer", "list", 2)
    steady = proposed({**STALL, "internet": "cable", "printer": "yes"}, "CNY")
    assert isinstance(steady, dict)
    assert (steady["preset"], steady["shop"].get("offline"), len(steady["says"])) == ("stall", None, 1)


def test_i12_amounts_are_scaled_to_the_shops_own_money() -> None:
    found = preset("convenience")
    assert [found.settings(each)["cashier_refund_minor"] for each in ("CNY", "JPY", "KWD")] == [2000, 20, 20000]


def test_an_answer_that_is_missing_or_unknown_is_named() -> None:
    assert "robots" in str(answers_of({**STALL, "works": "robots"}))
    for name in QUESTIONS:
        assert answers_of({key: value for key, value in STALL.items() if key != name}) == name
    assert isinstance(answers_of({**STALL, "preset": "stall"}), Answers), "more may be told"
    with pytest.raises(NotFound, match="preset_unknown"):
        preset("casino")
