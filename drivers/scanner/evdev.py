"""A Linux input device as a Transport, for this program alone: what the scanner types reaches no window.

Source: Linux kernel, include/uapi/linux/input.h (EVIOCGRAB) and Documentation/input/input.rst.
"""

import contextlib
import errno
import fcntl
import os
from functools import partial
from typing import Final

from drivers.descriptor_pipe import DescriptorPipe
from drivers.errors import DeviceGone, DeviceRefused, PortBusy, PortForbidden
from drivers.own_thread import close_in_own_thread, in_own_thread
from drivers.transport import Transport

EVIOCGRAB: Final = 0x40044590  # _IOW('E', 0x90, int)
OPEN_S: Final = 5.0  # the kernel's driver of keyboards on USB alone waits 50 ms
_ABSENT: Final = {errno.ENOENT, errno.ENODEV, errno.ENXIO}


async def open_evdev(path: str) -> Transport:
    """Open and grab ``path``, such as ``/dev/input/by-id/usb-…-event-kbd``.

    Raises:
        DeviceGone: there is no such device.
        DeviceRefused: another program has grabbed it, this user may not, or it is no input device.
        DeviceTimeout: the system's call does not come back.
    """
    descriptor = await in_own_thread(path, partial(_open, path), within_s=OPEN_S, unwanted=os.close)
    return events(descriptor, path)


def _open(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refusal(path, error.errno) from error
    try:
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)
    except OSError as error:
        os.close(descriptor)
        raise _refusal(path, error.errno) from error
    return descriptor


def events(descriptor: int, name: str) -> Transport:
    """An open non-blocking descriptor of events. Owns it; nothing can be written there."""
    let_go = partial(close_in_own_thread, name)
    return DescriptorPipe(descriptor, name=name, baud=115200, release=_let_others_in, let_go=let_go)


def _let_others_in(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # unplugged, or never grabbed
        fcntl.ioctl(descriptor, EVIOCGRAB, 0)


def _refusal(path: str, number: int | None) -> DeviceGone | DeviceRefused:
    if number in _ABSENT:
        return DeviceGone(f"{path}: nothing is plugged in there")
    if number == errno.EBUSY:
        return PortBusy(f"{path}: another program has taken this scanner for itself; stop it")
    if number in {errno.EACCES, errno.EPERM}:
        return PortForbidden(
            f"{path}: this user may not read the device; add the user to its group "
            "(`sudo usermod -aG input $USER`, then sign in again) or set a udev rule for this scanner"
        )
    return DeviceRefused(f"{path}: this is no keyboard-like device")
