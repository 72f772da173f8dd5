"""``python -m terminal.sandbox --state DIR``: the bank as a process of its own, until SIGTERM."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from terminal.chance import Chance
from terminal.sandbox.account_desk import Place
from terminal.sandbox.server import start_sandbox
from terminal.system import SystemClock, SystemEntropy


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m terminal.sandbox", description="A bank to develop against.")
    parser.add_argument("--state", type=Path, required=True, help="folder for its ledger and keys")
    parser.add_argument("--port", type=int, default=7610)
    parser.add_argument("--shop", default="Countertop Test Shop 测试商店")
    parser.add_argument("--notify-ca", type=Path, help="PEM of the authority behind the shop's https address")
    parser.add_argument("--embed", action="append", default=[], help="page that may frame the wallet")
    pix = "the Pix API listens there instead, with TLS that demands the shop's certificate"
    parser.add_argument("--pix-tls-port", type=int, help=pix)
    account = "an account at a bank without an API, such as EUR:DE89…:camt:DIR (camt, mt940 or csv)"
    parser.add_argument("--account", action="append", default=[], type=Place.parse, help=account)
    seed = "the customer's payment codes and the orders' codes are drawn from it, the same every time"
    parser.add_argument("--seed", default="", help=seed)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        return asyncio.run(_serve(asked))
    except OSError as error:
        print(f"sandbox: port {asked.port} on 127.0.0.1 cannot be used: {error.strerror}", file=sys.stderr)  # noqa: T201  # a process edge
        return 3


async def _serve(asked: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sandbox = await start_sandbox(
        asked.state,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        port=asked.port,
        shops=(asked.shop,),
        notify_ca=asked.notify_ca,
        embed_origins=tuple(asked.embed),
        pix_tls_port=asked.pix_tls_port,
        accounts=asked.account,
    )
    if asked.seed:
        sandbox.bank.keys.entropy = Chance(asked.seed).split("customer")  # not what its tokens are made of
    try:
        await stop.wait()
    finally:
        await sandbox.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
