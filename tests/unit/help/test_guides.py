"""Guides: every text escaped, the same parts in each language, every link leads, every command is real."""

import re

import pytest

from terminal.help import guides
from terminal.help.guide_text import headings, links, to_html
from terminal.help.languages import LANGUAGES
from terminal.help.registry import by_code

EVERY = [(name, language) for name in guides.NAMES for language in LANGUAGES]
PAGES = {"/help", "/help/contact", "/help/safety", "/help/privacy", "/cases"}
pytestmark = pytest.mark.row(153)


def same(link: str) -> str:
    return link


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# A\n## B", '<h1 id="s0">A</h1>\n<h2 id="s1">B</h2>'),
        ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>"),
        ("- a\n- b\n  more", "<ul><li>a</li><li>b more</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("- [ ] a", '<ul><li class="check"><span aria-hidden="true">☐</span> a</li></ul>'),
        ("text\n- a", "<p>text</p>\n<ul><li>a</li></ul>"),
        ("- a\n1. b", "<ul><li>a</li></ul>\n<ol><li>b</li></ol>"),
        (
            "| h |\n| --- |\n| c |",
            '<table><thead><tr><th scope="col">h</th></tr></thead><tbody><tr><td>c</td></tr></tbody></table>',
        ),
        ("**b** `c` [t](/help)", '<p><strong>b</strong> <code>c</code> <a href="/help">t</a></p>'),
        ("", ""),
    ],
)
def test_what_is_known_becomes_what_it_should(text: str, shown: str) -> None:
    assert to_html(text, same) == shown


@pytest.mark.parametrize(
    "text", ["<b>", '"onload="x', "**<i>**", "`</code><script>`", "# <script>", "| <td> |", "- <li>"]
)
def test_w1_no_text_becomes_markup(text: str) -> None:
    made = to_html(text, same)
    assert not re.search(r"<(script|b>|i>)|<td> ?</td><|onload=\"", made), made
    assert "&" in made


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://x.example", "//x.example/a", "../secret", "data:x"]
)
def test_w1_a_guide_leads_to_no_other_place(link: str) -> None:
    text = f"[t]({link})"
    with pytest.raises(ValueError, match="links to"):
        to_html(text, same)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_guide_is_there_in_every_language_with_the_same_parts(name: str, language: str) -> None:
    text, english = guides.guide(name, language), guides.guide(name, "en")
    assert text is not None
    assert english is not None
    assert [each.level for each in headings(text)] == [each.level for each in headings(english)]
    assert links(text) == links(english)
    assert re.findall(r"`[^`]+`", text) == re.findall(r"`[^`]+`", english), "keys, commands and codes"
    assert text.count("\n|") == english.count("\n|")
    assert text.count("- [ ]") == english.count("- [ ]")
    if language != "en":
        assert guides.title(name, language) != guides.title(name, "en")


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_link_and_code_of_a_guide_leads_somewhere_offline(name: str, language: str) -> None:
    text = guides.guide(name, language)
    assert text is not None
    for link in links(text):
        place = guides.place(link)
        assert place in PAGES or place.removeprefix("/help/guide/") in guides.NAMES, link
    for code in re.findall(r"`([A-Z]-\d\d)`", text):
        assert by_code(code), code


def test_a_guide_that_is_not_there_is_none() -> None:
    assert guides.guide("../errors", "en") is None
    assert guides.page("nothing", "en") is None


@pytest.mark.row(154)
@pytest.mark.parametrize(
    ("query", "language", "name"),
    [
        ("sticker", "en", "shopkeeper"),
        ("power went out", "en", "incidents"),
        ("停电", "zh-CN", "incidents"),
        ("Faltou luz", "pt-BR", "incidents"),
        ("doctor --fix", "en", "visit"),
    ],
)
def test_a_search_finds_the_part_and_its_place(query: str, language: str, name: str) -> None:
    found = guides.search(query, language)
    assert any(each.path.startswith(f"/help/guide/{name}#s") for each in found)
    for each in found:
        body = guides.page(each.path.removeprefix("/help/guide/").partition("#")[0], language)
        assert body is not None
        assert f'id="{each.path.partition("#")[2]}"' in body[1]


@pytest.mark.parametrize("query", ["", "   ", "\x00", "x" * 3000, "<script>", "zzzz qqqq"])
def test_bad_input_a_search_without_sense_finds_nothing(query: str) -> None:
    assert guides.search(query, "en") == []


def test_the_shopkeepers_guide_is_about_four_pages() -> None:
    """400 words of English a printed page with tables; a guide that nobody reads to its end helps nobody."""
    text = guides.guide("shopkeeper", "en")
    assert text is not None
    assert 900 <= len(text.split()) <= 1700
