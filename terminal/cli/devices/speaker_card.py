"""Our clips as a speaker's card or storage wants them: ``countertop devices card FOLDER --speaker dfplayer``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from drivers.speaker import wav
from drivers.speaker.jq8900 import code
from terminal.cli.words import console, sentences, wrong_option
from terminal.peripherals.clips import CHIMES, Entry, entries
from terminal.peripherals.phrases import LANGUAGES

LAYOUTS: Final = {"dfplayer": "MP3", "jq8900": "ZH"}
"""The folder that each player reads its numbered clips from."""
LIST: Final = "countertop-clips.txt"


@dataclass(frozen=True, slots=True)
class Written:
    folder: Path
    files: int
    size: int  # bytes of sound


def card(
    folder: Annotated[Path, typer.Argument(help="Where the card, or the board's drive, is mounted.")],
    speaker: Annotated[str, typer.Option(help=f"What plays it: {', '.join(LAYOUTS)}.")] = "dfplayer",
    language: Annotated[str, typer.Option(help="Only this voice; all of them fit on any card.")] = "",
) -> None:
    """Write our chimes and spoken words to the card of a speaker that plays clips."""
    with sentences():
        written = write_card(folder, speaker, language)
    size = f"{written.size / 1_000_000:.1f} MB"
    console.print(
        f"{written.files} clips, {size}, in {written.folder}; {folder / LIST} says what each is.", soft_wrap=True
    )


def write_card(folder: Path, protocol: str, language: str = "") -> Written:
    """Write chimes and words into ``folder`` (the card itself), with a list of what each file says.

    Files of ours are written anew; a folder with files that are not ours is left alone. Every player understands
    16 bits, so the clips are written so.

    Args:
        protocol: one of ``LAYOUTS``.
        language: one of the voices; empty: all of them, a card has room.

    Raises:
        BadSettings: ``option_wrong``: no such player or language, or the folder holds other clips.
    """
    if protocol not in LAYOUTS:
        raise wrong_option("--speaker", f"{protocol!r} is none of {', '.join(LAYOUTS)}")
    if language and language not in LANGUAGES:
        raise wrong_option("--language", f"{language!r} is none of {', '.join(LANGUAGES)}")
    chosen = [each for each in entries() if each.language in (CHIMES, language) or not language]
    target = folder / LAYOUTS[protocol]
    files = {_name(each, protocol): each for each in chosen}
    size = 0
    try:
        _refuse_strangers(target)
        target.mkdir(parents=True, exist_ok=True)
        for name, entry in files.items():
            data = wav.write(wav.read(Path(entry.clip.file).read_bytes()), bits=16)
            (target / name).write_bytes(data)
            size += len(data)
        (folder / LIST).write_text(_listed(files), "utf-8")
    except OSError as error:
        raise wrong_option("FOLDER", f"{error.filename}: {error.strerror}") from None
    return Written(target, len(files), size)


def _name(entry: Entry, protocol: str) -> str:
    return f"{entry.number:04}.wav" if protocol == "dfplayer" else f"{code(entry.number)}.wav"


def _listed(files: dict[str, Entry]) -> str:
    lines = [f"{name}\t{entry.language or 'chime'}\t{entry.text}" for name, entry in files.items()]
    return "file\tlanguage\tsays\n" + "\n".join(lines) + "\n"


def _refuse_strangers(target: Path) -> None:
    """A player finds clips by the start of their names: one more 0001 would make it play the wrong word."""
    if not target.is_dir():
        return
    ours = {_name(entry, protocol) for protocol in LAYOUTS for entry in entries()}
    others = sorted(file.name for file in target.iterdir() if file.name not in ours)
    if others:
        raise wrong_option("FOLDER", f"{target} holds {others[0]}: empty it first, or take another card")
