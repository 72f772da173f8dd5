"""Bring a tree to what the plan says: made, corrected or left as it is, and taken away again.

Below another root than ``/`` names of users are those of that tree's own passwd and group (passwd(5), group(5)).
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from terminal.cli.install_plan import Piece
from terminal.errors import BadSettings
from terminal.whole_file import Owner, beside, sync_folder, write_whole

Told = Literal["new", "changed", "same", "gone", "left"]
_FOLDERS_MODE: Final = 0o755


@dataclass(frozen=True, slots=True)
class Step:
    """What is, or would be, done with one piece. ``what``: of it was otherwise: content, mode, owner."""

    piece: Piece
    told: Told
    what: tuple[str, ...] = ()


class Owners:
    """Names of users and groups below a root, by number and back. ``sets``: whether we may give files away."""

    def __init__(self, root: Path, *, sets: bool) -> None:
        self._users = _numbers(root / "etc/passwd")
        self._groups = _numbers(root / "etc/group")
        self.sets = sets

    def fits(self, piece: Piece, found: os.stat_result) -> bool:
        wanted = self.wanted(piece)
        return not self.sets or wanted is None or (found.st_uid, found.st_gid) == wanted

    def wanted(self, piece: Piece) -> tuple[int, int] | None:
        """None: this tree does not know them (yet)."""
        user, group = self._users.get(piece.owner), self._groups.get(piece.group)
        return None if user is None or group is None else (user, group)


def _numbers(path: Path) -> dict[str, int]:
    """Names to ids; a file that is not there knows root alone."""
    found = {"root": 0}
    try:
        rows = [line.split(":") for line in path.read_text("utf-8").splitlines()]
    except OSError:
        return found
    return found | {row[0]: int(row[2]) for row in rows if len(row) > 2 and row[2].isdigit()}


def place(root: Path, piece: Piece) -> Path:
    return root / piece.path.lstrip("/")


def look(root: Path, piece: Piece, owners: Owners) -> Step:
    """Compare; nothing is changed."""
    path = place(root, piece)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return Step(piece, "new")
    except OSError as error:
        raise _failed(path, error) from error
    if not _kind_fits(piece, found.st_mode):
        raise BadSettings("install_in_the_way", path=piece.path, kind=piece.kind)
    what = []
    if not piece.once and _content(path, piece) != piece.data:
        what.append("content")
    if piece.kind != "link" and stat.S_IMODE(found.st_mode) != piece.mode:
        what.append("mode")
    if piece.kind != "link" and not owners.fits(piece, found):
        what.append("owner")
    return Step(piece, "changed" if what else "same", tuple(what))


def _kind_fits(piece: Piece, mode: int) -> bool:
    kinds = {"folder": stat.S_ISDIR, "file": stat.S_ISREG, "link": stat.S_ISLNK}
    return kinds[piece.kind](mode)


def _content(path: Path, piece: Piece) -> bytes:
    if piece.kind == "folder":
        return b""
    try:
        return str(path.readlink()).encode() if piece.kind == "link" else path.read_bytes()
    except OSError as error:
        raise _failed(path, error) from error


def bring(root: Path, pieces: Iterable[Piece], owners: Owners) -> list[Step]:
    """Make and correct. A file is complete under its name or not there.

    Raises:
        BadSettings: ``install_failed``; ``install_in_the_way``: something of another kind stands there.
    """
    done = []
    for piece in pieces:
        step = look(root, piece, owners)
        if step.told != "same":
            try:
                _make(place(root, piece), piece, step, owners)
            except OSError as error:
                raise _failed(place(root, piece), error) from error
        done.append(step)
    return done


def _make(path: Path, piece: Piece, step: Step, owners: Owners) -> None:
    path.parent.mkdir(mode=_FOLDERS_MODE, parents=True, exist_ok=True)
    fresh = step.told == "new" or "content" in step.what
    wanted = owners.wanted(piece) if owners.sets else None
    if piece.kind == "folder":
        if step.told == "new":
            path.mkdir(mode=piece.mode)
        _give(path, piece.mode, wanted)
    elif not fresh:
        _give(path, piece.mode, wanted)
    elif piece.kind == "link":
        _link(path, piece.data.decode())
    else:
        write_whole(path, piece.data, piece.mode, Owner(*wanted) if wanted is not None else None)


def _link(path: Path, target: str) -> None:
    aside = beside(path)
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    os.replace(aside, path)  # noqa: PTH105  # of the link, not of what it leads to
    sync_folder(path.parent)


def _give(path: Path, mode: int, wanted: tuple[int, int] | None) -> None:
    """The owner before the mode: chown(2) takes bits away."""
    if wanted is not None:
        os.chown(path, *wanted)
    path.chmod(mode)


def take_away(root: Path, pieces: Iterable[Piece], *, dry: bool = False) -> list[Step]:
    """Remove what does not stay, the last first. Folders are left, and a link only goes when it is ours."""
    done = []
    for piece in reversed(list(pieces)):
        path = place(root, piece)
        if piece.stays or piece.kind == "folder" or not os.path.lexists(path):
            done.append(Step(piece, "left" if piece.stays else "same"))
            continue
        if piece.kind == "link" and (not path.is_symlink() or _content(path, piece) != piece.data):
            done.append(Step(piece, "left"))
            continue
        if not dry:
            try:
                path.unlink()
            except OSError as error:
                raise _failed(path, error) from error
        done.append(Step(piece, "gone"))
    return done


def _failed(path: Path, error: OSError) -> BadSettings:
    return BadSettings("install_failed", why=f"{path}: {error.strerror or type(error).__name__}")
