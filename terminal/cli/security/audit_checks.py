"""Whether an installation keeps its own rules, decided over a description of it. Pure; the words are data.

One check is one line of the page: what is weak, what is worth a look, or that it is well.
"""

import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from terminal.help.languages import nearest
from terminal.help.registry import fill

TEXTS: Final = Path(__file__).parents[2] / "data" / "audit.toml"
DAY_MS: Final = 86_400_000
KEY_DAYS_MAX: Final = 366  # an API key ends within a year (S37), and years may be long
UNUSED_DAYS: Final = 90
REMIND_DAYS: Final = 80  # a merchant's keys are changed about every three months (WeChat Pay, security guide)
ENDING_DAYS: Final = 30
BACKUP_DAYS: Final = 7
FIRST_DAYS: Final = 1  # the shop may take a day to set up its people
PEPPER_VARIETY: Final = 16  # of 32 random bytes fewer than 20 different ones come once in a hundred million draws
PASSPHRASE_MIN: Final = 16
_SHOWN: Final = 5
Level = Literal["weak", "look", "good"]
Kind = Literal["secret", "settings", "folder", "state", "backup"]


@dataclass(frozen=True, slots=True)
class Held:
    """A file or folder: whose it is and its twelve bits of permission."""

    path: str
    kind: Kind
    uid: int
    mode: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who may give money back. ``fits``: the PIN was made with the pepper that is here."""

    label: str
    second_step: bool = False
    fits: bool = True


@dataclass(frozen=True, slots=True)
class KeyOfProgram:
    label: str
    made_ms: int
    expires_ms: int
    used_ms: int = 0


@dataclass(frozen=True, slots=True)
class BankKey:
    """``since_ms``: of a certificate its begin, else when the file was written; 0 where it is not ours to change.

    ``until_ms``: 0 for a bare key.
    """

    channel: str
    file: str
    since_ms: int
    until_ms: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What reading the whole journal back told. ``first_ms``: when it begins."""

    told: Literal["sound", "none", "bad", "unread", "passed_over"] = "none"
    events: int = 0
    first_ms: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BackupsKnown:
    """``made_ms``: of the newest one we know of, 0 for none. ``phrase``: its length; None: not to be seen here."""

    made_ms: int = 0
    phrase: int | None = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """The installed unit against ours: names of settings that say something else."""

    there: bool = False
    differs: tuple[str, ...] = ()
    swaps: bool = True


@dataclass(frozen=True, slots=True)
class Packages:
    """``unlocked`` are installed in a version that the lock does not name, ``changed`` have other bytes inside."""

    lock: bool = True
    unlocked: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that is judged. ``pepper`` counts different bytes; None where the secrets are not to be seen."""

    now_ms: int
    live: bool = True
    uid: int = 1000
    held: tuple[Held, ...] = ()
    secrets: bool = True
    host: str = "127.0.0.1"
    reachable: bool = False
    lan: str = ""  # where phones and second screens come in by TLS; empty: nowhere
    clear_notices: tuple[str, ...] = ()
    clear_doors: tuple[str, ...] = ()  # doors for other tills that other machines reach, not encrypted
    simulated: tuple[str, ...] = ()
    verbose: str = ""
    policy: str = "office"
    owners: tuple[Owner, ...] | None = ()
    pepper: int | None = 30
    keys: tuple[KeyOfProgram, ...] = ()
    bank_keys: tuple[BankKey, ...] = ()
    record: Record = field(default_factory=Record)
    backups: BackupsKnown = field(default_factory=BackupsKnown)
    core_limit: int | None = None
    swaps: tuple[str, ...] = ()
    sqlite: tuple[int, ...] = (3, 51, 3)
    sound_sqlite: tuple[int, ...] = (3, 51, 3)
    unit: Unit = field(default_factory=Unit)
    packages: Packages = field(default_factory=Packages)
    synchronised: bool = True

    @property
    def age_days(self) -> int:
        return (self.now_ms - self.record.first_ms) // DAY_MS if self.record.first_ms else 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say. ``slug`` names its words in data/audit.toml."""

    check: str
    slug: str
    level: Level
    facts: dict[str, str] = field(default_factory=dict)

    def words(self, language: str) -> tuple[str, str]:
        """What is so, and what to do; the second is empty where nothing has to be done."""
        what, fix = _texts()[self.slug][nearest(language)]
        return fill(what, self.facts), fill(fix, self.facts)


