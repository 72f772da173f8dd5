"""One source file as the rules see it, and the walk over the project's files."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("terminal", "drivers", "firmware_stubs")
OURS = (*PRODUCT, "tests")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Source:
    """``path`` is relative to the project, with slashes; ``text`` may be a planted example."""

    path: str
    text: str
    _cache: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of them, walked once for every rule: walking takes far longer than looking."""
        return tuple(ast.walk(self.tree))

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
        found: list[tuple[int, str, bool]] = []
        left: list[tuple[ast.AST, bool]] = [(self.tree, True)]
        while left:
            node, at_top = left.pop()
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name, at_top) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                name = "." * node.level + (node.module or "")
                found += [(node.lineno, full, at_top) for full in {_full(name, each.name) for each in node.names}]
            elif not isinstance(node, ast.expr):  # no expression holds an import
                at_top = at_top and not isinstance(node, FUNCTIONS) and not _types_only(node)
                left += [(child, at_top) for child in ast.iter_child_nodes(node)]
        return sorted(found)


def _types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@cache
def _full(module: str, name: str) -> str:
    """``from terminal.payments import sale`` imports the module ``terminal.payments.sale``."""
    if module.partition(".")[0] not in OURS:
        return module
    place = ROOT.joinpath(*module.split("."), name)
    is_module = place.with_suffix(".py").exists() or (place / "__init__.py").exists()
    return f"{module}.{name}" if is_module else module


def sources(*folders: str) -> Iterator[Source]:
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))


@cache
def product() -> tuple[Source, ...]:
    """The program's own, each read and parsed once by a worker."""
    return tuple(sources(*PRODUCT))
