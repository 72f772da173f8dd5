"""``countertop backup`` and ``countertop restore``: a whole shop in one encrypted file, back on any machine."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import msgspec
import typer

from terminal.cli.backup_note import ENDING, Note, write_note
from terminal.cli.journal import Config
from terminal.cli.words import console, give_up, put, sentences
from terminal.errors import BadSettings, JournalError
from terminal.given_file import handed_lines, plain_file
from terminal.journal import backup as files
from terminal.journal.backup import Manifest, Place, Source
from terminal.journal.keys import PRIVATE, PUBLIC, JournalKeys
from terminal.journal.recover import accept
from terminal.journal.strongbox import PASSPHRASE_MIN
from terminal.settings import CREDENTIAL, Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.visit import keys as visit_keys
from terminal.visit.record import FOLDER as VISITS

KEEP: Final = 14
VISITS_MAX: Final = 50
LINE_MAX: Final = 4096  # bytes, the newline among them
_AT: Final = r"[0-9]{8}T[0-9]{6}Z-[0-9]+\.ctbackup"
Phrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Its first line opens the file; else secrets.toml or a question."),
]


def backup(
    to: Annotated[Path, typer.Option(help="An existing folder, best on another disk.")],
    config: Config,
    passphrase_file: Phrase = None,
    keep: Annotated[int, typer.Option(min=1, max=1000, help="How many of this shop stay there.")] = KEEP,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Save journal, keys and settings, encrypted, while the service runs; read back before it counts."""
    with sentences(as_json=as_json):
        loaded = load(config)
        if loaded.settings.journal.store != "sqlite":
            why = "a database server's own backup saves this journal; see docs/journal-postgres.md"
            raise BadSettings("config_value_wrong", key="journal.store", why=why)
        journal = loaded.state / files.JOURNAL
        if not journal.exists():
            raise JournalError("journal_missing", path=str(journal))
        if not to.is_dir():
            raise BadSettings("config_value_wrong", key="--to", why="no such folder")
        shop, clock = loaded.settings.shop, SystemClock()
        at = datetime.fromtimestamp(clock.wall_ms() / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"countertop-{shop.merchant}-{shop.store}-{at}-"
        target = _free(to, name)
        manifest = files.write(
            target, journal, list(_sources(loaded, config)), _passphrase(passphrase_file, loaded),
            shop=(shop.merchant, shop.store), clock=clock, entropy=SystemEntropy(),
        )  # fmt: skip
        write_note(loaded.state, Note(str(target.resolve()), clock.wall_ms()))
        gone = _rotate(to, f"countertop-{shop.merchant}-{shop.store}-", keep, target)
    if as_json:
        put({"file": str(target), "events": manifest.number, "removed": [str(each) for each in gone]})
    else:
        console.print(f"Saved and read back: {target}, {manifest.number} events, {len(manifest.parts)} files.")


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file that backup made.")],
    config: Annotated[Path, typer.Option(help="Where the settings file shall stand; nothing is there yet.")],
    state: Annotated[Path, typer.Option(help="The state folder, as the settings name it.")],
    passphrase_file: Phrase = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Put a saved shop onto this machine. Nothing that is there is written over."""
    with sentences(as_json=as_json), ExitStack() as held:
        saved = _opened(file, held)
        phrase = _passphrase(passphrase_file, None)
        into: dict[Place, Path] = {"settings": config.parent, "state": state, "absolute": Path("/")}
        files.read(saved, phrase)  # the whole of it is sound before the first byte is written
        saved.seek(0)
        manifest = files.read(saved, phrase, into)
        keys = JournalKeys.load(state / "keys")
        number = accept(state / files.JOURNAL, keys, SystemClock())
        settings = config.parent / _settings_name(manifest)
        if settings.name != config.name:
            settings.rename(config)
        named = load(config).state.resolve()
    made = datetime.fromtimestamp(manifest.made_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if as_json:
        put({"events": number, "made": made, "state": str(named), "restored_to": str(state.resolve())})
        return
    console.print(f"Back as of {made}: {number} events, every one of them in its chain.")
    if named != state.resolve():
        console.print(f"The settings name another state folder: {named}. Correct state.folder before the start.")
    console.print("What was sold after that is not in it: start the service, then ask the bank for its bills")
    console.print("(countertop reconcile). See the page on recovery.")


def _opened(file: Path, held: ExitStack) -> BinaryIO:
    try:
        return held.enter_context(plain_file(file))
    except OSError as error:
        twice = "A backup is read twice, first to see that it is whole: name a plain file."
        give_up(f"{file}: {error.strerror}. {twice}")


def _sources(loaded: Loaded, config: Path) -> Iterator[Source]:
    yield Source("settings", config.name, config)
    if loaded.settings.secrets_file.startswith(CREDENTIAL):  # systemd keeps it elsewhere: saved under its own name
        yield Source("settings", loaded.secrets_path.name, loaded.secrets_path)
    else:
        yield _named(loaded, loaded.settings.secrets_file)
    for text in sorted(set(_files(msgspec.to_builtins(loaded.settings)))):
        if loaded.path(text).is_file():
            yield _named(loaded, text)
    for name in (PRIVATE, PUBLIC):
        yield Source("state", f"keys/{name}", loaded.state / "keys" / name)
    for path in (loaded.state / "keys" / visit_keys.PRIVATE, loaded.state / "keys" / visit_keys.PUBLIC):
        if path.is_file():
            yield Source("state", f"keys/{path.name}", path)
    records = (loaded.state / VISITS).glob("[0-9]*.json")  # and not another shop's packs beside them
    for path in sorted(records)[-VISITS_MAX:]:  # their names are in order of time
        yield Source("state", f"{VISITS}/{path.name}", path)
    for path in sorted(loaded.state.glob("*.toml")):
        yield Source("state", path.name, path)


def _named(loaded: Loaded, text: str) -> Source:
    path = loaded.path(text)
    inside = path.is_relative_to(loaded.folder)
    return (
        Source("settings", str(path.relative_to(loaded.folder)), path)
        if inside
        else Source("absolute", str(path), path)
    )


def _files(table: Any) -> Iterator[str]:
    """Every file that the settings name: keys and certificates."""
    for name, value in table.items() if isinstance(table, dict) else enumerate(table):
        if isinstance(value, dict | list):
            yield from _files(value)
        elif isinstance(value, str) and value and str(name).endswith("_file") and name != "secrets_file":
            yield value


def _settings_name(manifest: Manifest) -> str:
    return next(part.name for part in manifest.parts if part.place == "settings")


def _free(folder: Path, name: str) -> Path:
    return next(path for number in range(1, 1000) if not (path := folder / f"{name}{number}{ENDING}").exists())


def _rotate(folder: Path, shop: str, keep: int, new: Path) -> list[Path]:
    """The oldest of this shop beyond ``keep`` go, never ``new``: a clock set back makes it the oldest.

    What is named otherwise, or of a shop called ``<this>-2``, is nobody's business here.
    """
    known = (each for each in folder.iterdir() if re.fullmatch(re.escape(shop) + _AT, each.name))
    older = sorted(each for each in known if each != new)
    gone = older[: max(0, len(older) - keep + 1)]
    for each in gone:
        each.unlink()
    return gone


def _passphrase(file: Path | None, loaded: Loaded | None) -> str:
    """Raises BadSettings("backup_passphrase_short" | "backup_passphrase_file")."""
    if file is not None:
        phrase = _first_line(file).strip()
    elif loaded is not None:
        phrase = loaded.secrets.get("backup", "passphrase")
    else:
        phrase = str(typer.prompt("Passphrase of the backup", hide_input=True)).strip()
    if len(phrase) < PASSPHRASE_MIN:
        raise BadSettings("backup_passphrase_short", least=PASSPHRASE_MIN)
    return phrase


def _first_line(file: Path) -> str:
    try:
        with handed_lines(file, LINE_MAX) as lines:
            return next(lines, b"").decode("utf-8-sig")
    except OSError as error:
        raise BadSettings("backup_passphrase_file", path=str(file), why=error.strerror or "") from None
    except UnicodeDecodeError:
        raise BadSettings("backup_passphrase_file", path=str(file), why="not UTF-8") from None
