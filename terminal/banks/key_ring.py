"""The provider's public keys by id: those of the settings, and those it told us last (B8)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from terminal.banks.connector import Keys, ProviderKey

AGAIN_S: Final = 60.0  # after a good list; a stranger's invented ids must not make us ask at his pace
AGAIN_FAILED_S: Final = 10.0


class KeyRing:
    """Keys for verifying. A fetched list replaces the fetched keys whole, so that a revoked one goes."""

    def __init__(self, fixed: Keys, fetch: Callable[[str], Awaitable[Keys | None]]) -> None:
        self._fixed, self._fetch = dict(fixed), fetch
        self._fetched: Keys = {}
        self._turn = asyncio.Lock()
        self._not_before = float("-inf")

    def get(self, key_id: str, at_s: int) -> ProviderKey | None:
        """The key named, if it was valid at the second of the message."""
        key = self._fixed.get(key_id) or self._fetched.get(key_id)
        return key if key is not None and key.good_at(at_s) else None

    def fix(self, keys: Keys) -> None:
        """Other keys from the settings' files; the fetched ones stay."""
        self._fixed = dict(keys)

    def last_fetched(self) -> tuple[str, int] | None:
        """Of the fetched keys the one that is good for longest: its id and until when, seconds since 1970."""
        ends = [(key.until_s, key_id) for key_id, key in self._fetched.items() if key.until_s]
        return (max(ends)[1], max(ends)[0]) if ends else None

    async def refresh(self, key_id: str, now: float) -> bool:
        """Fetch once for all who wait.

        True: look again. False: it is too early to ask once more, or nothing usable came.
        """
        waited = self._turn.locked()
        async with self._turn:
            if waited and key_id in self._fetched:
                return True
            if now < self._not_before:
                return False
            keys = await self._fetch(key_id)
            self._not_before = now + (AGAIN_FAILED_S if keys is None else AGAIN_S)
            if keys is None:
                return False
            self._fetched = keys
            return True
