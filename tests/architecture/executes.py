"""Data never becomes a program: no eval, no pickle, no shell, no SQL put together from values (S4)."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Source

LOADERS = ("pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle")
CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "asyncio.create_subprocess_shell", "pickle.loads"}
SQL_METHODS = {"execute", "executemany", "fetch", "fetchrow", "fetchval"}
NAMES_ALONE = {
    "terminal/journal/postgres/schema.py": "the schema's name, checked where the settings are read",
    "terminal/journal/postgres/view.py": "pragmas of this file's own table",
    "terminal/journal/projection.py": "names of our own tables",
    "terminal/journal/schema.py": "pragmas of this file's own table, the number of a migration",
    "terminal/settlement/spool.py": "pragmas of this file's own table",
}
"""Names of tables and pragmas cannot be bound. In capitals they are seen to be the program's own; here said."""


def execution_violations(source: Source) -> Iterator[str]:
    for line, module, _ in source.imports:
        if module.partition(".")[0] in LOADERS:
            yield f"{source.path}:{line}: {module} builds objects out of bytes"
    for node in source.nodes:
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in CALLS:
                yield f"{source.path}:{node.lineno}: {name}"
            if any(word.arg == "shell" and not _is_false(word.value) for word in node.keywords):
                yield f"{source.path}:{node.lineno}: a shell"
            sql = name.rpartition(".")[2] in SQL_METHODS and source.path not in NAMES_ALONE
            if sql and node.args and _from_values(node.args[0]):
                yield f"{source.path}:{node.lineno}: SQL with values in its text; bind them"


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _from_values(node: ast.expr) -> bool:
    """Text into which something else than a constant of the program is put."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) and not _constant(part.value) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return any(not _constant(side) for side in (node.left, node.right))
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def _constant(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    named = isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).rpartition(".")[2].isupper()
    return isinstance(node, ast.Constant) or named
