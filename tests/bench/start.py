"""Goal 9: from the power switch to the first sale, empty and with years of payments; what is imported for it."""

import asyncio
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from drivers.display.messages import Type
from tests.bench.far_end import wire_s
from tests.bench.shop import COUNTERTOP, Shop, Till, one_sale, order_of
from tests.bench.table import Figure
from tests.bench.timing import ROUNDS, now_s, p50

SALES: Final = 8  # a round, after each start
BACK_S: Final = 10.0
HEAVY: Final = ("PIL", "numpy", "qrcode", "escpos", "cv2", "pydantic", "babel")
_IMPORT: Final = re.compile(r"^import time: +(\d+) \| +(\d+) \| +([\w.]+)$", re.MULTILINE)


@dataclass(slots=True)
class Starts:
    first_s: dict[str, list[float]]  # by state: command to accepted sale
    create_ms: dict[str, list[float]]  # by state: request to code at the display's plug
    back: list[tuple[float, int] | None] = field(default_factory=list)  # after ready: seconds, bytes of the code
    imported: list[str] = field(default_factory=list)
    slowest: list[str] = field(default_factory=list)


async def run(shop: Shop, states: dict[str, Path]) -> Starts:
    starts = Starts({name: [] for name in states}, {name: [] for name in states})
    for _ in range(ROUNDS):
        for name, state in states.items():
            shop.move(state)
            async with shop.serve() as till:
                await _first(shop, till, starts.first_s[name])
                starts.create_ms[name] += await _creates(shop, till)
    shop.move(next(iter(states.values())))
    await _imports(shop, starts)
    await _back_again(shop, starts)
    return starts


async def _first(shop: Shop, till: Till, taken: list[float]) -> None:
    display = shop.displays["2"]
    codes = display.count[Type.SHOW_QR]
    sale = await till.open_sale("2")
    taken.append(now_s() - till.began_s)
    await display.after(Type.SHOW_QR, codes)
    await till.pay(order_of(sale))


async def _creates(shop: Shop, till: Till) -> list[float]:
    made = []
    display = shop.displays["1"]
    for _ in range(SALES):
        await display.quiet()
        sale = await one_sale(shop, till, "1", calm=False)
        made.append((sale.code.came_s - sale.asked_s) * 1e3)
    return made


async def _imports(shop: Shop, starts: Starts) -> None:
    """Everything imported until the service answered and its displays were painted."""
    async with shop.serve(sys.executable, "-X", "importtime", str(COUNTERTOP)):
        await shop.displays["1"].idle()
        found = _IMPORT.findall((shop.folder / "serve.log").read_text())
    roots = {name.partition(".")[0] for _, _, name in found}
    starts.imported = [name for name in HEAVY if name in roots]
    own: dict[str, int] = {}
    for self_us, _, name in found:
        root = name.partition(".")[0]
        own[root] = own.get(root, 0) + int(self_us)
    starts.slowest = [
        f"{own[root] / 1e3:5.0f} ms importing {root}" for root in sorted(own, key=lambda root: -own[root])[:12]
    ]


async def _back_again(shop: Shop, starts: Starts) -> None:
    """An order is open when the service ends; when is its code on the glass again?"""
    display = shop.displays["1"]
    for _ in range(ROUNDS):
        async with shop.serve() as till:
            await display.quiet()
            codes = display.count[Type.SHOW_QR]
            order = order_of(await till.open_sale("1"))
            await display.after(Type.SHOW_QR, codes)
            await display.quiet()
        codes = display.count[Type.SHOW_QR]
        async with shop.serve() as till:
            try:
                async with asyncio.timeout(BACK_S):
                    code = await display.after(Type.SHOW_QR, codes)
                starts.back.append((code.lit_s - till.ready_s, code.size))
            except TimeoutError:
                starts.back.append(None)
            await till.pay(order)
            await asyncio.sleep(0.5)


def figures(starts: Starts, lnbits_s: float | None, no_peer: str) -> list[Figure]:
    empty, *rest = starts.first_s
    first = p50(starts.first_s[empty])
    name = "LNbits" if lnbits_s else no_peer
    what = "command → first accepted sale, empty journal"
    made = [Figure(9, what, first, "s", name, lnbits_s, most=1 / 4, why=starts.slowest)]
    for name in rest:
        what, ours = f"command → first accepted sale, {name}", p50(starts.first_s[name])
        made.append(Figure(9, what, ours, "s", "empty", first, most=1.1, why=starts.slowest))
        creates = p50(starts.create_ms[name]), p50(starts.create_ms[empty])
        why = ["measured in the seconds after a start, while the whole chain is verified in the background"]
        what = f"sale → code at the plug, p50, {name}, just started"
        made.append(Figure(8, what, creates[0], "ms", "empty", creates[1], most=1.1, why=why))
    what = f"heavy modules at start: {', '.join(starts.imported) or 'none'}"
    good = not starts.imported
    made.append(Figure(9, what, len(starts.imported), "", "none", good=good, why=starts.slowest))
    back = [each for each in starts.back if each]
    if back:
        late, wire = p50(each[0] for each in back), wire_s(back[0][1])
        what = f"open order lit again after ready, p50 of {len(back)} (of {len(starts.back)} starts)"
        why = [f"each after ready: {', '.join(f'{each[0] * 1e3:.0f} ms' for each in back)}"]
        made.append(Figure(9, what, late * 1e3, "ms", "its wire time", wire * 1e3, most=1, why=why))
    else:
        why = [f"no code within {BACK_S:.0f} s of {len(starts.back)} starts with an open order"]
        made.append(Figure(9, "open order lit again after ready", 0, "", "its wire time", good=False, why=why))
    return made
