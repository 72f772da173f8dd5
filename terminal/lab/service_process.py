"""The service as a process of this machine: found through the file it writes when ready, killed by name only."""

import os
import signal
from pathlib import Path
from typing import Any, Final

import msgspec

SIGNALS: Final = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM}
READY: Final = "ready.json"


class NoService(Exception):
    """No service of this lab runs now."""


class ServiceProcess:
    """Args:
    state: the service's state folder; its ``ready.json`` names pid, address and one-time page links.
    """

    def __init__(self, state: Path) -> None:
        self._ready = state / READY
        self._used: set[str] = set()

    def told(self) -> dict[str, Any]:
        """What the service last said of itself; empty when it never ran."""
        try:
            told: dict[str, Any] = msgspec.json.decode(self._ready.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return told

    @property
    def url(self) -> str:
        return str(self.told().get("url", ""))

    def pid(self) -> int:
        """Raises NoService unless that process lives and really is a service: pids are used again."""
        pid = int(self.told().get("pid", 0))
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if pid > 0 else []
        except OSError:
            words = []
        if b"serve" not in words:
            raise NoService
        return pid

    def send(self, name: str) -> None:
        """Raises NoService."""
        try:
            os.kill(self.pid(), SIGNALS[name])
        except ProcessLookupError:
            raise NoService from None

    def page(self, name: str) -> str:
        """Address of the service's page; the one-time link the first time, the plain page afterwards."""
        plain = {"till": "/checkout", "display": "/display"}[name]
        told = self.told()
        link = str(told.get("links", {}).get(name, ""))
        if link and link not in self._used:
            self._used.add(link)
            return link
        return f"{told.get('url', '')}{plain}"
