"""Help by symptom, and where signing in may lead."""

import pytest

from terminal.help.registry import registry
from terminal.help.search import found
from terminal.web.pages.signing_in import inside


@pytest.mark.row(136)
def test_help_is_found_by_code_by_words_and_in_every_language() -> None:
    assert [each.told.code for each in found("P-01", "en")] == ["P-01"]
    assert "P-01" in [each.told.code for each in found("paper roll", "en")]
    assert "P-01" in [each.told.code for each in found("缺纸", "zh-CN")]
    assert len(found("", "pt-BR")) == len(registry().errors)
    assert found("no such thing anywhere", "en") == []


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("/c/1/till", "/c/1/till"),
        ("/sales?q=1", "/sales"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/c", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("c/1", "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(address: str, where: str) -> None:
    assert inside(address) == where
