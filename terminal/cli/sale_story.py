"""``countertop sale timeline ID``: where a sale's time went; ``--share`` makes a file that may leave the shop."""

import os
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.markup import escape
from rich.table import Table

from terminal.cli.client import api
from terminal.cli.words import REFUSED, USAGE, console, give_up, language, put
from terminal.help.catalogue import Catalogue

BAR: Final = 40  # characters
KINDS: Final = {".html": "html", ".json": "json"}


async def tell_story(
    url: str, key_file: Path | None, sale: str, *, share: Path | None, amounts: bool, as_json: bool
) -> None:
    """Raises as the API refuses; ends the command for a file that cannot be written."""
    asked = {"amounts": "yes" if amounts or not share else "no"}
    if share is not None and share.suffix.lower() not in KINDS:
        give_up(f"{share}: .html or .json", USAGE)
    async with api(url, key_file) as service:
        if share is not None and KINDS[share.suffix.lower()] == "html":
            data = await service.page(f"/sales/{sale}/story", format="html", **asked)
            write(share, data)
            return
        told = await service.get(f"/sales/{sale}/story", **asked)
    if share is not None:
        write(share, msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    elif as_json:
        put(told)
    else:
        show(told)


def write(path: Path, data: bytes) -> None:
    """A new file, for this user alone: what is there already stays."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        give_up(f"{path}: {error.strerror}", REFUSED)
    console.print(f"{path}: {len(data)} bytes. Look at it before you pass it on.", highlight=False, soft_wrap=True)


def show(told: dict[str, Any]) -> None:
    words = Catalogue.load(language())
    console.print(f"{words.text('story.title')} {told['sale']}  [bold]{words.text('state.' + told['word'])}[/]")
    if told["green_ms"] is not None:
        console.print(words.text("story.green", s=f"{told['green_ms'] / 1000:.3f}"), highlight=False)
    console.print()
    pieces = Table(box=None, show_header=False)
    for each in told["stages"]:
        left = each["left"] * BAR // 1000
        bar = " " * left + "█" * max(each["width"] * BAR // 1000, 1)
        pieces.add_row(each["label"], bar[:BAR].ljust(BAR), f"{each['took_ms'] / 1000:.3f} s")
    console.print(pieces)
    console.print(f"\n{words.text('story.calls')}: {words.text('story.of_run')}", highlight=False, soft_wrap=True)
    calls = Table(box=None, show_header=False)
    for each in told["calls"]:
        said = escape(each["channel"]), escape(each["text"])
        calls.add_row(f"{each['from_ms'] / 1000:.3f} s", *said, f"{each['took_ms']} ms")
    console.print(calls)
    console.print(f"\n{words.text('timeline.title')}", highlight=False)
    lines = Table(box=None, show_header=False)
    for each in told["lines"]:
        said = escape(each["text"]), escape(each["who"])
        lines.add_row(f"{each['after_ms'] / 1000:.3f} s", f"+{each['delta_ms']}", *said)
    console.print(lines)
