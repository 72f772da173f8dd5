"""The lab's look at the service beside it: its newest sales, as any POS with the demo's key reads them."""

from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from terminal.lab.service_process import ServiceProcess

TOTAL_S: Final = 3.0
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
