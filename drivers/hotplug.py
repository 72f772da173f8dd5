"""Which ports this machine has, what each calls itself, the binding to write down; and who comes and goes.

Nothing is opened: the kernel's and udev's folders tell. A port is announced once its names have stood still for
two looks, since udev makes them a moment after the kernel makes the port.

Source: Linux kernel, Documentation/ABI/stable/sysfs-bus-usb (idVendor, idProduct, serial); systemd, udev rules
60-serial.rules and 60-persistent-input.rules (by-id, by-path).
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from drivers.device_protocol import Link
from drivers.usb_printer import printers

EVERY_S: Final = 0.5
PORTS_MAX: Final = 64
NAME_MAX: Final = 120
_PARENTS_MAX: Final = 8  # from a port up to the USB device it belongs to


class Roots(NamedTuple):
    """Where to look; tests have trees of their own."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")


MACHINE: Final = Roots()


@dataclass(frozen=True, slots=True)
class Port:
    """A port as it stands now.

    Args:
        path: such as /dev/ttyUSB0; changes with the next boot.
        kind: what it is spoken over.
        what: what it says it is, for people.
        binding: what to write in the settings.
        stable: the binding means this device, or this socket, after every boot.
        vendor, product: USB ids, four hex digits; empty elsewhere. They say which bridge it is, not which device.
        serial: the adapter's own, empty where it has none.
        socket: udev's name of the socket it is plugged into.
    """

    path: str
    kind: Link
    what: str
    binding: str
    stable: bool = True
    vendor: str = ""
    product: str = ""
    serial: str = ""
    socket: str = ""

    @property
    def by_socket(self) -> bool:
        """Known by where it is plugged in only: twins have to stay in their sockets."""
        return self.binding.startswith("usb-path:")


class Change(NamedTuple):
    """``there``: at the first look; ``came``, ``went``: after it. ``twins``: paths of others just like it."""

    kind: Literal["there", "came", "went"]
    port: Port
    twins: tuple[str, ...] = ()


class _Usb(NamedTuple):
    vendor: str = ""
    product: str = ""
    serial: str = ""
    title: str = ""


def ports(roots: Roots = MACHINE) -> dict[str, Port]:
    """Every port a device may hang on, by path. Blocks for a few file reads."""
    found = [*_serial_ports(roots), *_usb_printers(roots), *_keyboards(roots)][:PORTS_MAX]
    return {port.path: port for port in found}


def twins(port: Port, others: Iterable[Port]) -> tuple[str, ...]:
    """Paths of ports that nothing but their socket tells apart from this one."""
    if not port.vendor or not port.by_socket:
        return ()
    alike = (port.vendor, port.product, port.serial)
    return tuple(
        other.path
        for other in others
        if other.path != port.path and other.by_socket and alike == (other.vendor, other.product, other.serial)
    )


async def changes(
    look: Callable[[], Awaitable[Mapping[str, Port]]] | None = None, *, every_s: float = EVERY_S
) -> AsyncGenerator[Change, None]:
    """Who is there, then who comes and goes, for ever. A port is told within two looks.

    Args:
        look: finds the ports; the machine's own, off the loop, when None.
        every_s: seconds between looks, at most 1.
    """
    assert 0 < every_s <= 1, every_s
    watch = PortWatch()
    while True:
        seen = await (look or _off_the_loop)()
        for change in watch.step(seen):
            yield change
        await asyncio.sleep(every_s)


async def _off_the_loop() -> Mapping[str, Port]:
    return await asyncio.get_running_loop().run_in_executor(None, ports)


class PortWatch:
    """Looks in, changes out."""

    def __init__(self) -> None:
        self._last: Mapping[str, Port] = {}
        self._told: dict[str, Port] = {}
        self._looks = 0

    def step(self, seen: Mapping[str, Port]) -> list[Change]:
        """What changed since the last look; a name that is still being made is waited for once."""
        self._looks += 1
        found = [
            Change("went", self._told.pop(path))
            for path, port in sorted(self._told.items())
            if seen.get(path) != port
        ]
        for path, port in sorted(seen.items()):
            if path in self._told or (self._looks > 1 and self._last.get(path) != port):
                continue
            self._told[path] = port
            found.append(Change("there" if self._looks == 1 else "came", port, twins(port, seen.values())))
        self._last = dict(seen)
        return found


# --- serial ports ---------------------------------------------------------------------------------------------


