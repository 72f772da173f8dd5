"""A file takes another's place in one way alone: any other forgets mode, sync, folder or a planted link."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Source

HOME = "terminal/whole_file.py"
_WRITES = {"write_bytes", "write_text"}


def whole_file_violations(source: Source) -> Iterator[str]:
    """A function that writes a file and then gives it the place of another one."""
    if source.path == HOME or not any(isinstance(x, ast.Call) and _takes_a_place(x) for x in source.nodes):
        return
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
            if any(map(_writes, calls)) and any(map(_takes_a_place, calls)):
                yield f"{source.path}:{node.lineno}: {node.name} writes a whole file by itself, not as {HOME} does"


def _writes(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "os.open" or (
        isinstance(call.func, ast.Attribute) and call.func.attr in _WRITES
    )


def _takes_a_place(call: ast.Call) -> bool:
    """``Path.replace`` takes one argument; that of a text takes two, that of a date or a value names them."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "replace" or call.keywords:
        return False
    return len(call.args) == (2 if ast.unparse(call.func.value) == "os" else 1)
