"""``countertop devices decode | matrix``: bytes as words, and which protocol stands which test."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.table import Table

from terminal.cli.devices.capture import SIZE_MAX, given, known, read, wrong
from terminal.cli.words import console, put, sentences, wrong_option
from terminal.lab.readable import Way, describe

MATRIX: Final = Path(__file__).parents[2] / "data" / "devices_matrix.json"
_HEX: Final = re.compile(  # nothing of it is tried twice: megabytes of it would take gigabytes of memory
    r"(?:0x)?[0-9a-fA-F]{2}(?:[\s:,]*+(?:0x)?[0-9a-fA-F]{2})*+"
)


def decode(
    what: Annotated[
        str, typer.Argument(help="A capture, a file of bytes or hex, or the hex itself; - reads input.")
    ],
    protocol: Annotated[str, typer.Option(help="Such as printer/escpos; a capture knows its own.")] = "",
    way: Annotated[str, typer.Option(help="in: from the device; out: to it.")] = "in",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show bytes as words: commands, answers, texts; what is not understood stays in hex."""
    with sentences(as_json=as_json):
        if way not in ("in", "out"):
            raise wrong_option("--way", f"{way!r} is neither in nor out")
        lines = _decoded(what, protocol, "in" if way == "in" else "out")
    if as_json:
        put(lines)
        return
    for line in lines:
        say(line["way"], line["text"], line.get("ms"))


def say(way: str, text: str, ms: int | None = None) -> None:
    """A line as it comes: a capture has a hundred thousand, and a table of them would take minutes."""
    at = "" if ms is None else f"{ms / 1000:9.3f} "
    sign = {"in": "←", "out": "→"}.get(way, "=")
    console.print(f"{at}{sign} {text}", markup=False, highlight=False, soft_wrap=True)


def _decoded(what: str, protocol: str, way: Way) -> list[dict[str, Any]]:
    key = known(protocol) if protocol else ""
    raw = _raw(what)
    if raw[:12].replace(b" ", b"").startswith(b'{"capture"'):
        head, chunks = read(raw, what)
        key = key or head.protocol or _unnamed()
        return [
            {"ms": each.ms, "way": each.way, "text": text}
            for each in chunks
            for text in describe(key, each.way, each.data)
        ]
    return [{"way": way, "text": text} for text in describe(key or _unnamed(), way, _unhexed(raw))]


def _unnamed() -> str:
    raise wrong_option("--protocol", "nobody can know whose bytes these are; say it: printer/escpos, for example")


def _raw(what: str) -> bytes:
    """What was named, or typed. Of endless input the first bytes."""
    if what == "-":
        return sys.stdin.buffer.read(SIZE_MAX)
    if os.path.exists(what):  # noqa: PTH110  # unlike Path it takes a text too long for a name
        return given(Path(what))
    if _HEX.fullmatch(what.strip()):
        return what.encode()
    raise wrong(f"{what[:80]!r} is neither a file nor bytes in hex")


def _unhexed(raw: bytes) -> bytes:
    """Hex where it reads as hex, else the bytes themselves."""
    text = raw.decode("ascii", "replace").strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(re.sub(r"0x|[\s:,]", "", text))
    return raw


def matrix(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Every device protocol, and how many of the shared tests it stands."""
    if as_json:
        sys.stdout.buffer.write(MATRIX.read_bytes())
        sys.stdout.buffer.flush()
        return
    table = Table(
        "protocol", "title", "over", "baud", "asked", "tests", "vectors", "not run", box=None, pad_edge=False
    )
    for column in (0, 5):
        table.columns[column].no_wrap = True
    rows = msgspec.json.decode(MATRIX.read_bytes())
    for row in rows:
        checks = row["checks"]
        passed = sum(checks.values())
        missed = ", ".join(name for name, stood in checks.items() if not stood)
        table.add_row(
            f"{row['role']}/{row['protocol']}",
            row["title"],
            " ".join(row["links"]),
            " ".join(map(str, row["bauds"])),
            "yes" if row["can_be_asked"] else "no",
            f"{passed}/{len(checks)} {missed}".strip(),
            str(row["vectors"]),
            row["not_run"],
        )
    console.print(table)
