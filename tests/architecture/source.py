"""One source file as the rules see it, and the walk over the project's files."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("terminal", "drivers", "firmware_stubs")


@dataclass(frozen=True)
class Source:
    """``path`` is relative to the project, with slashes; ``text`` may be a planted example."""

    path: str
    text: str
    _cache: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        """The part of the layout it belongs to: ``terminal.journal``, ``drivers``, ``terminal.app``."""
        parts = self.module.split(".")
        return ".".join(parts[:2]) if parts[0] == "terminal" else parts[0]

    @cached_property
    def imports(self) -> list[tuple[int, str, bool]]:
        """(line, full module name, at module level). ``from a import b`` names ``a.b`` when b is a module."""
        inside = {
            id(child)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.walk(node)
        } | {id(child) for node in ast.walk(self.tree) if _types_only(node) for child in ast.walk(node)}
        found: list[tuple[int, str, bool]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name, id(node) not in inside) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                name = "." * node.level + (node.module or "")
                found += [
                    (node.lineno, full, id(node) not in inside)
                    for full in {_full(name, alias.name) for alias in node.names}
                ]
        return sorted(found)


def _types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _full(module: str, name: str) -> str:
    """``from terminal.payments import sale`` imports the module ``terminal.payments.sale``."""
    place = ROOT.joinpath(*module.split("."), name)
    is_module = place.with_suffix(".py").exists() or (place / "__init__.py").exists()
    return f"{module}.{name}" if is_module else module


def sources(*folders: str) -> Iterator[Source]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
