"""Describe the shop for the audit: its files, people, keys, journal and backups. Nothing is changed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509

from terminal.cli.backup_note import copies, read_note
from terminal.cli.journal_database import report_of, shared
from terminal.cli.security import audit_machine as machine
from terminal.cli.security.audit_checks import (
    BackupsKnown,
    BankKey,
    Held,
    Installation,
    KeyOfProgram,
    Kind,
    Owner,
    Record,
)
from terminal.cli.security.audit_packages import packages
from terminal.errors import BadSettings, TerminalError
from terminal.journal.keys import PRIVATE, JournalKeys
from terminal.journal.reader import LIMIT_MAX, Reader
from terminal.journal.schema import SOUND_SQLITE, library_version
from terminal.journal.verify import verify
from terminal.people.pins import PinCost, Pins
from terminal.people.records import ApiKey, Person, restore
from terminal.people.roles import Role
from terminal.settings import CREDENTIAL, LOOPBACK, Loaded
from terminal.settings.channel_tables import AnyChannel
from terminal.settings.tables import AnyDoor
from terminal.system import SystemClock, SystemEntropy
from terminal.tls.lan_authority import KEY as LAN_KEY
from terminal.tls.lan_authority import SERVER as LAN_SERVER
from terminal.wiring.stores import keys_folder, reading_path

DESPITE: Final = ("config_bind_needs_tls", "config_mixed_modes", "config_secret_readable", "config_missing")
LAN_FILES: Final = (f"tls/{LAN_KEY}", f"tls/{LAN_SERVER}")
SECRET_FILES: Final = ("ready.json", "api-key", "demo-pins", f"keys/{PRIVATE}", "tls/server.pem", *LAN_FILES)
OURS: Final = frozenset({"", "merchant_", "next_merchant_", "app_", "next_app_"})  # others' we cannot change
_PEM_MAX: Final = 256 * 1024


def describe(loaded: Loaded, config: Path, root: Path, lock: Path, *, quick: bool) -> Installation:
    """``quick`` passes over what takes long: the whole journal and every file of the packages.

    Raises:
        BadSettings("config_missing"): no secrets, and nobody hands them over either.
    """
    now_ms, settings = SystemClock().wall_ms(), loaded.settings
    running = machine.service(root, loaded.state)
    people = _People(loaded)
    live = settings.mode == "live"
    seen = loaded.secrets_path.exists()
    if not seen and not settings.secrets_file.startswith(CREDENTIAL):
        raise BadSettings("config_missing", path=str(loaded.secrets_path))
    return Installation(
        now_ms=now_ms,
        live=live,
        uid=running.uid,
        held=tuple(_held(loaded, config)),
        secrets=seen,
        host=settings.listen.host,
        reachable=settings.listen.host not in LOOPBACK,
        lan=f"{settings.listen.lan_host}:{settings.listen.lan_port}" if settings.listen.lan else "",
        clear_doors=tuple(n for n, each in settings.doors.items() if _clear(each)),
        clear_notices=tuple(n for n, each in settings.channels.items() if each.notify_url.startswith("http://")),
        simulated=(*(("taps",) if settings.taps else ()), *(n for n, c in settings.channels.items() if c.sandbox)),
        verbose=running.verbose,
        policy=settings.shop.second_step,
        owners=people.owners,
        pepper=len(set(_pepper(loaded))) if seen else None,
        keys=people.keys,
        bank_keys=tuple(key for name, each in settings.channels.items() for key in bank_keys(loaded, name, each)),
        record=_record(loaded, people.first_ms, quick=quick),
        backups=_backups(loaded, now_ms, seen=seen),
        core_limit=running.core_limit,
        swaps=machine.swaps(root),
        sqlite=library_version(),
        sound_sqlite=SOUND_SQLITE,
        unit=machine.unit(root),
        packages=packages(lock, files=not quick),
        synchronised=machine.synchronised(root),
    )


def _clear(door: AnyDoor) -> bool:
    """Other machines reach it, and what is said there is not encrypted."""
    by_wire = bool(getattr(door, "line", ""))
    return not by_wire and door.host not in LOOPBACK and door.kind in {"hw_proxy", "zvt", "amount_line"}


class _People:
    """Who may sign in, as the journal's newest summaries tell; ``owners`` is None where they cannot be read."""

    def __init__(self, loaded: Loaded) -> None:
        self.owners: tuple[Owner, ...] | None = ()
        self.keys: tuple[KeyOfProgram, ...] = ()
        self.first_ms = 0
        path = reading_path(loaded)
        if not path.exists():
            return
        try:
            with closing(Reader.at(path)) as reader:
                first = reader.after(0, limit=1)
                found = (*reader.list("person", limit=LIMIT_MAX), *reader.list("api_key", limit=LIMIT_MAX))
        except TerminalError:
            self.owners = None
            return
        rows = [(each.first_ms, restore(each.subject, each.body, 0)) for each in found]
        self.first_ms = first[0].wall_ms if first else 0
        self.owners = tuple(
            Owner(each.label, bool(each.second), _fits(loaded, each.pin))
            for _, each in rows
            if isinstance(each, Person) and each.active and each.role is Role.OWNER
        )
        self.keys = tuple(
            KeyOfProgram(each.label, made_ms, each.expires_ms, each.used_ms)
            for made_ms, each in rows
            if isinstance(each, ApiKey) and each.active
        )


