"""The lab's line to the sandbox's laboratory door: the customer's acts, faults, and the bank's own books."""

from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from terminal.lab.faults import Value

TOTAL_S: Final = 10.0


class BankAway(Exception):
    """The sandbox does not answer."""


class BankRefuses(Exception):
    """The wallet or the laboratory said no; ``reason`` is the sandbox's own word, such as no-funds."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BankLink:
    """Args:
    token_file: the sandbox's ``admin-token``; read again whenever it answers 401, so either may start first.
    """

    def __init__(self, url: str, token_file: Path) -> None:
        self.url, self._token_file = url, token_file
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(total=TOTAL_S, connect=2.0))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, what: str) -> dict[str, Any]:
        """orders, captures, ledger, calls, notifications, faults, phone, account. Raises BankAway, BankRefuses."""
        return await self._ask("GET", f"/admin/{what}")

    async def scan(self, code: str) -> dict[str, Any]:
        """What the phone shows after scanning: order_no, mchid, shop, description, amount, state, why_not."""
        return await self._ask("POST", "/admin/scan", {"code_url": code})

    async def act(self, act: str, order_no: str, mchid: str = "", delay_ms: int = 0) -> dict[str, Any]:
        """``act``: pay, password, late, refuse, confirm."""
        body = {"act": act, "order_no": order_no, "mchid": mchid, "delay_ms": delay_ms}
        return await self._ask("POST", "/admin/act", body)

    async def payment_code(self, behaviour: str = "pays", confirm_after_ms: int = 0) -> str:
        """A fresh code of the customer's phone. ``behaviour``: pays, password, no-funds."""
        body = {"behaviour": behaviour, "confirm_after_ms": confirm_after_ms}
        return str((await self._ask("POST", "/admin/code", body))["auth_code"])

    async def set_fault(
        self, slug: str, params: dict[str, Value], *, count: int | None, seconds: int | None
    ) -> dict[str, Any]:
        duration_ms = None if seconds is None else seconds * 1000
        body = {"slug": slug, "count": count, "duration_ms": duration_ms, "params": params}
        return await self._ask("POST", "/admin/faults", body)

    async def clear_faults(self, slug: str = "") -> None:
        await self._ask("DELETE", f"/admin/faults?slug={slug}")

    async def deliver_statement(self, currency: str) -> str:
        """The day's statement of that account into the shop's folder; its name, "" when a fault kept it."""
        return str((await self._ask("POST", "/admin/account/statement", {"currency": currency}))["file"])

    async def set_account_fault(self, currency: str, slug: str, count: int) -> None:
        """No slug: all of every account end."""
        await self._ask("POST", "/admin/account/faults", {"currency": currency, "slug": slug, "count": count})

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        assert self._session is not None, "open it first"
        try:
            token = self._token_file.read_text().strip()
            headers = {"Authorization": f"Bearer {token}"}
            async with self._session.request(method, path, json=body, headers=headers) as answer:
                told: dict[str, Any] = msgspec.json.decode(await answer.read())
        except (OSError, aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
            raise BankAway(type(error).__name__) from error
        if answer.status >= 400:
            raise BankRefuses(str(told.get("error", answer.status)))
        return told
