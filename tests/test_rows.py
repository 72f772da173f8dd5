"""The table of shown features is what the tests themselves say."""

from functools import cache

import pytest

from tests.rows import HEAD, NAMES, ROOT, Names, collect, marked, nameless, names, table, unshown

pytestmark = pytest.mark.xdist_group("architecture")  # the tests are read once

KNOWN = names(NAMES.read_text("utf-8"))
ASKED = {
    *range(1, 5),
    *range(6, 13),
    *range(17, 41),
    *range(41, 69),
    *range(69, 76),
    *(88, 89, 90, 93),
    *range(107, 124),
    *range(126, 130),
    *range(133, 139),
    *range(94, 107),
    *range(143, 156),
}


@cache
def shown() -> dict[int, list[str]]:
    """Every test file read once, by the worker that needs it."""
    return collect(ROOT / "tests")


def test_every_row_asked_for_has_a_name() -> None:
    assert set(KNOWN.rows) == ASKED
    assert all(row.name for row in KNOWN.rows.values())


def test_every_mark_names_a_known_row() -> None:
    assert nameless(KNOWN, shown()) == []


def test_the_table_is_complete_and_up_to_date() -> None:
    """Only from the day rows.toml says strict: before it, rows without a test read “not yet”."""
    printed = table(KNOWN, shown())
    assert printed.count("\n") == HEAD.count("\n") + len(KNOWN.rows.keys() | shown().keys())
    if KNOWN.strict:
        assert unshown(KNOWN, shown()) == []
        assert (ROOT / "docs" / "rows.md").read_text("utf-8") == printed, "run: make rows"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@pytest.mark.row(29, 52)\ndef test_a(): ...", [(29, "t.py::test_a"), (52, "t.py::test_a")]),
        ("@pytest.mark.row(7)\n@pytest.mark.slow\nasync def test_a(): ...", [(7, "t.py::test_a")]),
        ("@pytest.mark.row(7)\nclass TestB:\n    def test_c(self): ...", [(7, "t.py::test_c")]),
        ("pytestmark = pytest.mark.row(3)\ndef test_a(): ...", [(3, "t.py::test_a")]),
        ("pytestmark = [pytest.mark.row(3), pytest.mark.slow]\ndef test_a(): ...", [(3, "t.py::test_a")]),
        ("@pytest.mark.row(3)\ndef not_a_test(): ...", []),
        ("def test_a(): ...", []),
    ],
)
def test_marks_are_found(text: str, found: list[tuple[int, str]]) -> None:
    assert list(marked("t.py", text)) == found


def test_a_row_with_neither_test_nor_note_is_found() -> None:
    known = names(
        'strict = true\n[rows.1]\nname = "a"\n[rows.2]\nname = "b"\nmissing = "all"\n[rows.3]\nname = "c"'
    )
    assert unshown(known, {3: ["t.py::test_a"]}) == [1]
    assert nameless(known, {3: [], 99: []}) == [99]


def test_a_row_of_the_table_says_who_shows_it_and_what_is_missing() -> None:
    known = names(
        'strict = false\n[rows.1]\nname = "a"\n[rows.2]\nname = "b"\n[rows.3]\nname = "c"\nmissing = "d"'
    )
    assert isinstance(known, Names)
    tests = [f"t.py::test_{letter}" for letter in "abcdefgh"]
    assert table(known, {2: tests}).removeprefix(HEAD).splitlines() == [
        "| 1 | a |  | not yet |",
        "| 2 | b | `t.py`: test_a, test_b, test_c, test_d, test_e, test_f<br>and 2 more |  |",
        "| 3 | c |  | d |",
    ]
