"""Every failure that the code can raise has its row in the error registry.

Not beside the registry's own tests: what reads all sources is in one part of ``make test``, which reads them once.
"""

import ast
from collections.abc import Iterator

import pytest

from terminal.help.registry import registry
from tests.architecture.source import product

ROWS = registry().errors


def raised() -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """(where, slug, names of its facts, None if they cannot be read off) of every failure in the sources."""
    family = {"TerminalError"}
    read = [each for each in product() if each.path.startswith(("terminal/", "drivers/"))]
    classes = [node for each in read for node in each.nodes if isinstance(node, ast.ClassDef)]
    for _ in range(3):  # families of families
        family |= {node.name for node in classes if {name_of(base) for base in node.bases} & family}
    for each in read:
        for node in each.nodes:
            if isinstance(node, ast.Call) and name_of(node.func) in family and node.args:
                facts = frozenset(word.arg for word in node.keywords if word.arg)
                whole = all(word.arg for word in node.keywords)
                for slug in constants(node.args[0]):
                    yield f"{each.path}:{node.lineno}", slug, facts if whole else None


def name_of(node: ast.expr) -> str:
    """The last word of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def constants(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return constants(node.body) + constants(node.orelse) if isinstance(node, ast.IfExp) else []


@pytest.mark.no_cover  # reads the sources, runs none of them
@pytest.mark.xdist_group("architecture")
@pytest.mark.row(136)
def test_every_failure_in_the_code_has_a_row_and_gives_the_facts_its_sentence_needs() -> None:
    found = list(raised())
    assert len(found) > 30, "the search itself is broken"
    missing = sorted({f"{slug} ({where})" for where, slug, _ in found if slug not in ROWS})
    assert not missing, f"no row in terminal/data/errors.toml for: {missing}"
    silent = [
        f"{where} {slug} without {sorted(ROWS[slug].facts - facts)}"
        for where, slug, facts in found
        if facts is not None and not ROWS[slug].facts <= facts
    ]
    assert not silent
