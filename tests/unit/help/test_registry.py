"""The error registry is complete and consistent; that it covers every failure: tests/test_failures.py."""

import re
from collections import Counter
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.errors import TerminalError
from terminal.help.languages import LANGUAGES
from terminal.help.registry import FACT_MAX, PLACEHOLDER, by_code, describe, fill, registry

ROWS = registry().errors


@pytest.mark.row(136)
def test_every_row_is_complete_in_every_language() -> None:
    for slug, row in ROWS.items():
        for language in LANGUAGES:
            sentence, fix = row.texts(language)
            assert sentence.strip() == sentence != "", (slug, language)
            assert fix.strip() == fix != "", (slug, language)
            named = frozenset(PLACEHOLDER.findall(sentence + fix))
            assert named == row.facts, (slug, language, named)
            assert not re.search(r"[{}]", PLACEHOLDER.sub("", sentence + fix)), (slug, language)
            assert len(sentence) <= 110, (slug, language, "short, for a busy shopkeeper")
            assert sentence[-1] in ".。！!", (slug, language)
        assert re.search("[一-鿿]", row.zh[0]), (slug, "is not Chinese")
        assert row.pt[0] != row.en[0], (slug, "is not Portuguese")


def test_codes_are_unique_well_formed_and_named_by_area() -> None:
    codes = Counter(row.code for row in ROWS.values())
    assert max(codes.values()) == 1, codes.most_common(3)
    areas = registry().areas
    for code in codes:
        assert re.fullmatch(r"[A-Z]-[0-9]{2,3}", code), code
        assert code[0] in areas, code
    assert set(areas) == {code[0] for code in codes}
    assert all(set(names) == set(LANGUAGES) for names in areas.values())
    assert all(row.status in {status.value for status in HTTPStatus} for row in ROWS.values())


def test_a_failure_in_words() -> None:
    error = TerminalError("refund_too_much", left="12.50")
    told = describe(error.slug, error.facts, "zh-CN")
    assert told.sentence == "退款超过剩余可退金额：12.50。"
    assert (told.status, told.title) == (422, "请求")
    assert told.help_path == f"/help/{told.code}"
    assert by_code(told.code.lower()) == "refund_too_much"
    assert by_code("Z-99") is None


def test_an_unknown_slug_or_language_still_gives_a_sentence() -> None:
    assert describe("never_heard_of", {}, "xx").code == describe("internal", {}).code
    assert describe("printer_gone", {}, "pt").title == "Impressora"


def test_a_fact_that_was_not_given_leaves_a_mark_not_a_crash() -> None:
    assert "…" in describe("sale_live", {}).sentence


@given(st.text(), st.text())
def test_w2_facts_are_data_never_format_and_never_long(value: str, other: str) -> None:
    filled = fill("a {one} b {two} c", {"one": value, "two": other})
    assert filled.startswith("a ")
    assert filled.endswith(" c")
    assert len(filled) <= 2 * FACT_MAX + 7
    assert not re.search(r"[\x00-\x1f\x7f\u202e\u2028]", filled)


def test_w2_braces_inside_a_fact_stay_text() -> None:
    assert fill("{one}", {"one": "{two} {0.__class__}", "two": "secret"}) == "{two} {0.__class__}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_d4_a_full_disk_is_told_with_what_is_safe_and_what_a_person_does(language: str) -> None:
    """Nothing goes on by itself after a full disk but what starts the program again: do not promise it."""
    sentence, fix = ROWS["disk_full"].texts(language)
    assert {"en": "is safe", "zh-CN": "不会丢失", "pt-BR": "está seguro"}[language] in sentence
    assert "Countertop" in fix
