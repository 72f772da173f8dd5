"""Playlists of the roadshow: which stories an audience is shown, in which order, as readable data.

``terminal/data/playlists`` has the shipped ones, ``terminal/data/stories`` their stories: scenario files.
A playlist of one's own names shipped stories, or files beside it.
"""

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.help.languages import LANGUAGES
from terminal.lab.faults import Sentence, catalogue
from terminal.lab.scenario_files import raw_of, read
from terminal.lab.scenarios import BadScenario, Do, Scenario

FOLDER: Final = Path(__file__).parent.parent / "data" / "playlists"
STORIES: Final = Path(__file__).parent.parent / "data" / "stories"
FAIR: Final = "fair"  # what is shown where nobody chose
STORIES_MAX: Final = 30
TELLS_LEAST: Final = 2
CAN: Final[frozenset[Do]] = frozenset(
    {
        *("open", "scan_glass", "pay", "show_phone", "cancel", "refund", "check_proof", "break", "mend"),
        *("bank_down", "bank_mute", "bank_up", "wait", "see"),
    }
)
"""Steps that the running lab does; the rest needs virtual time."""
WAIT_MAX_S: Final = 30
SEE_MAX_S: Final = 300


class Playlist(msgspec.Struct, frozen=True):
    """``stories`` in their order, each sound and playable before an audience."""

    name: str
    title: Sentence
    stories: tuple[Scenario, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    title: Sentence
    stories: tuple[str, ...]


class PlaylistUnknown(ValueError):
    """No such name; the text says which come near."""


@cache
def shipped() -> Mapping[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def named(name: str) -> Playlist:
    """A shipped playlist, or a file of one's own (a path that ends in .toml).

    Raises:
        PlaylistUnknown: no such name; BadScenario: the file or one of its stories is wrong; OSError.
    """
    if name.endswith(".toml"):
        return read_playlist(Path(name))
    if name in shipped():
        return read_playlist(shipped()[name])
    near = difflib.get_close_matches(name, shipped(), n=3, cutoff=0.4) or list(shipped())
    raise PlaylistUnknown(f"no playlist is called {name!r}; there are: {', '.join(near)}")


def read_playlist(path: Path) -> Playlist:
    """Raises BadScenario; OSError."""
    raw = raw_of(path)
    if wrong := tuple(_wrong(raw)):
        raise BadScenario(path.name, wrong)
    try:
        told = msgspec.convert(raw, _File)
    except msgspec.ValidationError as invalid:
        raise BadScenario(path.name, (f"{invalid}.",)) from None
    stories = tuple(_story(path, each) for each in told.stories)
    unfit = [f"{each.name}: {why}" for each in stories for why in unplayable(each)]
    if unfit:
        raise BadScenario(path.name, tuple(unfit))
    return Playlist(told.name, told.title, stories)


def _wrong(raw: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name for field in msgspec.structs.fields(_File)}
    yield from (f"{name!r} is no part of a playlist." for name in sorted(raw.keys() - known))
    yield from (f"{name!r} is missing." for name in sorted(known - raw.keys()))
    if isinstance(title := raw.get("title"), dict):
        yield from (f"title: {each} is missing." for each in LANGUAGES if not str(title.get(each, "")).strip())
    stories = raw.get("stories")
    if isinstance(stories, list) and not 1 <= len(stories) <= STORIES_MAX:
        yield f"a playlist has 1 to {STORIES_MAX} stories."


def _story(playlist: Path, name: str) -> Scenario:
    """Raises BadScenario."""
    folder = playlist.parent if name.endswith(".toml") else STORIES
    path = folder / (name if name.endswith(".toml") else f"{name}.toml")
    if Path(name).name != name or not path.is_file():
        known = sorted(each.stem for each in STORIES.glob("*.toml"))
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
        told = f"there is no story {name!r}; shipped are: {', '.join(near)}. Your own file lies beside the list."
        raise BadScenario(playlist.name, (told,))
    return read(path)


def unplayable(story: Scenario) -> Iterator[str]:
    """Why an audience cannot be shown it, in sentences; none: it can."""
    for number, step in enumerate(story.step, 1):
        if step.do not in CAN:
            yield f"step {number}: {step.do!r} needs virtual time; before an audience there is none."
        if step.do == "wait" and step.seconds > WAIT_MAX_S:
            yield f"step {number}: nobody watches for {step.seconds} s; {WAIT_MAX_S} at most."
        if step.do == "see" and step.within_s > SEE_MAX_S:
            yield f"step {number}: nobody watches for {step.within_s} s; {SEE_MAX_S} at most."
        if step.wallet:
            yield f"step {number}: the phone that is shown has one wallet; 'wallet' is not for an audience."
        if step.do == "break" and catalogue()[step.fault].layer == "process":
            yield f"step {number}: {step.fault!r} ends the service; that is no story for customers."
    if sum(step.tell is not None for step in story.step) < TELLS_LEAST:
        yield f"it tells the audience too little: at least {TELLS_LEAST} steps need a sentence 'tell'."
