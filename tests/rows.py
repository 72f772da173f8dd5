"""Which row of the product's feature table is shown by which test: ``python -m tests.rows`` prints docs/rows.md.

Tests say it themselves, by ``@pytest.mark.row(29, 52)``; names and what is still missing stand in rows.toml.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = Path(__file__).with_name("rows.toml")
SHOWN_AT_MOST = 6  # tests named in a cell; the rest is counted

HEAD = """# What is shown by which test

Made by `make rows` from the tests' own marks and `tests/rows.toml`; do not edit.

| row | feature | shown by | missing |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Named:
    """A row as rows.toml has it."""

    number: int
    name: str
    missing: str


@dataclass(frozen=True)
class Names:
    """``rows`` must be shown or explained; ``extra`` are named in case a test shows them."""

    strict: bool
    rows: dict[int, Named]
    extra: dict[int, Named]


def names(text: str) -> Names:
    told = tomllib.loads(text)
    rows = {int(n): Named(int(n), row["name"], row.get("missing", "")) for n, row in told["rows"].items()}
    extra = {int(n): Named(int(n), name, "") for n, name in told.get("extra", {}).items()}
    return Names(told["strict"], rows, extra)


def marked(path: str, text: str) -> Iterator[tuple[int, str]]:
    """(row, test) for every ``pytest.mark.row(…)`` on a test, on its class, or in the file's ``pytestmark``."""
    if "mark.row(" not in text:  # reading a file takes far longer than looking for a word
        return
    tree = ast.parse(text, path)
    whole_file = {
        row
        for node in tree.body
        if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node.targets[0])
        for row in _rows([node.value])
    }
    yield from _in_body(tree.body, path, whole_file)


def _in_body(body: list[ast.stmt], path: str, rows: set[int]) -> Iterator[tuple[int, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _in_body(node.body, path, rows | set(_rows(node.decorator_list)))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for row in sorted(rows | set(_rows(node.decorator_list))):
                yield row, f"{path}::{node.name}"


def _rows(nodes: Iterable[ast.AST]) -> Iterator[int]:
    for node in nodes:
        for child in ast.walk(node):
            if not (
                isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr == "row"
            ):
                continue
            if ast.unparse(child.func) == "pytest.mark.row":
                yield from (each.value for each in child.args if isinstance(each, ast.Constant))  # type: ignore[misc]  # ints, as the marker says


def collect(folder: Path) -> dict[int, list[str]]:
    shown: dict[int, list[str]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        for row, test in marked(file.relative_to(folder.parent).as_posix(), file.read_text("utf-8")):
            shown.setdefault(row, []).append(test)
    return shown


def table(known: Names, shown: dict[int, list[str]]) -> str:
    lines = []
    for number in sorted(known.rows.keys() | shown.keys()):
        row = known.rows.get(number) or known.extra[number]
        missing = row.missing or ("" if number in shown else "not yet")
        lines.append(f"| {number} | {row.name} | {_cell(shown.get(number, []))} | {missing} |\n")
    return HEAD + "".join(lines)


def _cell(tests: list[str]) -> str:
    """File and test, each file once."""
    files: dict[str, list[str]] = {}
    for test in tests[:SHOWN_AT_MOST]:
        path, _, name = test.partition("::")
        files.setdefault(path, []).append(name)
    parts = [f"`{path}`: " + ", ".join(names) for path, names in files.items()]
    rest = len(tests) - SHOWN_AT_MOST
    return "<br>".join(parts) + (f"<br>and {rest} more" if rest > 0 else "")


def unshown(known: Names, shown: dict[int, list[str]]) -> list[int]:
    """Rows with neither a test nor a word on what is missing."""
    return [row.number for row in known.rows.values() if not row.missing and row.number not in shown]


def nameless(known: Names, shown: dict[int, list[str]]) -> list[int]:
    """Rows that tests name and rows.toml does not know: a misspelt number, or a row to be named there."""
    return sorted(shown.keys() - known.rows.keys() - known.extra.keys())


if __name__ == "__main__":
    sys.stdout.write(table(names(NAMES.read_text("utf-8")), collect(ROOT / "tests")))
