"""The service on a loop that notes how late it is: ``python -m tests.bench.late_loop OUT serve --config …``.

The loop asks to be called every TICK_S. SIGUSR1 begins the notes, the end of the process writes them. They take
the same room however long they are kept: what measures memory beside them must not measure them.
"""

import asyncio
import json
import signal
import sys
from array import array
from pathlib import Path
from typing import Final

TICK_S: Final = 0.005
STEP_S: Final = 0.000_05
STEPS: Final = 20_000  # one second; what is later counts as that, the worst of all is kept as it was


class Notes:
    """How often the loop was how late, in steps of STEP_S."""

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * STEPS))
        self._worst_s = 0.0

    def add(self, late_s: float) -> None:
        self._counts[min(int(late_s / STEP_S), STEPS - 1)] += 1
        self._worst_s = max(self._worst_s, late_s)

    @property
    def room(self) -> int:
        """Bytes it takes."""
        return len(self._counts) * self._counts.itemsize

    def all(self) -> list[float]:
        """Every note in seconds, ascending; each within its step, the last one exact."""
        told = [step * STEP_S for step, count in enumerate(self._counts) for _ in range(count)]
        return [*told[:-1], self._worst_s] if told else []


class LateLoop(asyncio.SelectorEventLoop):
    """``notes`` is None until they are asked for."""

    notes: Notes | None = None

    def run_forever(self) -> None:
        self.call_soon(self._tick, self.time())
        super().run_forever()

    def _tick(self, due_s: float) -> None:
        if LateLoop.notes is not None:
            LateLoop.notes.add(max(0.0, self.time() - due_s))
        due_s = self.time() + TICK_S
        self.call_at(due_s, self._tick, due_s)


class LatePolicy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return LateLoop()


def _begin(*_: object) -> None:
    LateLoop.notes = Notes()


def main() -> None:
    out = Path(sys.argv.pop(1))
    from terminal.cli import main as countertop

    asyncio.set_event_loop_policy(LatePolicy())
    signal.signal(signal.SIGUSR1, _begin)
    try:
        countertop()
    finally:
        out.write_text(json.dumps(LateLoop.notes.all() if LateLoop.notes else []))


if __name__ == "__main__":
    main()
