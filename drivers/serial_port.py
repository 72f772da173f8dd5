"""A serial port or pseudo-terminal as a Transport. The only file importing pyserial.

pyserial finds the right ioctls and speeds for the platform; reading and writing is our own, see
``drivers/descriptor_pipe.py``.
"""

import contextlib
import errno
import fcntl
import os
import termios
from functools import partial
from pathlib import Path
from typing import Final, Literal

import serial

from drivers.descriptor_pipe import DescriptorPipe
from drivers.errors import DeviceError, DeviceGone, DeviceRefused, DeviceTimeout, PortBusy, PortForbidden
from drivers.own_thread import close_in_own_thread, in_own_thread
from drivers.transport import Transport

Flow = Literal["none", "xonxoff", "rtscts"]

OPEN_S: Final = 5.0  # a USB adapter takes several messages

_ABSENT: Final = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO}
_DEAF: Final = {errno.EPROTO, errno.ETIMEDOUT, errno.EPIPE, errno.EILSEQ}  # Linux, usb/error-codes.rst
_BUSY: Final = {errno.EBUSY, errno.EAGAIN}
_FORBIDDEN: Final = {errno.EACCES, errno.EPERM}


async def open_serial(path: str, *, baud: int = 115200, flow: Flow = "none", dtr: bool = True) -> Transport:
    """Open ``path`` for us alone: 8 data bits, no parity, 1 stop bit.

    Args:
        path: the port, or a link to it.
        baud: bit/s.
        flow: who stops the sender.
        dtr: level of DTR, and of RTS unless it does the flow control: both equal lets boards with an
            auto-reset pair run.

    Raises:
        DeviceGone: there is no such port.
        DeviceRefused: another program has it, or this user may not open it; the sentence says what to do.
        DeviceTimeout: its adapter does not answer the system.
    """
    opening = partial(_open, path, baud, flow, dtr)
    descriptor, exclusive = await in_own_thread(path, opening, within_s=OPEN_S, unwanted=_close_unwanted)
    if not exclusive:  # a pseudo-terminal waits for nothing
        return DescriptorPipe(descriptor, name=path, baud=baud, reset=_drop_unsent)
    let_go = partial(close_in_own_thread, path)
    return DescriptorPipe(
        descriptor, name=path, baud=baud, reset=_drop_unsent, release=_let_others_in, let_go=let_go
    )


def _let_others_in(descriptor: int) -> None:
    with contextlib.suppress(OSError, termios.error):  # it may be gone by now
        fcntl.ioctl(descriptor, termios.TIOCNXCL)


def _drop_unsent(descriptor: int) -> None:
    """What the line did not take; and let it run again should the XON have been lost."""
    with contextlib.suppress(OSError, termios.error):
        termios.tcflush(descriptor, termios.TCOFLUSH)
        termios.tcflow(descriptor, termios.TCOOFF)  # alone, TCOON does not undo a received XOFF
        termios.tcflow(descriptor, termios.TCOON)


def _open(path: str, baud: int, flow: Flow, dtr: bool) -> tuple[int, bool]:
    """In a thread of its own, because configuring a USB adapter can take a while."""
    port = serial.Serial(timeout=0, write_timeout=0, exclusive=True)
    port.port, port.baudrate = path, baud
    port.xonxoff, port.rtscts = flow == "xonxoff", flow == "rtscts"
    port.dtr, port.rts = dtr, dtr  # before open(), or the board has been reset already
    try:
        port.open()
        try:
            descriptor = os.dup(port.fileno())  # pyserial's four helper descriptors per port are not needed
        finally:
            port.close()
    except (OSError, termios.error) as error:
        raise refusal(path, error) from error
    try:
        return descriptor, _own(descriptor, path)
    except (OSError, termios.error) as error:
        os.close(descriptor)
        raise refusal(path, error) from error


def _own(descriptor: int, path: str) -> bool:
    """Make silence and hang-up tell apart, and keep programs out that ignore the lock.

    A pseudo-terminal keeps TIOCEXCL for as long as its other end lives: after a kill nobody but root could
    open it again, so there the lock has to do.
    """
    settings = termios.tcgetattr(descriptor)
    settings[6][termios.VMIN] = 1  # with 0 an empty read means silence as well as hang-up
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    if Path(os.path.realpath(path)).parent == Path("/dev/pts"):
        return False
    fcntl.ioctl(descriptor, termios.TIOCEXCL)
    return True


def refusal(path: str, error: OSError | termios.error) -> DeviceError:
    """What an error while opening means; pyserial hands some of the system's on as they are, wraps others."""
    if isinstance(error, serial.SerialException) and isinstance(error.__context__, OSError | termios.error):
        error = error.__context__
    number = error.errno if isinstance(error, OSError) else error.args[0]
    if number in _ABSENT:
        return DeviceGone(f"{path}: nothing is plugged in there")
    if number in _DEAF:
        return DeviceTimeout(f"{path}: its USB adapter does not answer; unplug it and plug it in again")
    if number in _BUSY:
        return PortBusy(
            f"{path}: another program has this port open; stop it (`fuser {path}` names it; ModemManager "
            "also tries new ports, a udev rule with ID_MM_DEVICE_IGNORE keeps it away)"
        )
    if number in _FORBIDDEN:
        return PortForbidden(
            f"{path}: this user may not open the port; add the user to its group "
            "(`sudo usermod -aG dialout $USER`, then sign in again) or set a udev rule"
        )
    return DeviceRefused(f"{path}: this is not a serial port, or it refuses these settings")


def _close_unwanted(opened: tuple[int, bool]) -> None:
    """Nobody waits for it any more; else the port stays locked with no owner."""
    descriptor, exclusive = opened
    with contextlib.suppress(OSError, termios.error):
        if exclusive:
            fcntl.ioctl(descriptor, termios.TIOCNXCL)
        termios.tcflush(descriptor, termios.TCOFLUSH)
    os.close(descriptor)


def _links(folder: str) -> list[Path]:
    try:
        return sorted(Path(folder).iterdir())
    except OSError:  # udev removes the folder with its last port
        return []


def found_ports() -> list[dict[str, str]]:
    """Serial ports of this machine: ``port``, ``what`` it says it is, and the ``binding`` to write down."""
    from serial.tools.list_ports import comports

    sockets = {str(link.resolve()): link.name for link in _links("/dev/serial/by-path")}
    found = []
    for each in sorted(comports()):
        serial, socket = each.serial_number or "", sockets.get(each.device, "")
        binding = f"usb-serial:{serial}" if serial else f"usb-path:{socket}" if socket else ""
        what = each.description if each.description != "n/a" else ""
        found.append({"port": each.device, "what": what, "binding": binding or f"link:{each.device}"})
    return found
