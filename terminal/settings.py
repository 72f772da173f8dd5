"""One TOML file a machine, and a secrets file beside it: validated at once, every problem named (decision 12)."""

import json
import os
import stat
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from terminal.channel_tables import CHANNELS, AnyChannel, OwnTable, Table, WeChatPayTable, installed
from terminal.errors import BadSettings
from terminal.payments.currencies import EXPONENTS

SECRETS: Final = ("apiv3_key", "client_secret", "pepper")
CHOSEN_FILE: Final = "devices.toml"
CREDENTIAL: Final = "credential:"  # in secrets_file: systemd hands the file over
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._-]{1,64}\Z")]  # of the journal's streams and of addresses
Hour = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Shop(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    merchant: str
    store: Id
    title: str
    lines: tuple[str, ...] = ()
    currency: str = "CNY"
    zone: str = "UTC"
    cut_off: Hour = "00:00"  # local time at which a new business day begins
    cashier_totals: bool = True  # today's sums on the till's page for everybody who sells
    limit_minor: int = 5_000_000
    cashier_refund_minor: int = 0  # a cashier may give back this much at once without the owner
    cashier_refund_day_minor: int = 0  # and this much a day
    refund_day_minor: int = 0  # all refunds of a day together, whoever gives them; 0: no limit
    cashier_limit_minor: int = 0  # the most one sale of a till or cashier may be; 0: limit_minor alone
    pos_limit_minor: int = 0  # and one of an API key
    second_step: Literal["off", "office", "always"] = "office"  # the phone's code: never, away from tills, always
    offline: Literal["refuse", "list"] = "refuse"  # nobody can confirm: no sale, or one on the unverified list
    offline_sale_minor: int = 0  # the most such a sale may be
    offline_day_minor: int = 0  # and all of them of 24 hours that are not proven
    excess: Literal["list", "refund"] = "list"  # a second payment for one sale: shown, or given back by itself


class State(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``folder`` holds journal, keys and checkpoints; relative paths start at the settings file's folder."""

    folder: str = "/var/lib/countertop"
    bill_days: Annotated[int, msgspec.Meta(ge=1, le=4000)] = 400  # how long fetched and imported bills are kept


class JournalTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``dsn``: postgresql://user@host:port/database; its password is ``[journal] password`` of the secrets."""

    store: Literal["sqlite", "postgres"] = "sqlite"
    dsn: str = ""
    ca: str = ""  # a file: who signed the server's certificate; empty: whom this machine trusts
    schema: Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]{0,39}\Z")] = "countertop"  # one a shop
    standby: bool = False  # wait while another machine serves one of these counters
    instance: str = ""  # this machine's name for people; empty: its own


class Listen(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 7600
    notify_port: Port = 7601  # 0: no inbound notifications, queries alone confirm
    notify_host: str = "127.0.0.1"


class DeviceTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` is a binding: usb-serial:…, usb-path:…, link:/path or tcp:host:port (never ttyUSB0)."""

    port: str
    driver: str = ""
    profile: str = ""
    baud: int = 0  # 0: the profile's
    flow: Literal["none", "xonxoff", "rtscts", ""] = ""
    serial: str = ""  # of the one display that belongs here; empty takes whoever answers


Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class SpeakerTable(DeviceTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` may also be audio:NAME, this computer's own sound output."""

    volume: Percent | None = None  # of the loudest; unset: the profile's own
    quiet: tuple[Hour, Hour] | None = None  # from, until, in the shop's zone
    quiet_volume: Percent = 0  # in these hours; 0: nothing is spoken, screens show everything


class PrinterTable(DeviceTable, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``port`` may also be usb-printer:TEXT, of the printer's own device id."""

    logo: str = ""  # a picture file beside the settings, printed above every slip


_KINDS: Final[dict[str, type[DeviceTable]]] = {
    "display": DeviceTable,
    "scanner": DeviceTable,
    "printer": PrinterTable,
    "speaker": SpeakerTable,
}


class CounterTable(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: Id
    title: str = ""
    kiosk: bool = False  # its till, while nobody is signed in, has its own page and no way out of it
    channels: tuple[str, ...] = ("wechatpay",)
    languages: dict[Literal["cashier", "display", "receipt", "voice"], str] = msgspec.field(default_factory=dict)
    display: DeviceTable | None = None
    displays: tuple[DeviceTable, ...] = ()  # further ones, in the order in which they take over the code
    scanner: DeviceTable | None = None
    printer: PrinterTable | None = None
    printers: tuple[PrinterTable, ...] = ()  # further ones, in the order in which they take over
    speaker: SpeakerTable | None = None


class Settings(Table, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a service is built from. ``mode`` test: sandbox only, TEST on every screen and slip (I25)."""

    mode: Literal["live", "test"]
    shop: Shop
    state: State = State()
    journal: JournalTable = JournalTable()
    listen: Listen = Listen()
    channels: dict[str, AnyChannel]
    counters: tuple[CounterTable, ...]
    secrets_file: str = "secrets.toml"
    taps: bool = False  # fault and tap points of the lab exist only when set, and only in test mode (S74)


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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Problems([BadSettings("config_missing", path=str(path))]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Problems([BadSettings("config_unreadable", path=str(path), why=str(error))]) from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problems([BadSettings("config_unreadable", path=str(path), why=str(error))]) from None
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


Chosen = dict[str, dict[str, DeviceTable]]
"""Counter -> role -> what was chosen on the set-up page; an empty port: nothing stands there."""


def chosen(state: Path, problems: list[BadSettings]) -> Chosen:
    """What ``devices.toml`` in the state folder says; the program writes it, and a person may take it away."""
    path = state / CHOSEN_FILE
    try:
        table = _by_role(tomllib.loads(path.read_text(encoding="utf-8")).get("counters", {}))
    except (FileNotFoundError, NotADirectoryError):  # of a folder that cannot be there the journal tells
        return {}
    except (OSError, ValueError) as error:
        problems.append(BadSettings("config_unreadable", path=str(path), why=str(error)))
        return {}
    found: Chosen = {}
    for counter, roles in table.items():
        for role, value in roles.items():
            where = f"{CHOSEN_FILE}: counters.{counter}.{role}"
            if role not in _KINDS:
                problems.append(BadSettings("config_unknown_key", key=where))
            elif (piece := _piece(where, value, DeviceTable, problems)) is not None:
                found.setdefault(counter, {})[role] = piece
    return found


def _by_role(counters: object) -> dict[str, dict[str, Any]]:
    """Raises ValueError: no tables of counters and roles."""
    return msgspec.convert(counters, dict[str, dict[str, Any]])


def with_chosen(settings: Settings, choices: Chosen) -> Settings:
    """The settings as they are with what was chosen later; counters that are gone are passed over."""
    counters = tuple(_chosen_for(counter, choices.get(counter.id, {})) for counter in settings.counters)
    return msgspec.structs.replace(settings, counters=counters)


def _chosen_for(counter: CounterTable, roles: dict[str, DeviceTable]) -> CounterTable:
    for role, table in roles.items():
        counter = with_device(counter, role, table)
    return counter


def with_device(counter: CounterTable, role: str, table: DeviceTable) -> CounterTable:
    """This device in this role; what the settings say beside it, such as volume or logo, stays."""
    if not table.port:
        return msgspec.structs.replace(counter, **{role: None})
    kind = _KINDS[role]
    before = getattr(counter, role)
    kept = {} if before is None else {name: getattr(before, name) for name in kind.__struct_fields__}
    return msgspec.structs.replace(counter, **{role: kind(**{**kept, **msgspec.structs.asdict(table)})})


def write_chosen(state: Path, choices: Chosen) -> None:
    """Whole or not at all, and durable. Raises OSError."""
    lines = ["# Chosen on the set-up page. It stands above the settings file; delete a table to undo it."]
    for counter, roles in sorted(choices.items()):
        for role, table in sorted(roles.items()):
            lines += ["", f"[counters.{json.dumps(counter)}.{role}]"]
            values = msgspec.structs.asdict(table)
            lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    draft = state / f"{CHOSEN_FILE}.new"
    with draft.open("w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(state / CHOSEN_FILE)
    folder = os.open(state, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _settings(table: dict[str, Any], problems: list[BadSettings]) -> Settings | None:
    """Convert piece by piece, so that one wrong table does not hide the next."""
    pieces: dict[str, Any] = {}
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    for name, value in table.items():
        if name not in fields:
            problems.append(BadSettings("config_unknown_key", key=name))
        elif name == "counters" and isinstance(value, list):
            pieces[name] = tuple(_piece(f"counters[{i}]", x, CounterTable, problems) for i, x in enumerate(value))
        elif name == "channels" and isinstance(value, dict):
            pieces[name] = {k: _piece(f"channels.{k}", x, _kind_of(x), problems) for k, x in value.items()}
        else:
            pieces[name] = _piece(name, value, fields[name].type, problems)
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


def _piece(where: str, value: object, kind: Any, problems: list[BadSettings]) -> Any:
    """One value or table. A table is read key by key, so that one wrong key does not hide the next."""
    table = next(
        (each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, Table)), None
    )
    if table is not None and isinstance(value, dict):
        before = len(problems)
        fields = {field.name: field for field in msgspec.structs.fields(table)}
        for name, inner in value.items():
            if name in fields:
                _piece(f"{where}.{name}", inner, fields[name].type, problems)
            else:
                problems.append(BadSettings("config_unknown_key", key=f"{where}.{name}"))
        missing = [name for name, field in fields.items() if field.required and name not in value]
        problems += [BadSettings("config_key_missing", key=f"{where}.{name}") for name in missing]
        if len(problems) > before:
            return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problems.append(_problem(where, str(error)))
        return None


def _problem(where: str, message: str) -> BadSettings:
    """msgspec names what it wanted, and the path inside a list or dict."""
    what, _, path = message.partition(" - at `$")
    return BadSettings("config_value_wrong", key=where + path.rstrip("`"), why=what)


def _contradictions(settings: Settings) -> list[BadSettings]:
    found: list[BadSettings] = []
    if settings.shop.currency not in EXPONENTS:
        found.append(BadSettings("currency_unknown", field="shop.currency"))
    for name, channel in settings.channels.items():
        if channel.sandbox != (settings.mode == "test"):
            found.append(BadSettings("config_mixed_modes", key=f"channels.{name}.sandbox"))
        if channel.sandbox and channel.gateway and urlsplit(channel.gateway).hostname not in LOOPBACK:
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
    if settings.listen.host not in LOOPBACK:
        found.append(BadSettings("config_bind_needs_tls", key="listen.host"))
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
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings("config_missing", path=str(path)) from None
    except (OSError, ValueError) as error:
        raise BadSettings("config_unreadable", path=str(path), why=type(error).__name__) from None
    if loose := [name for name, table in tables.items() if not isinstance(table, dict)]:
        raise BadSettings("config_unknown_key", key=f"{path.name}: {loose[0]}")
    return Secrets({name: {k: str(v) for k, v in table.items()} for name, table in tables.items()})
