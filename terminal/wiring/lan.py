"""Opens the door for phones and second screens, and keeps its certificate: names change, certificates end."""

import asyncio
import ipaddress
import logging
import os
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from aiohttp import web

from terminal.counter.ports import Clock
from terminal.errors import BadSettings
from terminal.settings import Loaded
from terminal.tls.lan_authority import SERVER, LanCertificate, ensure, told
from terminal.web.edge import EDGE
from terminal.web.lan import SHOP_NETWORKS, LanDoor
from terminal.web.listen import listen_too
from terminal.wiring.stores import on_disk

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 3600.0
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104  # compared with, not bound to
Job = Callable[[], Awaitable[None]]
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


@dataclass(frozen=True, slots=True)
class LanSheet:
    """For paper or a terminal: where phones go, and what they compare. ``ends_ms``: of the till's certificate."""

    urls: tuple[str, ...]
    fingerprint: str
    server_fingerprint: str
    ends_ms: int


def lan_sheet(loaded: Loaded) -> LanSheet | None:
    """None: phones cannot come in, or the service has not made its certificate yet."""
    found = told(loaded.state / "tls") if loaded.settings.listen.lan else None
    if found is None:
        return None
    urls = _urls(found, loaded.settings.listen.lan_port)
    return LanSheet(urls, found.fingerprint, found.server_fingerprint, found.ends_ms)


async def open_lan(doors: web.Application, loaded: Loaded, clock: Clock) -> dict[str, Job]:
    """Answer at ``listen.lan_host`` and ``lan_port`` from now on, as long as the pages' own listener does.

    Returns the job that keeps it, by name; nothing where no phone shall come in.

    Raises:
        BadSettings: ``address_in_use``, ``address_unusable``; ``config_value_wrong``: no address to answer at.
    """
    if not loaded.settings.listen.lan:
        return {}
    door = LanKeeper(doors, loaded, clock)
    await door.open()
    return {"lan": door.keep}


class LanKeeper:
    """The door with its certificate, for ``doors`` that answer on the machine itself already."""

    def __init__(self, doors: web.Application, loaded: Loaded, clock: Clock) -> None:
        self._doors, self._loaded, self._clock = doors, loaded, clock
        self._listen = loaded.settings.listen
        self._folder = loaded.state / "tls"
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._port = 0
        self._taken = (0, 0)

    @property
    def port(self) -> int:
        """0 until it is open; then also of a free one."""
        return self._port

    async def open(self, *, keeps: bool = True) -> None:
        """``keeps``: the certificate is this one's to make and renew; else another door's, open already.

        Raises:
            BadSettings: as ``open_lan``.
        """
        if keeps:
            with on_disk(self._loaded.state):
                self._renew()
        self._take()
        self._port = await listen_too(self._doors, self._listen.lan_host, self._listen.lan_port, self._context)
        self._tell()

    async def keep(self) -> None:
        """Look hourly: another address from the router, or the certificate's end. Open connections go on."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.look()

    def look(self) -> None:
        """Once. What fails is logged: the door goes on with the certificate that it has."""
        try:
            self._renew()
            if self._stands() != self._taken:  # renewed here, or by a command beside us
                self._take()
                self._tell()
                log.info("phones and second screens see a new certificate")
        except (OSError, BadSettings) as error:
            log.warning("the certificate for phones is not renewed: %s", error)

    def _renew(self) -> None:
        names = own_names(self._listen.lan_host, self._listen.lan_names)
        ensure(self._folder, names, self._loaded.settings.shop.title, self._clock)

    def _stands(self) -> tuple[int, int]:
        """Which file it is: one that takes another's place is another."""
        status = (self._folder / SERVER).stat()
        return status.st_ino, status.st_mtime_ns

    def _take(self) -> None:
        """New connections get it at once; those that are open keep theirs (SSL_CTX_use_certificate(3))."""
        stands = self._stands()
        self._context.load_cert_chain(self._folder / SERVER)
        self._taken = stands

    def _tell(self) -> None:
        found = told(self._folder)
        assert found is not None, "it was made a moment ago"
        hosts = {f"{each}:{self._port}" for each in found.names}
        if self._port == 443:
            hosts |= set(found.names)
        self._doors[EDGE].lan = LanDoor(
            frozenset(hosts),
            _urls(found, self._port),
            found.fingerprint,
            found.server_fingerprint,
            found.ends_ms,
            found.authority,
        )


def _urls(found: LanCertificate, port: int) -> tuple[str, ...]:
    """Addresses first: not every phone finds a name in a shop's network."""
    names = sorted(found.names, key=lambda each: not _is_address(each))
    return tuple(f"https://{each}:{port}/sign-in" for each in names)


def own_names(host: str, further: Sequence[str], proc: Path = Path("/proc")) -> tuple[str, ...]:
    """What phones may call this machine: its private addresses, or ``host`` alone, its name, and ``further``.

    Raises:
        BadSettings("config_value_wrong"): no private address, which phones could reach.
    """
    addresses = [host] if host != EVERYWHERE else private_addresses(proc)
    if not addresses:
        why = "this machine has no address in a network of the shop"
        raise BadSettings("config_value_wrong", key="listen.lan", why=why)
    name = os.uname().nodename.lower()
    names = [name, f"{name.partition('.')[0]}.local"] if name and set(name) <= _NAME_CHARACTERS else []
    return tuple(dict.fromkeys([*addresses, *(each for each in names if each != "localhost"), *further]))


def private_addresses(proc: Path) -> list[str]:
    """IPv4 addresses of this machine that only its own network reaches (proc(5), net/fib_trie; RFC 1918)."""
    try:
        lines = (proc / "self/net/fib_trie").read_text("ascii").splitlines()
    except OSError:
        return []
    found: list[str] = []
    for before, line in pairwise(lines):
        if "host LOCAL" in line and (address := before.rpartition("-- ")[2].strip()) not in found:
            found.append(address)
    return [each for each in found if _is_private(each)]


def _is_private(text: str) -> bool:
    return any(ipaddress.ip_address(text) in each for each in SHOP_NETWORKS)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
