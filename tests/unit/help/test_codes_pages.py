"""Every printed code has its page in three languages, and no page of its own name hides one."""

import pytest

from terminal.help.languages import LANGUAGES
from terminal.help.registry import by_code, describe, registry
from terminal.web.pages.care import care_routes
from terminal.web.pages.help import help_routes


@pytest.mark.row(136, 154)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_leads_to_its_own_page_in_this_language(language: str) -> None:
    for slug, row in registry().errors.items():
        told = describe(slug, {}, language)
        assert told.help_path == f"/help/{row.code}"
        assert by_code(told.help_path.removeprefix("/help/").lower()) == slug
        assert told.sentence
        assert told.fix


def test_no_page_of_help_hides_a_code() -> None:
    """``/help/contact`` and its like come before ``/help/{code}``."""
    named = [
        each.path.removeprefix("/help/")
        for each in (*care_routes(), *help_routes())
        if each.path.startswith("/help/")
    ]
    fixed = [each for each in named if "{" not in each]
    assert {"contact", "safety"} <= set(fixed)
    assert [each for each in fixed if by_code(each)] == []