def _pepper(loaded: Loaded) -> bytes:
    try:
        return bytes.fromhex(loaded.secrets.get("people", "pepper"))
    except (BadSettings, ValueError):
        return b""


def _fits(loaded: Loaded, pin: str) -> bool:
    """Unknown where the pepper is not to be seen, or too short for any service to start with."""
    pepper = _pepper(loaded)
    try:
        if len(pepper) >= 32:
            Pins(pepper, PinCost(), SystemEntropy()).check_pepper(pin)
    except BadSettings:
        return False
    return True


def _held(loaded: Loaded, config: Path) -> Iterator[Held]:
    yield from _at(config, "settings")
    yield from _at(config.resolve().parent, "folder")
    if not loaded.settings.secrets_file.startswith(CREDENTIAL):
        yield from _at(loaded.secrets_path, "secret")
    for text in named_files(msgspec.to_builtins(loaded.settings)):
        if b"PRIVATE KEY" in _bytes(loaded.path(text)):
            yield from _at(loaded.path(text), "secret")
    for name in SECRET_FILES:
        yield from _at(loaded.state / name, "secret")
    yield from _at(loaded.state, "state")
    for path in sorted(loaded.state.glob("journal*.db*")):
        yield from _at(path, "state")
    for path in copies(read_note(loaded.state)):
        yield from _at(path, "backup")


def _at(path: Path, kind: Kind) -> Iterator[Held]:
    try:
        told = path.stat()
    except OSError:
        return  # not there yet, or in a folder that is closed to us as well
    yield Held(str(path), kind, told.st_uid, told.st_mode & 0o7777)


def named_files(table: Any) -> Iterator[str]:
    """Every file that the settings name: keys and certificates."""
    for name, value in table.items() if isinstance(table, dict) else enumerate(table):
        if isinstance(value, dict | list):
            yield from named_files(value)
        elif isinstance(value, str) and value and str(name).endswith("_file") and name != "secrets_file":
            yield value


def bank_keys(loaded: Loaded, channel: str, table: AnyChannel) -> Iterator[BankKey]:
    """Our keys and all certificates at one bank; a key that has a certificate is as old as that."""
    named = msgspec.structs.asdict(table)
    files: dict[str, str] = {}
    for ending in ("key_file", "certificate_file"):
        files |= {
            name.removesuffix(ending): named[name] for name in named if name.endswith(ending) and named[name]
        }
    for whose, text in files.items():
        path = loaded.path(text)
        data = _bytes(path)
        try:
            if b"BEGIN CERTIFICATE" in data:
                told = x509.load_pem_x509_certificate(data)
                begin = int(told.not_valid_before_utc.timestamp() * 1000) if whose in OURS else 0
                yield BankKey(channel, text, begin, int(told.not_valid_after_utc.timestamp() * 1000))
            elif b"PRIVATE KEY" in data:
                yield BankKey(channel, text, int(path.stat().st_mtime * 1000))
        except (OSError, ValueError):
            continue  # the start tells of a file that is no key


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_PEM_MAX)
    except OSError:
        return b""


def _record(loaded: Loaded, first_ms: int, *, quick: bool) -> Record:
    path = reading_path(loaded)
    if not path.exists() and not shared(loaded):
        return Record()
    if quick:
        return Record("passed_over", first_ms=first_ms)
    try:
        keys = JournalKeys.load(keys_folder(loaded))
        report = report_of(loaded, keys) if shared(loaded) else verify(path, keys)
    except TerminalError as error:
        return Record("unread", first_ms=first_ms, detail=error.slug)
    if report.sound:
        return Record("sound", report.events, first_ms)
    return Record("bad", report.events, first_ms, f"{report.reason} {report.first_bad} {report.detail}".rstrip())


def _backups(loaded: Loaded, now_ms: int, *, seen: bool) -> BackupsKnown:
    """A shared journal is saved by its database server: of that nothing is known here."""
    if shared(loaded):
        return BackupsKnown(now_ms, None)
    note = read_note(loaded.state)
    try:
        phrase: int | None = len(loaded.secrets.get("backup", "passphrase"))
    except BadSettings:
        phrase = 0 if seen else None
    return BackupsKnown(note.made_ms if note else 0, phrase)
