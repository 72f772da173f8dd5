"""Somebody else's connector as an installed package: made by the template, with its entry point, on the path."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from terminal.conformance.template import start
from tests.unit.conformance.worked_example import written


def make(folder: Path, name: str, *steps: int, fill: bool = True) -> Path:
    """The package in a folder of its own, its steps written (all, or these, or none), and its dist-info."""
    home = start(name, folder / f"home-{name}")
    module = home / f"countertop_{name}" / "connector.py"
    if fill:
        module.write_text(written(module.read_text("utf-8"), *steps), "utf-8")
    info = home / f"countertop_{name}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: countertop-{name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[countertop.connectors]\n{name} = countertop_{name}.offer:OFFER\n")
    return home


@contextmanager
def installed(home: Path) -> Iterator[None]:
    """On the path, and away again with everything that was loaded of it."""
    sys.path.insert(0, str(home))
    try:
        yield
    finally:
        sys.path.remove(str(home))
        forget()


def forget() -> None:
    """As a new process would: what was loaded of such packages is loaded again."""
    for loaded in [each for each in sys.modules if each.startswith("countertop_")]:
        del sys.modules[loaded]
