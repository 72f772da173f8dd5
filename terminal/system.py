"""The real clock, chance and ids: the only file of the product that asks the machine for them."""

import ctypes
import mimetypes
import os
import ssl
import time
from asyncio import selector_events, sslproto
from typing import Any, Final

from terminal.ulid import Ulids

_MMAP_THRESHOLD: Final = -3  # <malloc.h>: M_MMAP_THRESHOLD
LARGE: Final = 1 << 18  # bytes
READ: Final = 1 << 16  # bytes; a request or a bank's answer is one or two thousand
_OF_SOCKETS: Final = "_SelectorTransport"  # whose ``max_size`` asyncio lets nobody choose; TLS has one of its own


class SystemClock:
    """UTC and monotonic time of this machine; the monotonic one is what asyncio's timers use."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ns(self) -> int:
        return time.monotonic_ns()


class SystemEntropy:
    """The kernel's random numbers, good for keys."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


class SystemIds(Ulids):
    """ULIDs from the real clock and the kernel's chance."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), SystemEntropy())


def return_large_buffers() -> None:
    """From now on what is freed of LARGE buffers is the machine's again at once.

    Else glibc keeps the room of the largest one it ever saw for the next: 19 MiB once anybody signed in by PIN,
    whose proof takes so much. Another C library has no such knob, and no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE)


def read_in_small_pieces() -> None:
    """From now on a socket's read makes room for READ bytes, not for asyncio's 256 KiB.

    The C library asks the kernel for so much and gives it back each time, which takes longer than to read a
    request: 30 µs of some 150, and as much again under TLS. A longer message comes in more pieces. A Python
    without those knobs reads as it does.
    """
    of_sockets: Any = getattr(selector_events, _OF_SOCKETS, None)
    for each in (of_sockets, sslproto.SSLProtocol):
        if each is not None:
            each.max_size = READ


def need_less_for_http() -> None:
    """Before the HTTP library is loaded: what it would bring for nobody does not stand in memory for years.

    It reads the machine's list of two thousand types of files, a third of a megabyte; what we send says its type.
    And the lists it keeps handlers in, a dozen short ones, are compiled with C++, whose library is a megabyte that
    nothing else of ours needs; written in Python they are as quick to walk.
    """
    mimetypes.knownfiles.clear()
    os.environ["FROZENLIST_NO_EXTENSIONS"] = "1"


def trust_whom_we_name() -> None:
    """Load the HTTP library without the machine's list of authorities, which it reads for nobody.

    It does so when it is imported, for connections that name no context of their own; ours all do. The list is one
    to two megabytes for years, and 45 ms of the start. Who names none would trust nobody: the connection fails.
    """
    usual = ssl.create_default_context

    def nobody(*_purpose: Any, **_files: Any) -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    ssl.create_default_context = nobody
    try:
        import aiohttp.connector  # noqa: F401  # the first import of it here, before anybody else's
    finally:
        ssl.create_default_context = usual
