"""Bills that were asked for, until they are fetched: kept a while under a token. Pure."""

from typing import Final, Protocol

KEPT: Final = 16


class Entropy(Protocol):
    def bytes(self, count: int) -> bytes: ...


class Shelf:
    """The files that may be fetched now; the oldest goes first."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._files: dict[str, tuple[bytes, int]] = {}

    def put(self, content: bytes, until_ms: int) -> str:
        """The token for it."""
        token = self._entropy.bytes(16).hex()
        self._files[token] = (content, until_ms)
        while len(self._files) > KEPT:
            del self._files[next(iter(self._files))]
        return token

    def get(self, token: str, now_ms: int) -> bytes | None:
        content, until_ms = self._files.get(token, (b"", 0))
        return content if now_ms < until_ms else None
