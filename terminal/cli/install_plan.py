"""What an installed machine has: users, folders, files and links, as data/system/layout.toml lists them. Pure."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

FOLDER: Final = Path(__file__).parent.parent / "data" / "system"
LAYOUT: Final = FOLDER / "layout.toml"
Mode = Annotated[str, msgspec.Meta(pattern=r"^0[0-7]{3}\Z")]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{0,30}\Z")]
Part = Literal["", "kiosk", "backup"]
_USUAL: Final = {"folder": "0755", "file": "0644", "link": "0777"}


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A system user with a group of its own name; ``groups`` are joined where the machine has them."""

    name: Name
    says: str
    home: str
    groups: tuple[str, ...] = ()
    part: Part = ""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the layout; its words are explained there."""

    path: str
    kind: Literal["folder", "file", "link"]
    source: str = ""
    target: str = ""
    mode: Mode | None = None
    owner: Name = "root"
    group: Name = "root"
    once: bool = False
    stays: bool = False
    part: Part = ""


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    users: tuple[User, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A thing of the machine as it shall be. ``data``: a file's bytes, a link's target, nothing for a folder."""

    path: str
    kind: Literal["folder", "file", "link"]
    mode: int
    owner: str
    group: str
    data: bytes = b""
    once: bool = False
    stays: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of a file that is the same on every machine; "-" for what is made here and kept."""
        return hashlib.sha256(self.data).hexdigest() if self.kind == "file" and not self.once else "-"


@cache
def layout() -> Layout:
    return msgspec.toml.decode(LAYOUT.read_bytes(), type=Layout)


def users(left_out: Collection[Part] = ()) -> list[User]:
    return [each for each in layout().users if each.part not in left_out or not each.part]


def pieces(filled: Mapping[str, str], left_out: Collection[Part] = ()) -> list[Piece]:
    """Everything in the order in which it is made. ``filled``: BACKUPS, PEPPER, PASSPHRASE."""
    return [_piece(each, filled) for each in layout().entries if not each.part or each.part not in left_out]


def _piece(entry: Entry, filled: Mapping[str, str]) -> Piece:
    if entry.kind == "file":
        data = _fill((FOLDER / entry.source).read_text("utf-8"), filled).encode()
    else:
        data = entry.target.encode()
    mode = int(entry.mode or _USUAL[entry.kind], 8)
    path = _fill(entry.path, filled)
    return Piece(path, entry.kind, mode, entry.owner, entry.group, data, entry.once, entry.stays)


def _fill(text: str, filled: Mapping[str, str]) -> str:
    for name, value in filled.items():
        text = text.replace(f"@{name}@", value)
    return text
