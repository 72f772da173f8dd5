"""How many syncs of the disk stand between a request and what people see.

Not those that happen meanwhile, but those that are waited for: strace makes every sync of the running service
DELAY_S longer, and the time a sale then takes tells how many of them it waited for.
"""

import asyncio
import contextlib
import shutil
import signal
from dataclasses import dataclass, field

from tests.bench.shop import Shop, Till, one_sale

SALES = 4
DELAY_S = 0.2  # far above everything else on the way


@dataclass(slots=True)
class Waits:
    """Syncs waited for, by sale."""

    code: list[int] = field(default_factory=list)  # from the till's request to the code at the display's plug
    paid: list[int] = field(default_factory=list)  # from the notification to "paid" there
    paper: list[int] = field(default_factory=list)  # from there to the slip's first byte


async def count_waits(shop: Shop, till: Till) -> Waits | None:
    """None: there is no strace, or it may not trace here."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    delay = f"inject=fdatasync,fsync:delay_exit={DELAY_S * 1e6:.0f}"
    tracer = await asyncio.create_subprocess_exec(
        strace, "-f", "-e", "trace=fdatasync,fsync", "-e", delay, "-o", "/dev/null", "-p", str(till.pid),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert tracer.stderr
    if b"attached" not in await tracer.stderr.readline():
        await tracer.wait()
        return None
    waits = Waits()
    for counter in list(shop.displays)[:SALES]:
        sale = await one_sale(shop, till, counter, pause_s=4 * DELAY_S)
        posted = (await shop.bank.ask(log=True))["posted"][sale.order]
        waits.code.append(int((sale.code.came_s - sale.asked_s) / DELAY_S))
        waits.paid.append(int((sale.paid.came_s - posted) / DELAY_S))
        waits.paper.append(int((sale.paper_s - sale.paid.came_s) / DELAY_S))
        await asyncio.sleep(4 * DELAY_S)  # the rest of the sale syncs too
    with contextlib.suppress(ProcessLookupError):
        tracer.send_signal(signal.SIGINT)
    await tracer.wait()
    return waits
