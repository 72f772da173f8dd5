"""Plots: sizes in proportion, words for who does not see them, and hostile names that stay text."""

import re
from xml.etree import ElementTree

import pytest

from terminal.web.pages.plot import NAME_MAX, TALL, WIDE, Bar, Picture, columns, rows

PICTURE = Picture("hours", "By hour", "The most: 14:00, ¥28.50")
HOSTILE = ("</title><script>run()</script>", '"><img src=x onerror=run()>', "]]>&amp;<!--", "茶" * 80)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(text).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def bars(root: ElementTree.Element, kind: str) -> list[dict[str, int]]:
    found = [each for each in root.iter(f"{SVG}rect") if each.get("class") == kind]
    return [{name: int(each.attrib[name]) for name in ("x", "y", "width", "height")} for each in found]


@pytest.mark.row(113)
def test_columns_stand_on_one_line_in_proportion_and_nothing_has_no_bar() -> None:
    root = drawn(columns(PICTURE, [Bar("9", 1000, "¥10.00"), Bar("10", 0, "¥0.00"), Bar("11", 500, "¥5.00")]))
    one, half = bars(root, "first")
    assert one["height"] == 2 * half["height"]
    assert one["y"] + one["height"] == half["y"] + half["height"]
    assert one["x"] < half["x"] + half["width"] <= WIDE


def test_a_small_sale_is_no_missing_one_and_below_zero_is_nothing() -> None:
    root = drawn(columns(PICTURE, [Bar("1", 10**12, "much"), Bar("2", 1, "little"), Bar("3", -5, "back")]))
    assert [each["height"] > 0 for each in bars(root, "first")] == [True, True]
    assert all(0 <= each["y"] <= TALL for each in bars(root, "first"))


@pytest.mark.row(34)
def test_settled_beside_paid_is_hatched_so_that_no_colour_is_needed() -> None:
    told = [Bar("21", 1000, "Paid ¥10.00", 600, "Settled ¥6.00"), Bar("22", 800, "Paid ¥8.00", 0, "Settled ¥0.00")]
    root = drawn(columns(PICTURE, told))
    assert (len(bars(root, "first")), len(bars(root, "second"))) == (2, 1)
    assert len([each for each in root.iter(f"{SVG}path") if each.get("class") == "hatch"]) == 1
    assert "21: Paid ¥10.00, Settled ¥6.00" in [each.text for each in root.iter(f"{SVG}title")]


def test_a_plot_has_a_name_and_a_description_that_its_role_points_at() -> None:
    root = drawn(rows(PICTURE, [Bar("Alipay", 1, "¥0.01")]))
    assert root.get("role") == "img"
    ids = {each.get("id"): each.text for each in root.iter() if each.get("id")}
    assert [ids[each] for each in str(root.get("aria-labelledby")).split()] == [PICTURE.title, PICTURE.desc]


@pytest.mark.parametrize("draw", [columns, rows])
@pytest.mark.parametrize("text", HOSTILE)
def test_s27_hostile_names_are_text_and_nothing_else(draw: type, text: str) -> None:
    picture = Picture("x", text, text)
    made = str(draw(picture, [Bar(text, 5, text, 3, text)]))
    root = drawn(made)  # well formed: nothing got out of its element
    allowed = {"svg", "title", "desc", "g", "rect", "path", "text"}
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= allowed
    assert not re.search(r"\son[a-z]+=|style=|href=", re.sub(r">[^<]*<", "><", made)), "no script, no inline style"
    assert all(len(each.text or "") <= NAME_MAX for each in root.iter(f"{SVG}text"))
    assert text in [each.text for each in root.iter(f"{SVG}title")]


@pytest.mark.parametrize("draw", [columns, rows])
def test_no_bars_are_an_empty_picture(draw: type) -> None:
    assert bars(drawn(draw(PICTURE, [])), "first") == []