Said = tuple[str, Level, dict[str, str]]


@cache
def _texts() -> dict[str, dict[str, tuple[str, str]]]:
    return msgspec.toml.decode(TEXTS.read_bytes(), type=dict[str, dict[str, tuple[str, str]]])


def findings(told: Installation) -> list[Finding]:
    """Every check in the order of the page; "<check>_good" where there is nothing to say."""
    found: list[Finding] = []
    for name, check in CHECKS.items():
        said = list(check(told))
        found += [Finding(name, slug, level, facts) for slug, level, facts in said]
        if not said:
            found.append(Finding(name, f"{name}_good", "good"))
    return found


def _secrets(told: Installation) -> Iterable[Said]:
    if not told.secrets:
        yield "secrets_unseen", "look", {}
    for each in _kind(told, "secret"):
        if each.mode & 0o077:
            yield "secret_readable", "weak", {"path": each.path}
        if each.uid != told.uid:
            yield "secret_not_ours", "weak", {"path": each.path, "uid": str(told.uid)}


def _state(told: Installation) -> Iterable[Said]:
    for each in _kind(told, "state"):
        if each.mode & 0o077:
            yield "state_open", "weak", {"path": each.path}


def _settings(told: Installation) -> Iterable[Said]:
    for each in _kind(told, "settings"):
        if each.mode & 0o022 or each.uid not in (told.uid, 0):
            yield "settings_writable", "weak", {"path": each.path}
    for each in _kind(told, "folder"):
        if each.mode & 0o002 and not each.mode & stat.S_ISVTX:  # anybody may put another file in its place
            yield "settings_writable", "weak", {"path": each.path}


def _doors(told: Installation) -> Iterable[Said]:
    if told.reachable:
        yield "doors_open", "weak", {"host": told.host}
    elif told.lan:
        yield "doors_lan", "good", {"address": told.lan}
    for door in told.clear_doors:
        yield "door_clear", "look", {"door": door}


def _notices(told: Installation) -> Iterable[Said]:
    for channel in told.clear_notices:
        yield "notices_clear", "weak", {"channel": channel}


def _parts(told: Installation) -> Iterable[Said]:
    if told.live and told.simulated:
        yield "parts_simulated", "weak", {"parts": ", ".join(told.simulated)}


def _logging(told: Installation) -> Iterable[Said]:
    if told.live and told.verbose:
        yield "logging_verbose", "weak", {"why": told.verbose}


def _owners(told: Installation) -> Iterable[Said]:
    if told.owners is None:
        yield "owners_unseen", "look", {}
    elif not told.owners:
        yield "owners_none", "weak" if told.age_days > FIRST_DAYS else "look", {}


def _second_step(told: Installation) -> Iterable[Said]:
    lacking = _few(each.label for each in told.owners or () if not each.second_step)
    if told.policy == "off":
        if told.live:
            yield "second_step_off", "look", {}
    elif lacking and told.policy == "always":
        yield "second_step_lacks", "weak", {"who": lacking}
    elif lacking and told.live:
        yield "second_step_later", "look", {"who": lacking}


def _pins(told: Installation) -> Iterable[Said]:
    if told.pepper is not None and told.pepper < PEPPER_VARIETY:
        yield "pepper_weak", "weak", {}
    if others := _few(each.label for each in told.owners or () if not each.fits):
        yield "pepper_other", "weak", {"who": others}


def _api_keys(told: Installation) -> Iterable[Said]:
    for key in told.keys:
        facts = {"key": key.label}
        if key.expires_ms - told.now_ms > KEY_DAYS_MAX * DAY_MS:
            yield "api_key_endless", "weak", facts
        elif key.expires_ms > told.now_ms and (days := _days(told, key.used_ms or key.made_ms)) > UNUSED_DAYS:
            yield "api_key_unused", "weak", {**facts, "days": str(days)}


