"""A wish for a language becomes one that is complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.help.languages import LANGUAGES, accepted, nearest


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("zh", "zh-CN"),
        ("zh_Hans_CN", "zh-CN"),
        ("PT-br", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("en-GB", "en"),
        ("ar", "en"),
        ("", "en"),
    ],
)
def test_the_nearest_language(wish: str, language: str) -> None:
    assert nearest(wish) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("fr,pt-BR;q=0.7,en;q=0.3", "pt-BR"),
        ("en;q=0.1, zh;q=0.2", "zh-CN"),
        ("zh;q=0, en", "en"),
        ("zh;q=9, pt;q=x", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_browser_s_wish(header: str, language: str) -> None:
    assert accepted(header) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert accepted(header) in LANGUAGES
