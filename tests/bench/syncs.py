"""How many syncs of the disk stand between a request and what people see.

Not those that happen meanwhile, but those that are waited for: strace makes every sync of the running service
DELAY_S longer, and the time a sale then takes tells how many of them it waited for.
"""

import asyncio
import shutil
from dataclasses import dataclass, field

from tests.bench.shop import ANSWER_S, Shop, Till, one_sale, stop
from tests.bench.timing import within

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
    try:
        return await _count(shop, till) if await _traces(tracer) else None
    finally:
        await stop(tracer)


async def _traces(tracer: asyncio.subprocess.Process) -> bool:
    assert tracer.stderr
    async with within(ANSWER_S, "strace to say whether it traces"):
        return b"attached" in await tracer.stderr.readline()


async def _count(shop: Shop, till: Till) -> Waits:
    waits = Waits()
    for counter in list(shop.displays)[:SALES]:
        sale = await one_sale(shop, till, counter, pause_s=4 * DELAY_S)
        posted = (await shop.bank.times([sale.order])).posted[sale.order]
        waits.code.append(int((sale.code.came_s - sale.asked_s) / DELAY_S))
        waits.paid.append(int((sale.paid.came_s - posted) / DELAY_S))
        waits.paper.append(int((sale.paper_s - sale.paid.came_s) / DELAY_S))
        await asyncio.sleep(4 * DELAY_S)  # the rest of the sale syncs too
    return waits
