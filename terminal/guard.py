"""While a simulated world runs, product code that goes around a port fails at once, not some runs later."""

import os
import random
import secrets
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

_PRODUCT: Final = ("terminal", "drivers", "firmware_stubs")
_REFUSED: Final[tuple[tuple[ModuleType | type, tuple[str, ...]], ...]] = (
    (time, ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep")),
    (os, ("urandom", "getrandom")),
    (
        random,
        ("random", "randrange", "randint", "choice", "shuffle", "sample", "uniform", "randbytes", "seed"),
    ),
    (secrets, ("token_bytes", "token_hex", "token_urlsafe", "randbelow", "choice")),
    (uuid, ("uuid1", "uuid4")),
    (threading.Thread, ("start",)),
)


class OutsideWorld(Exception):
    """Product code asked the machine for time, chance, a thread or a socket while a virtual world ran."""


@contextmanager
def no_outside() -> Iterator[None]:
    """Refuse the product (by its caller's module) what only ports may give; sockets are refused to everybody.

    Libraries keep their real functions: a log record may carry the real time, no outcome hangs on it.
    """
    kept: list[tuple[ModuleType | type, str, Any]] = []
    try:
        for owner, names in _REFUSED:
            for name in filter(owner.__dict__.__contains__, names):
                kept.append((owner, name, owner.__dict__[name]))
                setattr(owner, name, _refusing(f"{owner.__name__}.{name}", owner.__dict__[name]))
        kept.append((socket.socket, "__init__", socket.socket.__init__))
        socket.socket.__init__ = _no_socket  # type: ignore[method-assign]  # taken back below
        yield
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)


def _refusing(what: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def refusing(*args: Any, **named: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        if caller.partition(".")[0] in _PRODUCT and caller != __name__:
            raise OutsideWorld(f"{caller} called {what} in a virtual world: use the port")
        return original(*args, **named)

    return refusing


def _no_socket(*_args: Any, **_named: Any) -> None:
    raise OutsideWorld("a socket was made in a virtual world: use the provider or transport port")
