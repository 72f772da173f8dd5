"""No float anywhere near money: seconds may be floats, and only under a name that says so (``…_s``)."""

import ast
from collections.abc import Iterator

from tests.architecture.source import Source

MONEY: tuple[str, ...] = (
    "terminal/payments/",
    "terminal/counter/slips.py",
    "terminal/counter/aftercare.py",
    "terminal/help/money_text.py",
    "terminal/peripherals/phrases.py",
    "terminal/banks/wechatpay_messages.py",
    "terminal/banks/statements/",
    "terminal/sandbox/ledger.py",
    "terminal/sandbox/orders.py",
    "terminal/sandbox/refunds.py",
)
"""Where amounts are computed or written."""


def money_violations(source: Source) -> Iterator[str]:
    seconds = set(_seconds(source))
    if source.path.startswith(MONEY):
        for node in source.nodes:
            if id(node) not in seconds and (what := _inexact(node)):
                yield f"{source.path}:{getattr(node, 'lineno', 0)}: {what} in a money module"
    elif source.path.startswith("terminal/"):
        yield from _json_floats(source, seconds)


def _seconds(source: Source) -> Iterator[int]:
    """Nodes inside a declaration named ``…_s``: durations."""
    for node in source.nodes:
        name = ""
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.arg):
            name = node.arg
        if name.endswith("_s"):
            yield from (id(child) for child in ast.walk(node))


def _inexact(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, float):
        return f"float literal {node.value}"
    if isinstance(node, ast.Name) and node.id in {"float", "Decimal", "round"}:
        return f"{node.id}"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        return "true division"
    return ""


def _json_floats(source: Source, seconds: set[int]) -> Iterator[str]:
    """Types that cross JSON carry integers: a float field has a name that ends in ``_s``."""
    for node in source.nodes:
        if isinstance(node, ast.ClassDef) and any("Struct" in ast.unparse(base) for base in node.bases):
            for child in ast.walk(node):
                if isinstance(child, ast.Name) and child.id == "float" and id(child) not in seconds:
                    yield f"{source.path}:{child.lineno}: float in a JSON type that is no duration (…_s)"
