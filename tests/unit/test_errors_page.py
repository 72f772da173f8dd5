"""docs/integrate/errors.md has every code, as the registry says it, and its links lead."""

import re

import pytest

from tests import errors_page


@pytest.mark.row(136, 154)
def test_the_page_is_what_the_registry_says() -> None:
    assert errors_page.PAGE.read_text("utf-8") == errors_page.page(), "run: make errors"


def test_every_link_of_the_page_has_its_place_on_it() -> None:
    text = errors_page.page()
    places = set(re.findall(r'<a id="([a-z0-9_]+)">', text))
    assert set(re.findall(r"\]\(#([a-z0-9_]+)\)", text)) <= places
