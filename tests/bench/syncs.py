"""How many syncs stand between a request and what people see, counted by strace on the running service."""

import asyncio
import contextlib
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Final

from tests.bench.shop import Shop, Till, one_sale
from tests.bench.timing import now_s

SALES: Final = 5
_LINE: Final = re.compile(r"^\d+ +(\d+\.\d+) (?:<\.\.\. )?f(?:data)?sync")


async def count_syncs(shop: Shop, till: Till) -> tuple[list[int], list[int]] | None:
    """Syncs that must end before something is lit, by sale: from request to the bank's answer (what the code
    brings is made durable beside its lighting), and from notification to "paid". None: no tracing here.
    """
    strace, out = shutil.which("strace"), shop.folder / "strace"
    assert strace
    tracer = await asyncio.create_subprocess_exec(
        strace, "-f", "-y", "-ttt", "-e", "trace=fsync,fdatasync", "-o", str(out), "-p", str(till.pid),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr
    if b"attached" not in await tracer.stderr.readline():
        await tracer.wait()
        return None
    sales = []
    for counter in list(shop.displays)[:SALES]:
        sales.append(await one_sale(shop, till, counter))
        await asyncio.sleep(0.3)  # the rest of the sale syncs too
    log = await shop.bank.ask(log=True)
    with contextlib.suppress(ProcessLookupError):
        tracer.send_signal(signal.SIGINT)
    await tracer.wait()
    moments = _moments(out)
    code = [_between(moments, each.asked_s, log["answers"][each.order][1]) for each in sales]
    paid = [_between(moments, log["posted"][each.order], each.paid.came_s) for each in sales]
    return code, paid


def _moments(path: Path) -> list[float]:
    """When each sync began, on our clock. A line "resumed" is the end of one that is counted already."""
    offset = time.time() - now_s()
    lines = [line for line in path.read_text().splitlines() if "resumed" not in line]
    return [float(found[1]) - offset for line in lines if (found := _LINE.match(line))]


def _between(moments: list[float], start_s: float, end_s: float) -> int:
    return sum(start_s <= moment <= end_s for moment in moments)
