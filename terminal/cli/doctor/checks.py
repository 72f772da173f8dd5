"""What is wrong with the devices of a machine, decided over a description of it. Pure; the words are data.

Source: udev(7); ModemManager, ID_MM_DEVICE_IGNORE in its documentation of udev rules; brltty, 90-brltty-usb rules.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from drivers.hotplug import Port
from terminal.help.languages import nearest
from terminal.help.registry import fill

TEXTS: Final = Path(__file__).parents[2] / "data" / "doctor.toml"
HEADER: Final = "# Written by countertop doctor. It is replaced as a whole."
LAB: Final = "terminal.lab"  # in a command, its module
BRIDGES: Final = {
    "1a86": ("7523", "7522", "5523"),
    "10c4": ("ea60", "ea70", "ea71"),
    "0403": ("6001", "6010", "6011", "6014", "6015"),
    "067b": ("2303", "23a3"),
}  # USB ids of serial adapters, by usb.ids: each of them makes a port where its driver is free to
_GROUPS: Final = {"serial": "dialout", "usb-printer": "lp", "evdev": "input"}
_SUBSYSTEMS: Final = {"serial": "tty", "usb-printer": "usbmisc", "evdev": "input"}
Level = Literal["wrong", "warning", "good"]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may open a port: owner, group with its name, and the nine bits."""

    uid: int
    gid: int
    group: str
    mode: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a port open."""

    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A device of the settings and the ports its binding means now; ``baud``: how it is opened, 0: not known."""

    counter: str
    role: str
    binding: str
    driver: str = ""
    means: tuple[str, ...] = ()
    baud: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """Who answered where a device of the settings should be. ``stranger``: a kind of drivers.probe.Stranger.

    ``baud``: the speed of that answer, 0 where the line has none.
    """

    role: str = ""
    protocol: str = ""
    stranger: str = ""
    refused: str = ""
    baud: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """``member_of`` is what the files say of the user, ``groups`` what this session has; ``running`` are names of
    programs; ``rules`` is the text of udev's rules; ``hidden`` are adapters (vendor, product) without a port."""

    user: str = "user"
    uid: int = 1000
    groups: frozenset[int] = frozenset()
    member_of: frozenset[str] = frozenset()
    ports: tuple[Port, ...] = ()
    access: Mapping[str, Access] = field(default_factory=dict)
    holders: Mapping[str, tuple[Holder, ...]] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    rules: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    bound: tuple[Bound, ...] = ()
    heard: Mapping[str, Heard] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say. ``slug`` names its words in data/doctor.toml."""

    slug: str
    level: Level
    facts: dict[str, str] = field(default_factory=dict)

    def words(self, language: str) -> tuple[str, str]:
        """What is so, and what to do; the second is empty where nothing has to be done."""
        texts, spoken = _texts(), nearest(language)
        facts = dict(self.facts)
        if role := facts.get("role"):
            facts["role"] = texts[f"role_{role}"][spoken][0]
        what, fix = texts[self.slug][spoken]
        return fill(what, facts), fill(fix, facts)


@cache
def _texts() -> dict[str, dict[str, tuple[str, str]]]:
    return msgspec.toml.decode(TEXTS.read_bytes(), type=dict[str, dict[str, tuple[str, str]]])


def findings(machine: Machine) -> list[Finding]:
    """Everything that was looked at and is not as it should be; one "all_well" when there is nothing."""
    found = [
        *_permissions(machine),
        *_busy(machine),
        *_meddlers(machine),
        *_bindings(machine),
        *_answers(machine),
        *(Finding("no_lasting_name", "warning", {"port": port.path}) for port in machine.ports if not port.stable),
    ]
    if not any(finding.level == "wrong" for finding in found):
        found.append(Finding("all_well" if machine.ports else "no_ports", "good"))
    return found


def may_open(machine: Machine, access: Access) -> bool:
    if machine.uid == 0:
        return True
    if access.uid == machine.uid:
        return access.mode & 0o600 == 0o600
    if access.gid in machine.groups:
        return access.mode & 0o060 == 0o060
    return access.mode & 0o006 == 0o006


def _permissions(machine: Machine) -> Iterable[Finding]:
    for port in machine.ports:
        access = machine.access.get(port.path)
        if access is None or may_open(machine, access):
            continue
        facts = {"port": port.path, "group": access.group, "user": machine.user}
        if access.group == "root" or access.mode & 0o060 != 0o060:
            yield Finding("port_closed", "wrong", {**facts, "mode": f"{access.mode:04o}"})
        elif access.group in machine.member_of:
            yield Finding("group_not_active", "wrong", facts)
        else:
            yield Finding("not_in_group", "wrong", facts)


def _busy(machine: Machine) -> Iterable[Finding]:
    for path, holders in sorted(machine.holders.items()):
        for holder in holders:
            if LAB in holder.command.split():
                continue  # it plays the device at the other end
            facts = {"port": path, "program": holder.command, "pid": str(holder.pid)}
            ours = "countertop" in holder.command
            yield Finding("port_ours" if ours else "port_busy", "good" if ours else "wrong", facts)


def _meddlers(machine: Machine) -> Iterable[Finding]:
    vendors = sorted({port.vendor for port in machine.ports if port.kind == "serial" and port.vendor})
    open_to_modems = [vendor for vendor in vendors if not ignores_modems(machine.rules, vendor)]
    if "ModemManager" in machine.running and open_to_modems:
        yield Finding("modem_manager", "wrong", {"vendors": ", ".join(open_to_modems)})
    for vendor, product in machine.hidden:
        trapped = "brltty" in machine.running or re.search(
            rf"^[^#\n]*{vendor}/{product}[^\n]*brltty|brltty[^\n]*{vendor}/{product}", machine.rules, re.M | re.I
        )
        ids = {"ids": f"{vendor}:{product}"}
        yield Finding("brltty" if trapped else "adapter_without_port", "wrong", ids)


def ignores_modems(rules: str, vendor: str) -> bool:
    """Whether some rule keeps ModemManager away from this maker's adapters."""
    for line in rules.splitlines():
        plain = line.strip()
        if plain.startswith("#") or not re.search(r'ID_MM_(DEVICE|PORT)_IGNORE\}\s*=\s*"1"', plain):
            continue
        makers = re.findall(r'idVendor\}\s*==\s*"([^"]*)"', plain)
        if vendor in (maker.lower() for maker in makers) or not makers:
            return True
    return False


