"""``countertop journal verify | tail | export | check | migrate``: the record, read beside its service."""

import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rich.table import Table

from terminal.cli.journal_database import migrate, report_of, rows_of, shared
from terminal.cli.words import JOURNAL, console, errors, give_up, put, sentences
from terminal.errors import JournalError
from terminal.given_file import handed_lines, read_handed
from terminal.journal.anchors import ANCHORS_MAX
from terminal.journal.checkpoints import checkpoints_of
from terminal.journal.export import check_export, redacted
from terminal.journal.export import export_rows as write_lines
from terminal.journal.keys import JournalKeys
from terminal.journal.reader import Reader
from terminal.journal.records import BODY_MAX, Row
from terminal.journal.verify import verify as check
from terminal.payments.anchor import TYPED_MAX, Anchor, read_anchor
from terminal.payments.event import Event
from terminal.settings import load
from terminal.wiring.stores import keys_folder, reading_path

journal = typer.Typer(no_args_is_help=True, help="Read and check the journal.")
Config = Annotated[Path, typer.Option(help="The settings file of the service.")]
DEMO: Final = Path(".demo/countertop.toml")
PEM_MAX: Final = 4096  # bytes of a public key
CHECKPOINTS_MAX: Final = 64 * 1024 * 1024  # one is 600 bytes, for a thousand events
LINE_MAX: Final = 4 * BODY_MAX  # bytes of an export's line: a body and what stands around it
journal.command()(migrate)


def _path(config: Path) -> Path:
    """Raises Problems, JournalError("journal_missing")."""
    path = reading_path(load(config))
    if not path.exists():
        raise JournalError("journal_missing", path=str(path))
    return path


