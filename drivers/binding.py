"""What the settings call a device: by identity, never by a number that changes with the next boot.

``usb-serial:TEXT`` the port whose entry in /dev/serial/by-id contains TEXT, such as the serial number
``usb-path:TEXT``   the same in /dev/serial/by-path: the socket it is plugged into, for equal adapters
``link:/path``      a port or a link to one: pseudo-terminals, names made by udev rules
``evdev:/dev/input/by-id/NAME-event-kbd``  a scanner that types like a keyboard, taken for us alone
``usb-printer:TEXT`` a printer on USB whose device id (maker, model, serial number) contains TEXT
``tcp:host:port``   a device behind the network; an IPv6 address goes in brackets
"""

from functools import partial
from pathlib import Path
from typing import Final

from drivers.device_protocol import Link
from drivers.errors import DeviceGone, DeviceRefused
from drivers.scanner.evdev import open_evdev
from drivers.serial_port import Flow, open_serial
from drivers.tcp_port import open_tcp
from drivers.transport import OpenTransport, Transport
from drivers.usb_printer import open_usb_printer

SERIAL_ROOT: Final = Path("/dev/serial")
_FOLDERS: Final = {"usb-serial": "by-id", "usb-path": "by-path"}


def opener(
    binding: str, *, baud: int = 115200, flow: Flow = "none", dtr: bool = True, root: Path = SERIAL_ROOT
) -> OpenTransport:
    """What opens the device called ``binding``, looked up afresh each time: it may have been renamed.

    Args:
        root: where udev keeps the names of serial ports.

    Raises:
        ValueError: not a binding; the sentence says what one looks like.
    """
    kind, _, rest = binding.partition(":")
    if kind == "link" and rest.startswith("/"):
        return partial(open_serial, rest, baud=baud, flow=flow, dtr=dtr)
    if kind == "evdev" and rest.startswith("/dev/input/"):
        return partial(open_evdev, rest)
    if kind == "tcp":
        host, _, port = rest.rpartition(":")
        if host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
            return partial(open_tcp, host.strip("[]"), int(port), baud=baud)
    if kind == "usb-printer" and rest:
        return partial(open_usb_printer, rest)
    if kind in _FOLDERS and rest:

        async def open_found() -> Transport:
            path = _find(root / _FOLDERS[kind], rest)
            return await open_serial(str(path), baud=baud, flow=flow, dtr=dtr)

        return open_found
    raise ValueError(
        f"{binding!r} names no device: use usb-serial:TEXT, usb-path:TEXT, link:/path or tcp:host:port; "
        "evdev:/dev/input/by-id/NAME for a scanner that types, usb-printer:TEXT for a printer on USB"
    )


def _find(folder: Path, text: str) -> Path:
    """Raises DeviceGone when no name contains ``text``, DeviceRefused when more than one does."""
    found = matches(folder, text)
    if not found:
        raise DeviceGone(f"{folder.name} {text!r}: nothing like it is plugged in")
    if len({entry.resolve() for entry in found}) > 1:  # newer udev gives one socket two names
        names = ", ".join(entry.name for entry in found)
        raise DeviceRefused(f"{folder.name} {text!r} means {names}: name one, or use usb-path for equal adapters")
    return found[0]


def matches(folder: Path, text: str) -> list[Path]:
    """Every name that ``text`` means: the one that is just this, else all that contain it."""
    try:
        names = sorted(folder.iterdir())
    except FileNotFoundError:  # udev removes the folder with its last port
        return []
    return [entry for entry in names if entry.name == text] or [entry for entry in names if text in entry.name]


def meant(binding: str, root: Path = SERIAL_ROOT) -> list[str]:
    """Ports that a binding means now, looked up but not opened; a network device stands for itself."""
    kind, _, rest = binding.partition(":")
    if kind in _FOLDERS:
        found = {entry.resolve() for entry in matches(root / _FOLDERS[kind], rest)}
        return sorted(str(path) for path in found)
    if kind in ("link", "evdev"):
        return [str(Path(rest).resolve())] if Path(rest).exists() else []
    return [binding]


def link_of(binding: str) -> Link:
    """What a binding, or a path, leads over."""
    kind = binding.partition(":")[0]
    if kind == "usb-printer" or "/usb/lp" in binding:
        return "usb-printer"
    return "tcp" if kind == "tcp" else "evdev" if kind == "evdev" else "serial"
