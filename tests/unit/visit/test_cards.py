"""Sheet, cards, poster and record as lines: what must stand on them, in every language."""

from typing import Any, Final

import pytest

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.payments.receipt import Code, Receipt, Row
from terminal.visit.cards import SheetFacts, Told, poster, quick, record_page, safety, sheet
from terminal.visit.legs import Leg

HELP: Final = "http://127.0.0.1:7600/help"
FACTS: Final = SheetFacts("Tea 茶", "m1/s1", "1", "1.0.0", "http://127.0.0.1:7600/sign-in?visit=yes", "2026-01-31")


def words(language: str) -> dict[str, str]:
    return Catalogue.load(language).section("sheet", "card", "wizard", "bar", "people")


def said(lines: Receipt) -> str:
    return "\n".join(f"{each.left} {each.right}".strip() for each in lines if isinstance(each, Row))


def codes(lines: Receipt) -> list[str]:
    return [each.text for each in lines if isinstance(each, Code)]


@pytest.mark.row(95, 96)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_says_who_it_is_what_is_dead_with_its_fix_and_where_to_go(language: str) -> None:
    dead = Told(
        Leg("internet", "dead", "no_internet"), "Internet", "DEAD", "N-01", "No internet.", "Check the cable."
    )
    lines = sheet(FACTS, [Told(Leg("lan", "ok"), "Network", "OK"), dead], words(language))
    text = said(lines)
    assert all(each in text for each in ("Tea 茶", "m1/s1", "Network OK", "N-01 No internet.", "Check the cable."))
    assert codes(lines) == [FACTS.address]
    assert words(language)["sheet.code"] not in text, "no code was asked for"


@pytest.mark.row(95)
def test_the_visit_code_stands_there_for_people_and_is_in_no_picture() -> None:
    facts = SheetFacts(*("Tea", "m1/s1", "1", "1.0.0", FACTS.address, "now"), code="402913", minutes=15)
    lines = sheet(facts, [], words("en"))
    assert "402 913" in said(lines)
    assert "15 minutes" in said(lines)
    assert "402913" not in "".join(codes(lines)), "a photograph of the code opens nothing"


@pytest.mark.parametrize("language", LANGUAGES)
def test_cards_are_whole_and_numbered_and_lead_to_the_help(language: str) -> None:
    first, second = quick("Tea", HELP, words(language)), safety("Tea", HELP, words(language), refunds_ask=True)
    assert [codes(each) for each in (first, second)] == [[HELP], [HELP]]
    assert "5. " in said(first)
    assert "7. " in said(second)
    assert "7. " not in said(safety("Tea", HELP, words(language), refunds_ask=False)), (
        "only what this shop has set"
    )


def test_a_poster_has_the_shop_s_own_code_to_the_letter() -> None:
    text = "00020101021126330014br.gov.bcb.pix0111tea@shop.br"
    assert codes(poster("Tea", "Pix", text, words("pt-BR"))) == [text]


@pytest.mark.row(99)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_record_on_one_page_names_steps_signers_hash_and_key(language: str) -> None:
    step: dict[str, Any] = {"step": "cent", "result": "passed", "seconds": 95, "cause": "", "proof": {}}
    document = {
        "shop": {"title": "Tea"},
        "visit": {"id": "01K", "begun_ms": 1, "by": "person:1", "seconds": 1065},
        "steps": [step, {**step, "step": "faults", "result": "failed", "cause": "visit_ticks_missing"}],
        "left_out": ["training"],
        "devices": [{"role": "printer", "counter": "1", "model": "TM-T20", "serial": "X1", "result": "passed"}],
        "accepted_ms": 2,
        "signers": [{"person": "1", "name": "Ana", "role": "owner", "at_ms": 2}],
    }
    text = said(
        record_page(document, "9f2c" * 16, "K4QX 7M2A", words(language), str, lambda slug, _: f"why {slug}")
    )
    for each in ("17:45", "1:35", "why visit_ticks_missing", "TM-T20", "Ana (", "9f2c" * 4, "K4QX 7M2A"):
        assert each in text
    assert words(language)["card.not_done"] in text