@journal.command()
def verify(
    config: Config = DEMO,
    anchor: Annotated[
        list[str] | None, typer.Option(help="From a Z on paper, or a file with one a line. May be given often.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Check every event, chain and checkpoint; names the first bad row and exits with 4.

    An anchor also finds a journal that is whole and older than its paper, or written anew behind it.
    """
    with sentences(as_json=as_json):
        anchors = _anchors(anchor or [])
        loaded = load(config)
        path = None if shared(loaded) else _path(config)
        keys = JournalKeys.load(keys_folder(loaded))
        report = check(path, keys, anchors=anchors) if path else report_of(loaded, keys, anchors)
        if as_json:
            put({"sound": report.sound, **msgspec.to_builtins(report)})
        elif report.sound:
            console.print(f"Sound: {report.events} events, every one of them in its chain.")
            for each in anchors:
                console.print(f"The anchor of Z {each.n} fits, up to event {each.last}.", highlight=False)
        else:
            where = f"event {report.first_bad}: {report.reason} {report.detail}"
            errors.print(f"Not sound: {where}", markup=False, highlight=False)
        if not report.sound:
            raise typer.Exit(JOURNAL)


def _anchors(told: Sequence[str]) -> list[Anchor]:
    """Raises InvalidRequest("anchor_unreadable")."""
    found: dict[Anchor, None] = {}
    for each in told:
        for line in _lines_of(each):
            if text := line.partition("#")[0].strip():
                found[read_anchor(text)] = None
    if told and not found:
        give_up("There is no anchor in it: one a line, as a Z on paper has it.")
    if len(found) > ANCHORS_MAX:
        give_up(f"{len(found)} anchors are too many at once: at most {ANCHORS_MAX}.")
    return list(found)


def _lines_of(told: str) -> list[str]:
    """Of a file of that name, else what was typed."""
    path = Path(told)
    try:
        if len(told) > TYPED_MAX or not (path.is_file() or path.is_fifo()):
            return [told]
        return read_handed(path, ANCHORS_MAX * TYPED_MAX).decode("utf-8", "replace").splitlines()
    except OSError as error:
        give_up(f"{path} cannot be read ({error.strerror}).")


@journal.command()
def tail(
    config: Config = DEMO,
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """The newest events."""
    with sentences(as_json=as_json):
        reader = Reader.at(_path(config))
        try:
            found = reader.tail(count)
        finally:
            reader.close()
    if as_json:
        put([{**_row(event), "body": redacted(event.stream, event.body)} for event in found])
        return
    table = Table("no.", "time (UTC)", "type", "about", "who", box=None)
    for event in found:
        at = datetime.fromtimestamp(event.wall_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        table.add_row(str(event.number), at, event.type, event.subject, event.actor)
    console.print(table)


def _row(event: Event) -> dict[str, Any]:
    names = ("number", "stream", "position", "type", "version", "counter", "subject", "actor", "wall_ms")
    return {name: getattr(event, name) for name in names}


@journal.command()
def export(
    config: Config = DEMO,
    out: Annotated[Path | None, typer.Option("-o", help="File to make; standard output otherwise.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only events after this number.")] = 0,
) -> None:
    """Every event as a JSON line; personal data only as commitments, hashes of PINs and tokens hashed again."""
    with sentences():
        loaded = load(config)
        path, signer = _path(config), JournalKeys.load(keys_folder(loaded)).signer
        with closing(Reader.at(path)) as reader:
            rows = rows_of(loaded) if shared(loaded) else reader.every()
            if out is None:
                write_lines(rows, sys.stdout.buffer, signer, after=after)
                return
            count = _write_new(rows, out, signer, after)
        console.print(f"{count} events in {out}", markup=False, highlight=False, soft_wrap=True)


def _write_new(rows: Iterable[Row], out: Path, signer: Ed25519PrivateKey, after: int) -> int:
    """The whole export under a name that was free, or nothing."""
    try:
        file = out.open("xb")
    except FileExistsError:
        give_up(f"{out} exists already; nothing was written. Choose another name.")
    except OSError as error:
        give_up(f"{out} cannot be made ({error.strerror}); nothing was written. Choose another place.")
    try:
        with file:
            return write_lines(rows, file, signer, after=after)
    except OSError as error:
        out.unlink(missing_ok=True)
        give_up(f"{out} could not be written whole ({error.strerror}), so it was removed. Choose another place.")


@journal.command("check")
def check_copy(
    copy: Annotated[Path, typer.Argument(help="An export from the first event on.")],
    checkpoints: Annotated[Path, typer.Option(help="The journal's signed checkpoints (journal.db.checkpoints).")],
    key: Annotated[Path, typer.Option(help="The published key (keys/journal.pub).")],
) -> None:
    """Check an export on any machine, with the published key alone; exits with 4 when it is not sound."""
    with sentences():
        public = _public(key)
        if not (signed := checkpoints_of(_bytes_of(checkpoints), checkpoints, public)):
            why = "holds no checkpoint" if checkpoints.exists() else "is not there"
            give_up(
                f"{checkpoints} {why}: nothing is proven. Take journal.db.checkpoints of the shop's state folder."
            )
        try:
            with handed_lines(copy, LINE_MAX) as lines:
                report = check_export(lines, signed, public)
        except OSError as error:
            give_up(f"{copy} cannot be read ({error.strerror}).")
        if report.sound:
            console.print(f"Sound: {report.events} events, covered by signed checkpoints.")
            return
        where = f"event {report.first_bad}: {report.reason} {report.detail}"
        errors.print(f"Not sound: {where}", markup=False, highlight=False)
        raise typer.Exit(JOURNAL)


def _bytes_of(checkpoints: Path) -> bytes:
    try:
        data = read_handed(checkpoints, CHECKPOINTS_MAX + 1)
    except FileNotFoundError:
        return b""
    except OSError as error:
        give_up(f"{checkpoints} cannot be read ({error.strerror}).")
    if len(data) > CHECKPOINTS_MAX:
        give_up(f"{checkpoints} cannot be read (longer than {CHECKPOINTS_MAX} bytes).")
    return data


def _public(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(read_handed(path, PEM_MAX))
    except OSError as error:
        give_up(f"{path} cannot be read ({error.strerror}).")
    except (ValueError, UnsupportedAlgorithm):
        give_up(f"{path} is no public key. Take keys/journal.pub of the shop's state folder.")
    if not isinstance(key, Ed25519PublicKey):
        give_up(f"{path} is not the key of a journal. Take keys/journal.pub of the shop's state folder.")
    return key
