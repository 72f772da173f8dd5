"""The lab's line to the service beside it: its newest sales, and calls as any POS with the demo's key does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from terminal.lab.service_process import ServiceProcess

TOTAL_S: Final = 3.0
ACT_S: Final = 30.0
SALES: Final = 5
KEY_FILE: Final = "api-key"


class TillLink:
    """Args:
    state: the service's state folder, with its ``api-key``.
    """

    def __init__(self, service: ServiceProcess, state: Path) -> None:
        self._service, self._key = service, state / KEY_FILE
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TOTAL_S, connect=1.0))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def sales(self) -> list[dict[str, Any]]:
        """Newest first; none when the service is down."""
        assert self._session is not None, "open it first"
        if not (url := self._service.url):
            return []
        try:
            headers = {"Authorization": f"Bearer {self._key.read_text().strip()}"}
            async with self._session.get(f"{url}/api/v1/sales?limit={SALES}", headers=headers) as answer:
                told: dict[str, Any] = msgspec.json.decode(await answer.read())
        except (OSError, aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            return []
        found: list[dict[str, Any]] = told.get("sales", [])
        return found

    async def send(self, method: str, path: str, body: Mapping[str, Any] | None, key: str) -> tuple[int, Any]:
        """Status and answer of a call below /api/v1; status 0: nobody answered."""
        assert self._session is not None, "open it first"
        if not (url := self._service.url):
            return 0, None
        try:
            headers = {"Authorization": f"Bearer {self._key.read_text().strip()}"}
            headers |= {"Idempotency-Key": key} if key else {}
            limit = aiohttp.ClientTimeout(total=ACT_S, connect=1.0)
            address = f"{url}/api/v1{path}"
            async with self._session.request(method, address, json=body, headers=headers, timeout=limit) as answer:
                data = await answer.read()
                return answer.status, msgspec.json.decode(data) if data else None
        except (OSError, aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            return 0, None

    def owner_pin(self) -> str:
        """Of the simulated owner, as the service told when it was ready; empty: it told none."""
        pins = self._service.told().get("pins")
        return str(pins.get("owner", "")) if isinstance(pins, dict) else ""
