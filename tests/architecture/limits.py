"""Sizes, names and words: what fits on a screen, says what it holds, and points at nothing private."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Source

FILE_LINES = 400
TEST_FILE_LINES = 500
FUNCTION_LINES = 50
VAGUE = {"utils.py", "helpers.py", "manager.py", "base.py", "util.py", "helper.py", "misc.py", "common.py"}

# put together here so that this file does not hold them itself
PRIVATE = tuple(
    "".join(parts)
    for parts in (
        ("../", "shared"),
        ("/work", "/"),
        (".lib", "rary/"),
        ("faults", ".md"),
        ("design", ".md"),
        ("product", ".md"),
        ("style", ".md"),
        ("fact ", "sheet"),
        ("(faults", " "),
    )
)


def size_violations(source: Source) -> Iterator[str]:
    is_test = source.path.startswith("tests/")
    limit = TEST_FILE_LINES if is_test else FILE_LINES
    lines = source.text.count("\n")
    if lines > limit:
        yield f"{source.path}: {lines} lines, limit {limit}"
    if is_test:
        return
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{source.path}:{node.lineno}: {node.name} has {length} lines, limit {FUNCTION_LINES}"


def name_violations(source: Source) -> Iterator[str]:
    if source.path.rpartition("/")[2] in VAGUE:
        yield f"{source.path}: a name says what it holds"


def private_violations(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for word in PRIVATE:
            if word in line:
                yield f"{path}:{number}: refers to {word!r}, which nobody else has"
