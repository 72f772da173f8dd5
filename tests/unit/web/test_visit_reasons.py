"""What a proof lacks is told in the reader's words; nothing of the English for the record is left on a page."""

import pytest

from terminal.help.languages import LANGUAGES
from terminal.visit.proofs import TICKS, prove_cent, prove_faults
from terminal.web.visit_reasons import in_words
from tests.unit.visit.test_proofs import sale


def lacks() -> list[str]:
    wrong = ({"paid": False}, {"back": 0}, {"minor": 100, "back": 100}, {"opened_ms": 999})
    sales = [
        prove_cent([each], older=["Spush"] if each.opened_ms < 1000 else [], ways=("push",), told={})
        for each in (sale("push", **lack) for lack in wrong)
    ]
    ways = [prove_cent([], older=(), ways=each, told={}) for each in (("push",), ("pull",), ())]
    ticks = [prove_faults({**dict.fromkeys(TICKS, True), tick: False}) for tick in TICKS]
    return [str(each.facts["why"]) for each in (*sales, *ways, *ticks)]


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_reason_has_words_in_every_language(language: str) -> None:
    told = {why: in_words({"why": why, "role": "x"}, language) for why in lacks()}
    assert len({each["why"] for each in told.values()}) == len(told), "each says something of its own"
    for why, facts in told.items():
        assert facts["why"] not in (why, in_words({"why": why}, "en")["why"])
        assert facts["role"] == "x"
    assert "0007" in told["sale 7 is not paid"]["why"]


@pytest.mark.parametrize("why", ["Errno 5", "sale 7 is blue", "paper_out_left", 5])
def test_what_nobody_knows_stays_as_it_is(why: object) -> None:
    assert in_words({"why": why}, "pt-BR") == {"why": why}
