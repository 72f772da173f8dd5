"""Bytes printed in makers' manuals or captured by strangers, by name."""

from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "golden"


def vectors(name: str) -> dict[str, bytes]:
    """``tests/golden/<name>.hex``: lines of ``name: hex bytes``."""
    lines = (GOLDEN / f"{name}.hex").read_text("utf-8").splitlines()
    pairs = (line.split(": ", 1) for line in lines if line)
    return {title: bytes.fromhex(data) for title, data in pairs}
