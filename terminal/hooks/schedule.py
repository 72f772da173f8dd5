"""When a delivery that failed is tried again, and when it is given up. Pure: numbers in, numbers out (S19)."""

from terminal.hooks.limits import HookLimits


def pause_s(limits: HookLimits, tries: int, draw: int, retry_after_s: float = 0.0) -> float:
    """How long to wait after ``tries`` failures in a row.

    Args:
        draw: a random byte; it moves the pause by up to ``jitter_percent`` either way.
        retry_after_s: what the receiver asked for; heeded up to the longest pause.
    """
    assert tries >= 1, tries
    step = limits.pauses_s[min(tries, len(limits.pauses_s)) - 1]
    moved = step * (1 + limits.jitter_percent / 100 * (draw - 127.5) / 127.5)
    return max(moved, min(retry_after_s, float(limits.pauses_s[-1])))


def given_up(limits: HookLimits, *, failing_ms: int, tries: int, event_ms: int, now_ms: int) -> bool:
    """Whether an event of ``event_ms`` is a dead letter now.

    The wall clock alone decides nothing: one that jumps by a year would throw away what is an hour old. So every
    pause of the schedule must have been waited for since this start, too.
    """
    tried = tries >= len(limits.pauses_s)
    return tried and min(now_ms - failing_ms, now_ms - event_ms) >= limits.give_up_ms
