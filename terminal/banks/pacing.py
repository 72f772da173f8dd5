"""How fast and whether at all a provider is asked: pure bookkeeping over the loop's seconds."""

from typing import Final

PAUSE_S: Final = 5.0  # after a 429 that does not say how long
PAUSE_MAX_S: Final = 300.0
RATE_MIN: Final = 0.2  # per second: slowed, never stopped
RECOVERY: Final = 1.05  # of the rate, for every answer that was no 429
FAILURES_TO_OPEN: Final = 5
OPEN_S: Final = 10.0
OPEN_MAX_S: Final = 120.0


class QueryPace:
    """A token bucket that hands out times instead of refusals: a query waits, it is never dropped.

    A 429 halves the rate and pauses everybody; good answers bring the rate back step by step.
    """

    def __init__(self, per_s: float, *, burst: int = 5) -> None:
        assert per_s > 0
        self._full = self._rate = per_s
        self._burst = burst
        self._next = float("-inf")  # when the bucket would be full again, less the burst
        self._paused_until = float("-inf")

    @property
    def rate(self) -> float:
        return self._rate

    def wait_s(self, now: float) -> float:
        """Take one token; return how long to wait for it."""
        spacing = 1.0 / self._rate
        slot = max(self._next, now - spacing * (self._burst - 1), self._paused_until)
        self._next = slot + spacing
        return max(0.0, slot - now)

    def answered(self) -> None:
        self._rate = min(self._full, self._rate * RECOVERY)

    def slowed(self, now: float, retry_after_s: float | None) -> None:
        self._rate = max(min(RATE_MIN, self._full), self._rate / 2)
        pause = PAUSE_S if retry_after_s is None else min(max(retry_after_s, 0.0), PAUSE_MAX_S)
        self._paused_until = max(self._paused_until, now + pause)


class Breaker:
    """Says whether a new sale should be started at this provider. Old ones are resolved regardless."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = float("-inf")
        self._open_s = OPEN_S

    def closed(self, now: float) -> bool:
        """True lets new sales through; after each pause one failure is enough to shut again."""
        return now >= self._open_until

    def worked(self) -> None:
        self._failures, self._open_s, self._open_until = 0, OPEN_S, float("-inf")

    def failed(self, now: float) -> None:
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN and now >= self._open_until:
            self._open_until = now + self._open_s
            self._open_s = min(self._open_s * 2, OPEN_MAX_S)
