"""Describe this machine for the doctor: its ports, who may open them, who holds them, what else runs.

Source: proc(5) on Linux: /proc/PID/fd, comm, cmdline; udev(7) on where rules are kept.
"""

import grp
import os
import pwd
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from drivers.binding import meant
from drivers.hotplug import Port, Roots, ports
from drivers.usb_printer import printers
from terminal.cli.doctor.checks import BRIDGES, Access, Bound, Holder, Machine
from terminal.peripherals.usual_speed import usual_speed
from terminal.settings import PORTLESS, CounterTable, DeviceTable

RULES: Final = ("etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d")
RULES_MAX: Final = 4_000_000  # bytes read of all of them
PROCESSES_MAX: Final = 8192
MEDDLERS: Final = ("ModemManager", "brltty")
COMMAND_MAX: Final = 80


class Places(NamedTuple):
    """Roots of the trees that are read; tests have trees of their own."""

    root: Path = Path("/")

    @property
    def ports(self) -> Roots:
        return Roots(self.root / "dev", self.root / "sys")


def describe(places: Places, counters: Sequence[CounterTable] = ()) -> Machine:
    """What there is now. Nothing is opened that a device would notice."""
    bound = tuple(_bound(places, counters))
    found = (*(known := tuple(ports(places.ports).values())), *_built_in(known, bound))
    name, uid, groups = _user()
    return Machine(
        user=name,
        uid=uid,
        groups=groups,
        member_of=frozenset(group.gr_name for group in grp.getgrall() if name in group.gr_mem),
        ports=found,
        access=dict(_access(found)),
        holders=_holders(places, found),
        running=_running(places),
        rules=_rules(places),
        hidden=tuple(_hidden(places, found)),
        bound=bound,
    )


def _built_in(known: Iterable[Port], bound: Iterable[Bound]) -> list[Port]:
    """Ports of the settings that are on no bus: a computer's own serial ports, links made by a rule."""
    there = {str(Path(port.path).resolve()) for port in known}
    paths = {path: each.binding for each in bound for path in each.means if path.startswith("/")}
    return [Port(path, "serial", Path(path).name, paths[path]) for path in sorted(paths.keys() - there)]


def _user() -> tuple[str, int, frozenset[int]]:
    """Whose permissions count: of the person behind sudo, if there is one; else of this session."""
    if name := os.environ.get("SUDO_USER", ""):
        try:
            person = pwd.getpwnam(name)
        except KeyError:
            pass
        else:
            return name, person.pw_uid, frozenset(os.getgrouplist(name, person.pw_gid))
    groups = frozenset((os.getgid(), *os.getgroups()))
    try:
        return pwd.getpwuid(os.getuid()).pw_name, os.getuid(), groups
    except KeyError:  # a container's user without a name
        return str(os.getuid()), os.getuid(), groups


def _access(found: Iterable[Port]) -> Iterator[tuple[str, Access]]:
    for port in found:
        try:
            told = os.stat(port.path)  # noqa: PTH116  # of what a link leads to
        except OSError:
            continue  # pulled this moment
        try:
            group = grp.getgrgid(told.st_gid).gr_name
        except KeyError:
            group = str(told.st_gid)
        yield port.path, Access(told.st_uid, told.st_gid, group, told.st_mode & 0o777)


def _holders(places: Places, found: Iterable[Port]) -> dict[str, tuple[Holder, ...]]:
    """Processes of others show their files to root alone."""
    wanted = {str(Path(port.path).resolve()): port.path for port in found}
    holders: dict[str, tuple[Holder, ...]] = {}
    for process in _processes(places):
        if process.name == str(os.getpid()):
            continue
        try:
            files = {str(link.readlink()) for link in (process / "fd").iterdir()}
        except OSError:
            continue  # gone meanwhile, or another user's
        for target in files & wanted.keys():
            path = wanted[target]
            holders[path] = (*holders.get(path, ()), Holder(int(process.name), _command(process)))
    return holders


def _processes(places: Places) -> list[Path]:
    try:
        return [each for each in (places.root / "proc").iterdir() if each.name.isdecimal()][:PROCESSES_MAX]
    except OSError:
        return []


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        words = ""
    return words[:COMMAND_MAX] or "another program"


def _running(places: Places) -> frozenset[str]:
    found = set()
    for process in _processes(places):
        try:
            name = (process / "comm").read_text(errors="replace").strip()
        except OSError:
            continue
        if name in MEDDLERS:
            found.add(name)
    return frozenset(found)


def _rules(places: Places) -> str:
    """A file in /etc hides one of the same name further down."""
    texts: dict[str, str] = {}
    size = 0
    for folder in RULES:
        for file in sorted((places.root / folder).glob("*.rules")):
            if file.name in texts or size > RULES_MAX:
                continue
            try:
                texts[file.name] = file.read_text(errors="replace")
            except OSError:
                continue
            size += len(texts[file.name])
    return "\n".join(texts.values())


def _hidden(places: Places, found: Iterable[Port]) -> Iterator[tuple[str, str]]:
    """Adapters on the bus that have made no port."""
    shown = {(port.vendor, port.product) for port in found if port.kind == "serial"}
    for device in sorted((places.root / "sys" / "bus" / "usb" / "devices").glob("*")):
        try:
            vendor, product = ((device / name).read_text("ascii", "replace") for name in ("idVendor", "idProduct"))
        except OSError:
            continue  # an interface, or a hub that went
        vendor, product = vendor.strip().lower(), product.strip().lower()
        if product in BRIDGES.get(vendor, ()) and (vendor, product) not in shown:
            yield vendor, product


def _bound(places: Places, counters: Sequence[CounterTable]) -> Iterator[Bound]:
    for counter in counters:
        tables: dict[str, list[DeviceTable | None]] = {
            "display": [counter.display, *counter.displays],
            "scanner": [counter.scanner],
            "printer": [counter.printer, *counter.printers],
            "speaker": [counter.speaker],
        }
        for role, several in tables.items():
            for table in several:
                if table and not table.port.startswith(("audio:", *PORTLESS)):
                    means = _means(places, table.port)
                    baud = table.baud or usual_speed(role, table.driver, table.profile)
                    yield Bound(counter.id, role, table.port, table.driver, means, baud)


def _means(places: Places, binding: str) -> tuple[str, ...]:
    kind, _, text = binding.partition(":")
    if kind == "usb-printer":
        if text.startswith("/"):
            return (text,) if Path(text).exists() else ()
        told = printers(places.ports.sys / "class" / "usbmisc")
        return tuple(str(places.ports.dev / "usb" / name) for name, id_ in sorted(told.items()) if text in id_)
    return tuple(meant(binding, places.ports.dev / "serial"))
