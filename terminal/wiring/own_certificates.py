"""The authorities of this machine itself: where they lie, when they end, and new ones on request."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from terminal.counter.ports import Clock
from terminal.settings import Loaded, NexoTable
from terminal.tls import local_authority
from terminal.tls.ends import LAN_SERVER_DAYS, ends_ms
from terminal.web.desks.care import EndingCertificate
from terminal.whole_file import Owner

DAYS_BEFORE: Final = 60  # tills and phones must be given the next one: that takes a visit
_DAY_MS: Final = 86_400_000
_FOLDER: Final = "tls"  # of the state folder
_ANY: Final = frozenset({"0.0.0.0", "::", *local_authority.LOOPBACK})  # noqa: S104  # names no till calls us by


def place_of_door(loaded: Loaded, name: str) -> tuple[Path, Sequence[str]]:
    """The folder of a nexo door's certificate and its names: its own where the till calls it by others."""
    table = loaded.settings.doors[name]
    assert isinstance(table, NexoTable), name
    names = [each for each in (*table.names, table.host) if each not in _ANY]
    folder = loaded.state / _FOLDER
    return (folder / f"door-{name}" if names else folder), names


def endings(loaded: Loaded, now_ms: int) -> tuple[EndingCertificate, ...]:
    """Those in use that end within 60 days or have ended; of the phones', the day on which it is replaced."""
    found = [("machine", folder / "authority.pem", 0) for folder in _machine(loaded)]
    if loaded.settings.listen.lan:
        found.append(("phones", loaded.state / _FOLDER / "lan-authority.pem", LAN_SERVER_DAYS))
    known = (
        (kind, file, until and until - days * _DAY_MS) for kind, file, days in found for until in [ends_ms(file)]
    )
    return tuple(
        EndingCertificate(kind, str(file), until, ended=until <= now_ms)
        for kind, file, until in known
        if until is not None and until <= now_ms + DAYS_BEFORE * _DAY_MS
    )


def renew_machine(loaded: Loaded, clock: Clock, *, rehearse: bool = False) -> list[Path]:
    """New ones for the notification listener and every nexo door; the service takes them up at its next start.

    Killed in between, that start makes what is missing. Raises OSError.

    Returns:
        The authorities' files, for those who trust them.
    """
    if rehearse:
        return [folder / "authority.pem" for folder in _machine(loaded)]
    made = []
    for folder, names in _machine(loaded).items():
        owner = _folder(loaded, folder)
        made.append(local_authority.ensure(folder, clock, names, anew=True, owner=owner)[0])
    return made


def renew_phones(loaded: Loaded, clock: Clock, *, rehearse: bool = False) -> list[Path]:
    """A new authority for phones; a running service takes it up within the hour. Raises OSError, BadSettings."""
    from terminal.tls import lan_authority
    from terminal.wiring.lan import own_names

    if not loaded.settings.listen.lan:
        return []
    at, folder = loaded.settings.listen, loaded.state / _FOLDER
    names = own_names(at.lan_host, at.lan_names)
    if not rehearse:
        owner = _folder(loaded, folder)
        lan_authority.ensure(folder, names, loaded.settings.shop.title, clock, anew=True, owner=owner)
    return [folder / lan_authority.AUTHORITY]


def _machine(loaded: Loaded) -> Mapping[Path, Sequence[str]]:
    """Folder -> names, of those that the settings have in use."""
    found: dict[Path, Sequence[str]] = {}
    if loaded.settings.listen.notify_port:
        found[loaded.state / _FOLDER] = ()
    doors = loaded.settings.doors.items()
    return found | dict(place_of_door(loaded, name) for name, each in doors if isinstance(each, NexoTable))


def _folder(loaded: Loaded, folder: Path) -> Owner | None:
    """Make it where it is missing; whose its files shall be: root makes them, and the service must read them."""
    loaded.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    like = loaded.state.stat()
    owner = Owner(like.st_uid, like.st_gid) if os.geteuid() == 0 else None
    for each in (loaded.state / _FOLDER, folder):
        if each.exists():
            continue
        each.mkdir(mode=0o700)
        if owner is not None:
            os.chown(each, *owner, follow_symlinks=False)  # the service can put a link anywhere in its folder
    return owner
