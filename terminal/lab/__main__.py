"""``python -m terminal.lab --state DIR``: the simulated counter as a process of its own, until SIGTERM."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from terminal.lab.playlist import named
from terminal.lab.server import Lan, Staging, running_lab
from terminal.lab.show import PACE_S
from terminal.system import SystemClock, SystemEntropy


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m terminal.lab", description="A whole counter, simulated.")
    parser.add_argument("--state", type=Path, required=True, help="folder for its devices (DIR/dev/…) and key")
    parser.add_argument("--port", type=int, default=7620)
    parser.add_argument("--sandbox", default="http://127.0.0.1:7610", help="where the sandbox answers")
    parser.add_argument("--sandbox-state", type=Path, required=True, help="the sandbox's folder, for its token")
    parser.add_argument("--service-state", type=Path, required=True, help="the service's state folder")
    parser.add_argument("--lan", default="", help="address of this machine where a trainer's phone may come in")
    parser.add_argument("--lan-port", type=int, default=7621)
    parser.add_argument("--lan-tls", type=Path, help="key and certificate for that address, PEM in one file")
    parser.add_argument("--show", default="", help="playlist that begins at once, by name or file")
    parser.add_argument("--pace", type=float, default=PACE_S, help="seconds a sentence stands")
    parser.add_argument("--once", action="store_true", help="one round of --show")
    asked = parser.parse_args()
    if asked.lan and asked.lan_tls is None:
        parser.error("--lan needs --lan-tls: what leaves this machine is encrypted")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(_serve(asked))
    except OSError as error:
        print(f"lab: {why_not(asked, error)}", file=sys.stderr)  # noqa: T201  # a process edge
        return 3


def why_not(asked: argparse.Namespace, error: OSError) -> str:
    """Which of its two addresses it is, and what to do."""
    if asked.lan and f"'{asked.lan}'" in str(error):
        return (
            f"{asked.lan}:{asked.lan_port} cannot be used: --lan takes an address of this machine, on a free port"
        )
    return f"port {asked.port} on 127.0.0.1 cannot be used: {error.strerror}"


async def _serve(asked: argparse.Namespace) -> int:
    stop = asyncio.Event()
    staging = Staging(named(asked.show), asked.pace, begins=True, once=asked.once) if asked.show else None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running_lab(
        asked.state,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        port=asked.port,
        sandbox_url=asked.sandbox,
        sandbox_state=asked.sandbox_state,
        service_state=asked.service_state,
        lan=Lan(asked.lan, asked.lan_port, asked.lan_tls) if asked.lan else None,
        staging=staging,
    ):
        await stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