def _serial_ports(roots: Roots) -> list[Port]:
    names = _links(roots.dev / "serial" / "by-id")
    sockets = _links(roots.dev / "serial" / "by-path")
    paths = sorted([*roots.dev.glob("ttyUSB*"), *roots.dev.glob("ttyACM*")])[:PORTS_MAX]
    usb = {path: _usb_of(roots.sys / "class" / "tty" / path.name / "device") for path in paths}
    found = []
    for path in paths:
        here = path.resolve()
        name = next((name for name, target in names.items() if target == here), "")
        socket = next((name for name, target in sockets.items() if target == here), "")
        equal = sum((each.vendor, each.product, each.serial) == usb[path][:3] for each in usb.values())
        binding = _serial_binding(usb[path].serial, name, list(names), equal)
        stable = bool(binding or socket)
        binding = binding or (f"usb-path:{socket}" if socket else f"link:{path}")
        vendor, product, serial, title = usb[path]
        what = title or path.name
        found.append(Port(str(path), "serial", what, binding, stable, vendor, product, serial, socket))
    return found


def _serial_binding(serial: str, name: str, names: list[str], equal: int) -> str:
    """By the adapter's serial number where it means one port; empty: it has none, or others have the same.

    An adapter with several ports has one number and a name for each.
    """
    text = "_".join(serial.split())
    if not name or not text or text not in name:
        return ""
    if sum(text in each for each in names) == 1 and equal == 1:
        return f"usb-serial:{text}"
    several = {each.partition("-if")[0] for each in names if text in each}
    return f"usb-serial:{name}" if len(several) == 1 and "-if" in name and _one_each(names, text, equal) else ""


def _one_each(names: list[str], text: str, equal: int) -> bool:
    """As many names as ports: two adapters with one number share their names."""
    return sum(text in each for each in names) == equal


def _usb_of(device: Path) -> _Usb:
    """What the USB device above this port tells of itself."""
    try:
        at = device.resolve(strict=True)
    except OSError:
        return _Usb()
    for _ in range(_PARENTS_MAX):
        if (at / "idVendor").is_file():
            title = " ".join(word for word in (_text(at / "manufacturer"), _text(at / "product")) if word)
            return _Usb(
                _text(at / "idVendor").lower(), _text(at / "idProduct").lower(), _text(at / "serial"), title
            )
        at = at.parent
    return _Usb()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            told = file.read(NAME_MAX).decode("utf-8", "replace")
    except OSError:
        return ""
    return "".join(letter for letter in told.strip() if letter.isprintable())


def _links(folder: Path) -> dict[str, Path]:
    """Names udev gave, and what they lead to."""
    try:
        return {entry.name: entry.resolve() for entry in sorted(folder.iterdir())[: PORTS_MAX * 2]}
    except OSError:  # udev removes the folder with its last port
        return {}


# --- printers on USB, scanners that type ----------------------------------------------------------------------


def _usb_printers(roots: Roots) -> list[Port]:
    told = printers(roots.sys / "class" / "usbmisc")
    found = []
    for name, device_id in told.items():
        fields = dict(each.split(":", 1) for each in device_id.split(";") if ":" in each)
        serial = (fields.get("SN") or fields.get("SERN") or fields.get("SERIALNUMBER") or "").strip()
        model = (fields.get("MDL") or fields.get("MODEL") or "").strip()
        text = next((each for each in (serial, model) if each and _once(each, told.values())), "")
        usb = _usb_of(roots.sys / "class" / "usbmisc" / name / "device")
        path = str(roots.dev / "usb" / name)
        what = " ".join(each for each in (fields.get("MFG", fields.get("MANUFACTURER", "")), model) if each)
        found.append(
            Port(
                path,
                "usb-printer",
                what or usb.title or name,
                f"usb-printer:{text or path}",
                bool(text),
                usb.vendor,
                usb.product,
                serial or usb.serial,
            )
        )
    return found


def _once(text: str, device_ids: Iterable[str]) -> bool:
    return sum(text in each for each in device_ids) == 1


def _keyboards(roots: Roots) -> list[Port]:
    """A keyboard is one too: which of them is the scanner, a person says by a scan."""
    found = []
    for name, target in _links(roots.dev / "input" / "by-id").items():
        if not name.endswith("-event-kbd"):
            continue
        usb = _usb_of(roots.sys / "class" / "input" / target.name / "device")
        path = roots.dev / "input" / "by-id" / name
        what = usb.title or name.removeprefix("usb-").removesuffix("-event-kbd").replace("_", " ")
        found.append(Port(str(path), "evdev", what, f"evdev:{path}", True, usb.vendor, usb.product, usb.serial))
    return found
