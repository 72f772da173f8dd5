"""The service on a loop that notes how late it is: ``python -m tests.bench.late_loop OUT serve --config …``.

The loop asks to be called every TICK_S. SIGUSR1 begins the notes, the end of the process writes them.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Final

TICK_S: Final = 0.005


class LateLoop(asyncio.SelectorEventLoop):
    """``late`` holds seconds, None until it is asked for."""

    late: list[float] | None = None

    def run_forever(self) -> None:
        self.call_soon(self._tick, self.time())
        super().run_forever()

    def _tick(self, due_s: float) -> None:
        if LateLoop.late is not None:
            LateLoop.late.append(max(0.0, self.time() - due_s))
        due_s = self.time() + TICK_S
        self.call_at(due_s, self._tick, due_s)


class LatePolicy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return LateLoop()


def _begin(*_: object) -> None:
    LateLoop.late = []


def main() -> None:
    out = Path(sys.argv.pop(1))
    from terminal.cli import main as countertop

    asyncio.set_event_loop_policy(LatePolicy())
    signal.signal(signal.SIGUSR1, _begin)
    try:
        countertop()
    finally:
        out.write_text(json.dumps(LateLoop.late or []))


if __name__ == "__main__":
    main()
