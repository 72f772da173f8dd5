"""A printer on USB as the kernel's usblp shows it (class 7: /dev/usb/lp0 …) as a Transport.

The kernel tells what the printer calls itself (IEEE 1284 device id) without opening it, so one is found by its
maker, model or serial number, not by a number that changes with the next boot.

Source: USB Printing Support, USB Device Class Definition for Printing Devices 1.1, section 4.2.1; Linux
drivers/usb/class/usblp.c (reads of nothing, attribute ieee1284_id).
"""

import errno
import fcntl
import os
import select
from functools import partial
from pathlib import Path
from typing import Final

from drivers.descriptor_pipe import DescriptorPipe
from drivers.errors import DeviceGone, DeviceRefused, PortBusy, PortForbidden
from drivers.own_thread import close_in_own_thread, in_own_thread
from drivers.transport import Transport

SYSTEM_ROOT: Final = Path("/sys/class/usbmisc")
DEVICE_ROOT: Final = Path("/dev/usb")
USB_BAUD: Final = 1_000_000  # full speed carries more; the printer's own buffer holds us back
OPEN_S: Final = 5.0
QUIET_S: Final = 0.1  # between looks at a printer that says nothing: its reads return at once, empty
ID_MAX: Final = 1024
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM)


class UsbPrinterPipe(DescriptorPipe):
    """An empty read means here that the printer has nothing to say; one that is gone hangs up."""

    def _nothing_read(self) -> None:
        look = select.poll()
        look.register(self._descriptor, 0)  # asks for nothing: hang-up and error are told all the same
        if look.poll(0):
            super()._nothing_read()
            return
        self._unwatch()
        self._loop.call_later(QUIET_S, self._watch)


async def open_usb_printer(text: str, *, system: Path = SYSTEM_ROOT, devices: Path = DEVICE_ROOT) -> Transport:
    """Open the printer whose device id contains ``text``; an absolute path is opened as it stands.

    Raises:
        DeviceGone: nothing like it is plugged in.
        DeviceRefused: another program has it, it may not be opened, or ``text`` means several.
        DeviceTimeout: the system's call does not come back.
    """

    def find_and_open() -> tuple[Path, int]:
        path = Path(text) if text.startswith("/") else devices / find(text, system)
        return path, _open(path)

    path, descriptor = await in_own_thread(text, find_and_open, within_s=OPEN_S, unwanted=_close_unwanted)
    let_go = partial(close_in_own_thread, text)
    return UsbPrinterPipe(descriptor, name=str(path), baud=USB_BAUD, let_go=let_go)


def find(text: str, system: Path = SYSTEM_ROOT) -> str:
    """The kernel's name of the one printer whose device id contains ``text``. Raises DeviceGone, DeviceRefused."""
    found = sorted(name for name, told in printers(system).items() if text in told)
    if not found:
        raise DeviceGone(f"usb-printer {text!r}: nothing like it is plugged in")
    if len(found) > 1:
        raise DeviceRefused(f"usb-printer {text!r} means {', '.join(found)}: use the serial number of one")
    return found[0]


def printers(system: Path = SYSTEM_ROOT) -> dict[str, str]:
    """Kernel name -> device id (``MFG:…;MDL:…;SN:…;``) of every USB printer plugged in now."""
    found: dict[str, str] = {}
    for entry in sorted(system.glob("lp*")):
        try:
            with (entry / "device" / "ieee1284_id").open("rb") as told:
                found[entry.name] = told.read(ID_MAX).decode("ascii", "replace").strip()
        except OSError:  # pulled this moment, or it tells none
            found[entry.name] = ""
    return found


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        if error.errno in _FORBIDDEN:
            raise PortForbidden(f"{path}: {why}; may this user open it (group lp, udev rule)?") from error
        if error.errno == errno.EBUSY:
            raise PortBusy(f"{path}: another program has it; a print service perhaps?") from error
        raise DeviceGone(f"{path}: {why}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise PortBusy(f"{path}: another program has it; two would print into each other") from error
    return descriptor


def _close_unwanted(opened: tuple[Path, int]) -> None:
    os.close(opened[1])
