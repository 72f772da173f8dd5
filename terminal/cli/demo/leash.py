"""``python -m terminal.cli.demo.leash GRACE MODULE …``: runs a program that ends when whoever started it is gone.

However its parent ends, by SIGKILL too, the kernel closes the parent's end of our standard input, and we hear it.
Ruled out: prctl(PR_SET_PDEATHSIG), which needs C and follows the thread that forked, not the process.
"""

import os
import runpy
import signal
import sys
import threading
from typing import Final

COUNTERTOP: Final = "countertop"


def main() -> None:
    """Run a module as ``__main__``, or a ``countertop`` command, on a leash."""
    _, grace_s, what, *words = sys.argv
    threading.Thread(target=_follow, args=(float(grace_s),), daemon=True, name="leash").start()
    sys.argv = [what, *words]
    if what == COUNTERTOP:
        from terminal.cli import main as countertop

        countertop()
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)


def _follow(grace_s: float) -> None:
    """Nobody ever writes: the first thing to be read is the end."""
    while os.read(sys.stdin.fileno(), 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace_s)  # for an end in order; this thread ends with the process
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
