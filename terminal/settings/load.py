"""Reads a settings file and its secrets, and says everything that is wrong with them at once."""

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from terminal.errors import BadSettings
from terminal.payments.currencies import EXPONENTS
from terminal.settings.channel_tables import CHANNELS, AnyChannel, OwnTable, WeChatPayTable, installed
from terminal.settings.chosen import chosen, with_chosen
from terminal.settings.pieces import piece
from terminal.settings.tables import DOORS, AnyDoor, CounterTable, HwProxyTable, Listen, Settings
from terminal.settings.toml_file import read_tables

SECRETS: Final = ("apiv3_key", "client_secret", "pepper")
CREDENTIAL: Final = "credential:"  # in secrets_file: systemd hands the file over
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where they came from; ``secrets`` never leaves memory."""

    settings: Settings
    folder: Path
    secrets: "Secrets"

    def path(self, text: str) -> Path:
        return (self.folder / text).resolve() if text else self.folder

    @property
    def state(self) -> Path:
        return self.path(self.settings.state.folder)

    @property
    def secrets_path(self) -> Path:
        return _secrets_at(self.folder, self.settings.secrets_file)


class Secrets:
    """Values by ``section.key``; its repr shows none of them (S44)."""

    def __init__(self, tables: dict[str, dict[str, str]]) -> None:
        self._tables = tables

    def get(self, section: str, key: str) -> str:
        try:
            return self._tables[section][key]
        except KeyError:
            raise BadSettings("config_secret_missing", key=f"{section}.{key}") from None

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._tables))})"


class Problems(BadSettings):
    """Everything that is wrong with a settings file, at once."""

    def __init__(self, problems: list[BadSettings]) -> None:
        super().__init__(problems[0].slug, **problems[0].facts)
        self.problems = tuple(problems)


def load(path: Path, *, despite: Collection[str] = ()) -> Loaded:
    """Read, check and resolve a settings file. Raises Problems: one for each thing to correct.

    ``despite``: slugs that whoever only looks at an installation can do with; no service is started so.
    """
    try:
        table = read_tables(path)
    except BadSettings as error:
        raise Problems([error]) from None
    problems: list[BadSettings] = []
    settings = _settings(table, problems)
    folder = path.resolve().parent
    secrets = Secrets({})
    if settings is not None:
        settings = with_chosen(settings, chosen(folder / settings.state.folder, problems))
        problems += _contradictions(settings)
        try:
            secrets = _secrets(folder, settings.secrets_file, despite)
        except BadSettings as error:
            problems.append(error)
    if settings is None or (problems := [each for each in problems if each.slug not in despite]):
        raise Problems(problems)
    return Loaded(settings, folder, secrets)


def _settings(table: dict[str, Any], problems: list[BadSettings]) -> Settings | None:
    """Convert piece by piece, so that one wrong table does not hide the next."""
    pieces: dict[str, Any] = {}
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name, value in table.items():
        if name not in fields:
            problems.append(BadSettings("config_unknown_key", key=name))
        elif name == "counters" and isinstance(value, list):
            pieces[name] = tuple(piece(f"counters[{i}]", x, CounterTable, problems) for i, x in enumerate(value))
        elif name == "channels" and isinstance(value, dict):
            pieces[name] = {k: piece(f"channels.{k}", x, _kind_of(x), problems) for k, x in value.items()}
        elif name == "doors" and isinstance(value, dict):
            pieces[name] = {k: piece(f"doors.{k}", x, _kind_of_door(x), problems) for k, x in value.items()}
        else:
            pieces[name] = piece(name, value, fields[name].type, problems)
    problems += [
        BadSettings("config_key_missing", key=name)
        for name, field in fields.items()
        if field.required and name not in table
    ]
    return None if problems else Settings(**pieces)


def _kind_of(table: object) -> type[AnyChannel]:
    """Each connector has keys of its own; a word nobody knows is told by the first that there was."""
    named = table.get("connector") if isinstance(table, dict) else None
    if not isinstance(named, str):
        return WeChatPayTable
    return CHANNELS.get(named) or (OwnTable if installed(named) else WeChatPayTable)


def _kind_of_door(table: object) -> type[AnyDoor]:
    named = table.get("kind") if isinstance(table, dict) else None
    return DOORS.get(named, HwProxyTable) if isinstance(named, str) else HwProxyTable


def _contradictions(settings: Settings) -> list[BadSettings]:
    found: list[BadSettings] = []
    if settings.shop.currency not in EXPONENTS:
        found.append(BadSettings("currency_unknown", field="shop.currency"))
    for name, channel in settings.channels.items():
        if channel.sandbox != (settings.mode == "test"):
            found.append(BadSettings("config_mixed_modes", key=f"channels.{name}.sandbox"))
        if channel.sandbox and channel.gateway and _host(channel.gateway) not in LOOPBACK:
            found.append(BadSettings("config_mixed_modes", key=f"channels.{name}.gateway"))  # a real bank (I25)
    if settings.journal.store == "postgres" and not settings.journal.dsn:
        found.append(BadSettings("config_key_missing", key="journal.dsn"))
    if settings.taps and settings.mode != "test":
        found.append(BadSettings("config_mixed_modes", key="taps"))
    ids = [counter.id for counter in settings.counters]
    if not ids:
        found.append(BadSettings("config_key_missing", key="counters"))
    found += [
        BadSettings("config_value_wrong", key="counters.id", why="twice") for x in set(ids) if ids.count(x) > 1
    ]
    for counter in settings.counters:
        found += [
            BadSettings("config_value_wrong", key=f"counters.{counter.id}.channels", why=f"no channel {name!r}")
            for name in counter.channels
            if name not in settings.channels
        ]
    for name, door in settings.doors.items():
        if door.counter not in ids:
            found.append(
                BadSettings("config_value_wrong", key=f"doors.{name}.counter", why=f"no counter {door.counter!r}")
            )
        if door.host not in LOOPBACK and not door.peers:
            found.append(BadSettings("config_key_missing", key=f"doors.{name}.peers"))
    return [*found, *_of_receipts(settings), *_of_listeners(settings.listen)]


def _of_listeners(listen: Listen) -> list[BadSettings]:
    found: list[BadSettings] = []
    if listen.host not in LOOPBACK:
        found.append(BadSettings("config_bind_needs_tls", key="listen.host"))
    if listen.lan and not listen.lan_port:
        why = "phones come back to the same address: it needs a port of its own"
        found.append(BadSettings("config_value_wrong", key="listen.lan_port", why=why))
    return found


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # "http://[1": no address of any machine
        return None


def _of_receipts(settings: Settings) -> list[BadSettings]:
    receipts, asks = settings.receipts, settings.care.on_receipt
    found: list[BadSettings] = []
    reached = receipts.address or settings.listen.lan
    wanted = {"receipts.display": receipts.display, "care.on_receipt": asks == "rating"}
    for key in (each for each, is_wanted in wanted.items() if is_wanted and not reached):
        found.append(BadSettings("config_value_wrong", key=key, why="needs receipts.address or listen.lan"))
    if receipts.address and not settings.listen.notify_port:
        found.append(BadSettings("config_value_wrong", key="receipts.address", why="needs listen.notify_port"))
    if receipts.paper == "asked" and not receipts.display:
        found.append(BadSettings("config_value_wrong", key="receipts.paper", why="needs receipts.display"))
    if asks == "survey" and not settings.care.survey:
        found.append(BadSettings("config_key_missing", key="care.survey"))
    return found


def _secrets_at(folder: Path, named: str) -> Path:
    """Beside the settings; or where systemd put it, for this service alone (systemd.exec(5), Credentials)."""
    name = named.removeprefix(CREDENTIAL)
    if name == named:
        return folder / name
    return Path(os.environ.get("CREDENTIALS_DIRECTORY", "$CREDENTIALS_DIRECTORY")) / Path(name).name


def _secrets(folder: Path, named: str, despite: Collection[str]) -> Secrets:
    path = _secrets_at(folder, named)
    others = 0o037 if named.startswith(CREDENTIAL) else 0o077  # systemd may grant reading by an ACL: shown as 0440
    try:
        if stat.S_IMODE(path.stat().st_mode) & others and "config_secret_readable" not in despite:
            raise BadSettings("config_secret_readable", path=str(path))
    except FileNotFoundError:
        raise BadSettings("config_missing", path=str(path)) from None
    except OSError as error:
        raise BadSettings("config_unreadable", path=str(path), why=type(error).__name__) from None
    tables = read_tables(path, secret=True)
    if loose := [name for name, table in tables.items() if not isinstance(table, dict)]:
        raise BadSettings("config_unknown_key", key=f"{path.name}: {loose[0]}")
    return Secrets({name: {k: str(v) for k, v in table.items()} for name, table in tables.items()})
