"""A lesson's video: a file beside the lesson, or in the shop's own folder of lessons, and never anywhere else.

Nobody here makes videos. What a bank filmed is put into ``lessons`` of the state folder, named as the lesson's
``video`` says, or like the lesson itself.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from terminal.training.lesson import FOLDER, Lesson

OWN: Final = "lessons"  # of the state folder
SIZE_MAX: Final = 512 * 1024 * 1024
KINDS: Final = {".mp4": "video/mp4", ".webm": "video/webm"}
_PART: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_NAME: Final = re.compile(rf"(?:{_PART}/){{0,3}}{_PART}")
_HEAD: Final = 12


def unfit(folder: Path, name: str) -> Iterator[str]:
    """What is wrong with a video's name or file, in sentences; none: it can be played."""
    if not _NAME.fullmatch(name):
        yield f"video: {name!r} is no file below the lessons' folder."
        return
    if Path(name).suffix not in KINDS:
        yield f"video: {name!r} must be one of {', '.join(KINDS)}."
        return
    try:
        yield from _wrong_file(folder, name)
    except OSError as error:  # a film that root put there is no reason to show no lessons
        yield f"video: {name!r} cannot be read ({error.strerror})."


def _wrong_file(folder: Path, name: str) -> Iterator[str]:
    """Raises OSError."""
    path = folder / name
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        yield f"video: there is no file {name!r} below the lessons' folder."
    elif path.stat().st_size > SIZE_MAX:
        yield f"video: {name!r} is larger than {SIZE_MAX // 1024 // 1024} MiB."
    elif _kind(path) != Path(name).suffix:
        yield f"video: {name!r} holds no {Path(name).suffix[1:].upper()} video."


def video_of(lesson: Lesson, own: Path) -> Path | None:
    """The file that is played, the shop's own first. ``own``: its folder, which need not be there."""
    names = [lesson.video] if lesson.video else [f"{lesson.id}{suffix}" for suffix in KINDS]
    for folder in (own, FOLDER):
        for name in names:
            if not any(unfit(folder, name)):
                return (folder / name).resolve()
    return None


def _kind(path: Path) -> str:
    """By the first bytes: ISO/IEC 14496-12, 4.3 ("ftyp"); Matroska, RFC 9559, section 5.1 (EBML's id)."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[4:8] == b"ftyp":
        return ".mp4"
    return ".webm" if head[:4] == b"\x1a\x45\xdf\xa3" else ""