def _bank_keys(told: Installation) -> Iterable[Said]:
    """The age is a reminder (S17): who trades keys yearly has no weak shop. The end closes the channel."""
    for key in told.bank_keys:
        facts = {"channel": key.channel, "file": key.file}
        left = (key.until_ms - told.now_ms) // DAY_MS
        if key.until_ms and left <= ENDING_DAYS:
            yield ("bank_key_ended" if left < 0 else "bank_key_ends"), "weak", {**facts, "days": str(left)}
        elif key.since_ms and (days := _days(told, key.since_ms)) > REMIND_DAYS:
            yield "bank_key_old", "look", {**facts, "days": str(days)}


def _backups(told: Installation) -> Iterable[Said]:
    """A shop of a few days may still have none; from the second week on it may not."""
    made = told.backups
    level: Level = "weak" if told.live and told.age_days > BACKUP_DAYS else "look"
    if made.phrase is not None and made.phrase < PASSPHRASE_MIN:
        yield "backup_phrase", level, {}
    if not made.made_ms:
        yield "backup_none", level, {}
    elif (days := _days(told, made.made_ms)) > BACKUP_DAYS:
        yield "backup_old", level, {"days": str(days)}


def _copies(told: Installation) -> Iterable[Said]:
    for each in _kind(told, "backup"):
        if each.mode & 0o077:
            yield "copy_readable", "weak", {"path": each.path}


def _cores(told: Installation) -> Iterable[Said]:
    if told.core_limit:
        yield "cores_allowed", "weak", {}


def _swap(told: Installation) -> Iterable[Said]:
    if told.swaps and told.unit.swaps:
        yield "swap_plain", "look", {"swaps": _few(told.swaps)}


def _user(told: Installation) -> Iterable[Said]:
    if told.uid == 0:
        yield "user_root", "weak", {}


def _journal(told: Installation) -> Iterable[Said]:
    facts = {"detail": told.record.detail}
    match told.record.told:
        case "bad":
            yield "journal_bad", "weak", facts
        case "unread":
            yield "journal_unread", "weak", facts
        case "passed_over":
            yield "journal_passed_over", "look", {}
        case "none":
            yield "journal_none", "good", {}


def _sqlite(told: Installation) -> Iterable[Said]:
    if told.sqlite < told.sound_sqlite:
        yield "sqlite_old", "weak", {"version": ".".join(map(str, told.sqlite))}


def _unit(told: Installation) -> Iterable[Said]:
    if not told.unit.there:
        yield "unit_none", "look", {}
    elif told.unit.differs:
        yield "unit_differs", "weak", {"keys": _few(told.unit.differs)}


def _packages(told: Installation) -> Iterable[Said]:
    if not told.packages.lock:
        yield "packages_no_lock", "look", {}
    if told.packages.unlocked:
        yield "packages_unlocked", "weak", {"names": _few(told.packages.unlocked)}
    if told.packages.changed:
        yield "packages_changed", "weak", {"names": _few(told.packages.changed)}


def _clock(told: Installation) -> Iterable[Said]:
    if not told.synchronised:
        yield "clock_alone", "weak" if told.live else "look", {}


CHECKS: Final[dict[str, Callable[[Installation], Iterable[Said]]]] = {
    "secrets": _secrets,
    "state": _state,
    "settings": _settings,
    "doors": _doors,
    "notices": _notices,
    "parts": _parts,
    "logging": _logging,
    "owners": _owners,
    "second_step": _second_step,
    "pins": _pins,
    "api_keys": _api_keys,
    "bank_keys": _bank_keys,
    "backups": _backups,
    "copies": _copies,
    "journal": _journal,
    "cores": _cores,
    "swap": _swap,
    "user": _user,
    "unit": _unit,
    "sqlite": _sqlite,
    "packages": _packages,
    "clock": _clock,
}


def _kind(told: Installation, kind: Kind) -> Iterable[Held]:
    return (each for each in told.held if each.kind == kind)


def _days(told: Installation, since_ms: int) -> int:
    return (told.now_ms - since_ms) // DAY_MS


def _few(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:_SHOWN]) + (" …" if len(listed) > _SHOWN else "")
