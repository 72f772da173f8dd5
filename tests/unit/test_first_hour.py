"""The integrator's hour in every language: the same steps, commands, programs, files and links; the page's words.

The English one is run (tests/flows/test_lab_page.py, tests/unit/testing/test_pages.py): what is the same needs no
second run.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from terminal.help.catalogue import Catalogue
from terminal.help.languages import FALLBACK, LANGUAGES

FOLDER: Final = Path(__file__).parents[2] / "docs" / "integrate"
FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
OTHERS: Final = [each for each in LANGUAGES if each != FALLBACK]
pytestmark = pytest.mark.row(153)


def file(language: str) -> str:
    return "first-hour.md" if language == FALLBACK else f"first-hour.{language}.md"


def page(language: str) -> str:
    return (FOLDER / file(language)).read_text("utf-8")


def words(text: str) -> str:
    """Without its blocks."""
    return FENCE.sub("", text)


@pytest.mark.parametrize("language", OTHERS)
def test_every_block_is_the_one_that_is_run(language: str) -> None:
    assert FENCE.findall(page(language)) == FENCE.findall(page(FALLBACK))


@pytest.mark.parametrize("language", OTHERS)
def test_its_parts_minutes_names_and_links_are_the_same(language: str) -> None:
    here, there = words(page(language)), words(page(FALLBACK))
    assert re.findall(r"^(#+) \D*([0-9]*)", here, re.MULTILINE) == re.findall(
        r"^(#+) \D*([0-9]*)", there, re.MULTILINE
    )
    assert sorted(re.findall(r"`[^`]+`", here)) == sorted(re.findall(r"`[^`]+`", there)), "commands and names"
    pages = {file(each) for each in LANGUAGES}
    assert [each for each in LINK.findall(here) if each not in pages] == [
        each for each in LINK.findall(there) if each not in pages
    ]
    paragraphs = [text for text in here.split("\n\n") if text.strip()]
    assert len(paragraphs) == len([text for text in there.split("\n\n") if text.strip()])


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_the_words_of_the_page_it_sends_people_to(language: str) -> None:
    lab = Catalogue.load(language)
    assert re.findall(r"\*\*(.+?)\*\*", words(page(language))) == [lab.text("lab.scan_glass"), lab.text("lab.pay")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_leads_to_the_others_and_is_in_its_own_language(language: str) -> None:
    others = {file(each) for each in LANGUAGES if each != language}
    assert others <= set(LINK.findall(page(language)))
    titles = {each: page(each).splitlines()[0] for each in LANGUAGES}
    assert len({*titles.values()}) == len(LANGUAGES)
