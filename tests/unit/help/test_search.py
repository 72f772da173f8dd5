"""Help by symptom: what people say leads to codes, and every code of what stands on the counter has a symptom."""

import pytest

from terminal.help.languages import LANGUAGES
from terminal.help.registry import by_code, registry
from terminal.help.search import by_symptom, found, symptoms, table

ROWS = registry().errors


@pytest.mark.row(136, 154)
def test_every_symptom_leads_to_errors_that_exist_and_says_so_in_every_language() -> None:
    assert len(symptoms()) >= 20
    for name, each in symptoms().items():
        assert each.errors, name
        assert len(set(each.errors)) == len(each.errors), name
        assert [slug for slug in each.errors if slug not in ROWS] == [], name
        assert len({each.say(language) for language in LANGUAGES}) == len(LANGUAGES), name


@pytest.mark.row(154)
def test_everything_that_can_go_wrong_with_a_device_the_line_or_the_clock_is_found_by_a_symptom() -> None:
    named = {slug for each in symptoms().values() for slug in each.errors}
    areas = {"P", "D", "V", "S", "K", "N"}
    assert sorted(slug for slug, row in ROWS.items() if row.code[0] in areas and slug not in named) == []


@pytest.mark.row(154)
@pytest.mark.parametrize(
    ("query", "language", "slug"),
    [
        ("paper", "en", "printer_paper_out"),
        ("receipt does not come out", "en", "printer_paper_out"),
        ("打不出来", "zh-CN", "printer_paper_out"),
        ("não sai papel", "pt-BR", "printer_paper_out"),
        ("account locked", "en", "pin_locked"),
        ("records incomplete", "en", "bill_missing"),
        ("no internet", "pt-BR", "no_internet"),  # the English words too: nobody knows which language was meant
    ],
)
def test_what_people_say_leads_to_its_code(query: str, language: str, slug: str) -> None:
    seen = [entry.slug for each in by_symptom(query, language) for entry in each.entries]
    assert slug in seen[:3]
    assert found(query, language)[0].slug == seen[0]


@pytest.mark.parametrize("query", ["", "x" * 5000, "' OR 1=1 --", "<script>", "\x00", "%s {slug}", "١٢٣"])
def test_bad_input_any_query_is_only_words(query: str) -> None:
    entries = found(query, "en")
    assert (len(entries) == len(ROWS)) == (query == "")
    assert all(by_code(each.told.code) == each.slug for each in entries)


def test_the_table_has_every_code_once() -> None:
    codes = [row[0] for row in table()]
    assert codes == sorted(codes)
    assert len(codes) == len(set(codes)) == len(ROWS)
