"""Which events the program can append, and with which fields: read from its source, not from a run.

An event is made by a call that ``APPENDERS`` knows. A type that the reader cannot make out is an error, so that
nobody appends what the catalogue of docs/events.md does not list.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
NOT_PRODUCT: Final = (  # other books, other events
    *("terminal/sandbox/", "terminal/lab/", "terminal/simulation/", "terminal/testing/"),
)
INDEX: Final = "index"  # for the tables beside the log; no caller ever sees it


@dataclass(frozen=True, slots=True)
class Appender:
    """Where in a call the type and the fields stand; fields given by name where ``body`` is None."""

    type: int
    body: int | None
    always: frozenset[str] = frozenset()
    not_fields: frozenset[str] = frozenset()


APPENDERS: Final = {
    "Fact": Appender(0, 1, not_fields=frozenset({"owes", "settles", "claims"})),
    "NewEvent": Appender(1, 4),
    "note": Appender(2, None, always=frozenset({"at_ms"})),
    "_store_event": Appender(0, 2),
    "put_on_record": Appender(0, 3),
    "record": Appender(0, None),
    "_at_place": Appender(0, None, always=frozenset({"position"})),  # of a webhook: what moves its place
}
PASSED_ON: Final = {  # they make an event of what they were given; the calls of them are read instead
    ("terminal/counter/book.py", "_events"),
    ("terminal/counter/outbox.py", "note"),
    ("terminal/counter/notices.py", "_store_event"),
    ("terminal/counter/shopwide.py", "put_on_record"),
    ("terminal/people/roll.py", "record"),
    ("terminal/hooks/register.py", "_append"),
    ("terminal/hooks/courier.py", "_at_place"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """One place that makes events of this type."""

    type: str
    fields: frozenset[str]
    where: str


class Unreadable(Exception):
    """An event is made in a way this reader does not understand: write it plainer, or teach the reader."""


@cache
def made(root: Path = ROOT) -> tuple[Made, ...]:
    """Every place of the program, read once a process."""
    files = {each.relative_to(root).as_posix(): each for each in sorted((root / "terminal").rglob("*.py"))}
    return tuple(
        found
        for path, file in files.items()
        if not path.startswith(NOT_PRODUCT)
        for found in of_source(path, file.read_text("utf-8"))
    )


def of_source(path: str, text: str) -> Iterator[Made]:
    if not any(f"{name}(" in text for name in APPENDERS):
        return  # nothing is called so: most files, and parsing is what takes time here
    tree = ast.parse(text, path)
    constants = {
        target.id: node.value
        for node in tree.body
        for target in _targets(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
    }
    yield from _within(tree, path, [_Scope(constants)])


@dataclass(slots=True)
class _Scope:
    names: dict[str, ast.expr]
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None


def _targets(node: ast.AST) -> list[ast.Name]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [each for each in targets if isinstance(each, ast.Name)]


def _within(node: ast.AST, path: str, scopes: list[_Scope]) -> Iterator[Made]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            names = {
                target.id: each.value
                for each in ast.walk(child)
                for target in _targets(each)
                if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None
            }
            yield from _within(child, path, [*scopes, _Scope(names, child)])
            continue
        if isinstance(child, ast.Call) and (appender := APPENDERS.get(_called(child))) is not None:
            function = next((each.function for each in reversed(scopes) if each.function), None)
            if (path, function.name if function else "") not in PASSED_ON:
                yield from _read(child, appender, path, scopes)
        yield from _within(child, path, scopes)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _read(call: ast.Call, appender: Appender, path: str, scopes: list[_Scope]) -> Iterator[Made]:
    where = f"{path}:{call.lineno}"
    types = list(_texts(_argument(call, appender.type, ("type", "kind")), scopes))
    if not types:
        raise Unreadable(f"{where}: the type of this event")
    if appender.body is None:
        fields = {each.arg for each in call.keywords if each.arg} - appender.not_fields
        if any(each.arg is None for each in call.keywords):
            raise Unreadable(f"{where}: fields by ** of this event")
    else:
        fields = _keys(_argument(call, appender.body, ("body",)), scopes, where)
    found = frozenset(fields | appender.always) - {INDEX}
    yield from (Made(each, found, where) for each in types)


def _argument(call: ast.Call, position: int, names: tuple[str, ...]) -> ast.expr | None:
    if position < len(call.args):
        return call.args[position]
    return next((each.value for each in call.keywords if each.arg in names), None)


def _texts(node: ast.expr | None, scopes: list[_Scope]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body, scopes)
            yield from _texts(orelse, scopes)
        case ast.Name(id=name):
            yield from _texts(_looked_up(name, scopes), scopes)


def _looked_up(name: str, scopes: list[_Scope]) -> ast.expr | None:
    return next((scope.names[name] for scope in reversed(scopes) if name in scope.names), None)


def _keys(node: ast.expr | None, scopes: list[_Scope], where: str) -> set[str]:
    """Names of a dict that is written out, and of what is put into it later in the same function."""
    match node:
        case ast.Dict(keys=keys, values=values):
            found: set[str] = set()
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    found.add(key.value)
                elif key is None:
                    found |= _keys(value, scopes, where)
                else:
                    raise Unreadable(f"{where}: a field's name that is worked out")
            return found
        case ast.Name(id=name) if (given := _looked_up(name, scopes)) is not None:
            return _keys(given, scopes, where) | _put_later(name, scopes)
    raise Unreadable(f"{where}: the fields of this event")


def _put_later(name: str, scopes: list[_Scope]) -> set[str]:
    return {
        target.slice.value
        for scope in scopes
        if scope.function is not None
        for node in ast.walk(scope.function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Subscript)
        and isinstance(target.value, ast.Name)
        and target.value.id == name
        and isinstance(target.slice, ast.Constant)
        and isinstance(target.slice.value, str)
    }