def _bindings(machine: Machine) -> Iterable[Finding]:
    taken: dict[str, Bound] = {}
    for bound in machine.bound:
        facts = {"counter": bound.counter, "role": bound.role, "binding": bound.binding}
        if not bound.means:
            yield Finding("port_missing", "wrong", facts)
        elif len(bound.means) > 1:
            yield Finding("binding_two", "wrong", {**facts, "ports": ", ".join(bound.means)})
        elif other := taken.get(bound.means[0]):
            both = {"other": f"{other.counter} {other.role}", "port": bound.means[0]}
            yield Finding("one_port_twice", "wrong", {**facts, **both})
        else:
            taken[bound.means[0]] = bound


def _answers(machine: Machine) -> Iterable[Finding]:
    for bound in machine.bound:
        heard = machine.heard.get(bound.binding)
        if heard is None:
            continue
        facts = {"counter": bound.counter, "role": bound.role, "binding": bound.binding}
        if heard.refused:
            yield Finding("not_opened", "wrong", {**facts, "why": heard.refused})
        elif heard.stranger:
            slug = {"garbage": "wrong_speed", "modem": "modem", "echo": "echo"}.get(heard.stranger, "stranger")
            yield Finding(slug, "wrong", facts)
        elif not heard.role:
            yield Finding("silent", "warning", facts)
        elif heard.role != bound.role:
            yield Finding("cables_swapped", "wrong", {**facts, "found": f"{heard.role} ({heard.protocol})"})
        elif bound.driver and heard.protocol != bound.driver:
            yield Finding("other_driver", "wrong", {**facts, "found": heard.protocol, "driver": bound.driver})
        elif bound.baud and heard.baud and heard.baud != bound.baud:
            yield Finding("other_speed", "wrong", {**facts, "found": str(heard.baud), "baud": str(bound.baud)})
        else:
            yield Finding("answers", "good", {**facts, "found": heard.protocol})


# --- the rule -------------------------------------------------------------------------------------------------


def rule(machine: Machine) -> str:
    """The udev rule for what is plugged in: group, mode, and no modem. Empty when nothing has USB ids."""
    lines = []
    used = {bound.binding for bound in machine.bound}
    known = {
        *((port.kind, port.vendor, port.product) for port in machine.ports if _ruled(port, used)),
        *(("serial", *ids) for ids in machine.hidden),
    }
    for kind, vendor, product in sorted(known):
        parts = [
            f'SUBSYSTEM=="{_SUBSYSTEMS[kind]}"',
            f'ATTRS{{idVendor}}=="{vendor}"',
            f'ATTRS{{idProduct}}=="{product}"',
            f'GROUP="{_GROUPS[kind]}"',
            'MODE="0660"',
        ]
        if kind == "serial":
            parts += ['ENV{ID_MM_DEVICE_IGNORE}="1"', 'ENV{ID_MM_PORT_IGNORE}="1"']
        lines.append(", ".join(parts))
    return "\n".join([HEADER, *lines, ""]) if lines else ""


def _ruled(port: Port, used: set[str]) -> bool:
    """A keyboard is opened to others only when it is a scanner of the settings."""
    return bool(port.kind in _GROUPS and port.vendor and (port.kind != "evdev" or port.binding in used))
