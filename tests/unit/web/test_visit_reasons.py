"""What a proof lacks is told in the reader's words; nothing of the English for the record is left on a page."""

from typing import Any

import pytest

from terminal.help.languages import LANGUAGES
from terminal.visit.proofs import LACKS, TICKS, prove_cent, prove_faults
from terminal.web.visit_reasons import in_words
from tests.unit.visit.test_proofs import sale


def lacks() -> list[dict[str, Any]]:
    wrong = ({"paid": False}, {"back": 0}, {"minor": 100, "back": 100}, {"opened_ms": 999})
    sales = [
        prove_cent([each], older=["Spush"] if each.opened_ms < 1000 else [], ways=("push",), told={})
        for each in (sale("push", **lack) for lack in wrong)
    ]
    ways = [prove_cent([], older=(), ways=each, told={}) for each in (("push",), ("pull",), ())]
    ticks = [prove_faults({**dict.fromkeys(TICKS, True), tick: False}) for tick in TICKS]
    return [dict(each.facts) for each in (*sales, *ways, *ticks)]


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_reason_has_words_in_every_language(language: str) -> None:
    found = lacks()
    assert {each["lacks"] for each in found if "lacks" in each} == set(LACKS), "none of them is left out here"
    told = [in_words({**each, "role": "x"}, language) for each in found]
    assert len({each["why"] for each in told}) == len(found), "each says something of its own"
    for before, after in zip(found, told, strict=True):
        assert after["why"] not in (before["why"], in_words(before, "en")["why"])
        assert after["role"] == "x"
        assert ("0007" in after["why"]) == ("no" in before)


@pytest.mark.parametrize(
    "facts",
    [{"why": "Errno 5"}, {"why": "sale 7 is blue", "lacks": "blue"}, {"why": "paper_out_left"}, {"why": 5}, {}],
)
def test_what_nobody_knows_stays_as_it_is(facts: dict[str, Any]) -> None:
    assert in_words(facts, "pt-BR") == facts
