"""The demo's own sale: through the public API, paid by the simulated customer who really reads the glass."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import msgspec
from rich.cells import set_cell_size
from rich.table import Table

from terminal.cli.client import Api, Problem
from terminal.cli.words import console
from terminal.lab.readable import telling
from terminal.payments.money import Money
from terminal.system import SystemIds

AMOUNT: Final = Money(2850, "CNY")
POLL_S: Final = 0.03
GLASS_S: Final = 6.0
PAID_S: Final = 30.0
PAPER_S: Final = 8.0
LINES_SHOWN: Final = 46


class LabApi:
    """The lab's calls, with its key."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str) -> Any:
        async with self._session.get(f"/lab/{path}") as answer:
            answer.raise_for_status()
            return msgspec.json.decode(await answer.read())

    async def text(self, path: str) -> str:
        async with self._session.get(f"/lab/{path}") as answer:
            return await answer.text() if answer.ok else ""

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        async with self._session.post(f"/lab/{path}", json=body) as answer:
            return answer.status, msgspec.json.decode(await answer.read())


@dataclass(frozen=True, slots=True)
class Shown:
    """How the sale went: ``seconds`` from the request to the till's green, which came at ``at_s`` loop time."""

    paid: bool
    seconds: float
    at_s: float


async def first_sale(service: Api, lab: LabApi) -> Shown:
    """Take one payment and print what happened. Raises Problem when the service refuses the sale."""
    before = await lab.get("state")
    lines_before = _last(await lab.get("timeline"))
    now_s = asyncio.get_running_loop().time
    start_s = now_s()
    order = {"counter": "1", "amount_minor": AMOUNT.minor, "currency": AMOUNT.currency}
    sale = await service.post("/sales", order, key=SystemIds().ulid())
    await _customer_pays(service, lab)
    sale = await _until(lambda: service.get(f"/sales/{sale['id']}"), lambda now: now["state"] != "open", PAID_S)
    paid_s = now_s()
    after = await _until(lambda: lab.get("state"), lambda now: _told(before, now), PAPER_S)
    await _print_timeline(service, lab, sale["id"], lines_before)
    await _print_world(lab, before, after)
    return Shown(sale["state"] == "paid", paid_s - start_s, paid_s)


async def _customer_pays(service: Api, lab: LabApi) -> None:
    seen = await _until(lambda: lab.get("state"), lambda now: now["glass"]["screen"] == "code", GLASS_S)
    if seen["glass"]["screen"] == "code":
        _, order = await lab.post("phone/scan", {})
    else:  # no glass: the cashier turns the screen, as people do
        counter = await service.get("/counters/1")
        _, order = await lab.post("phone/scan", {"code": counter["screen"]["payload"]})
    if "order_no" in order:
        await lab.post("phone/act", {"act": "pay", "order_no": order["order_no"], "mchid": order["mchid"]})


async def _until(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool], limit_s: float) -> Any:
    """Ask until it holds or the time is over; the last answer either way."""
    end_s = asyncio.get_running_loop().time() + limit_s
    while True:
        told = await ask()
        if holds(told) or asyncio.get_running_loop().time() >= end_s:
            return told
        await asyncio.sleep(POLL_S)


def _told(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Paper cut, voice begun."""
    return _next(now) > _next(before) and bool(now["paper"]["slips"] > before["paper"]["slips"])


def _next(state: dict[str, Any]) -> int:
    return int(state["spoken"][-1]["number"]) + 1 if state["spoken"] else 0


def _last(timeline: dict[str, Any]) -> int:
    return int(timeline["lines"][-1]["number"]) if timeline["lines"] else 0


async def _print_timeline(service: Api, lab: LabApi, sale: str, after: int) -> None:
    told = await service.get(f"/sales/{sale}/events")
    events = told["events"] if isinstance(told, dict) else told
    lines = (await lab.get(f"timeline?after={after}"))["lines"]
    rows = [(each["wall_ms"], 0, "journal", each["type"], _what(each["body"])) for each in events]
    rows += [
        (each["at_ms"], 1, each["place"], {"out": "→", "in": "←"}.get(each["way"], ""), each["text"])
        for each in lines
        if telling(each["text"])
    ]
    rows.sort(key=lambda row: row[:2])
    table = Table("ms", "where", "", "what", box=None, pad_edge=False)
    for at_ms, _, place, sign, text in rows[:LINES_SHOWN]:
        style = "bold" if place == "journal" else "dim"
        table.add_row(f"+{at_ms - rows[0][0]}", f"[{style}]{place}[/]", sign, text[:90].replace("[", r"\["))
    console.print(table)


def _what(body: dict[str, Any]) -> str:
    return " ".join(str(body[name]) for name in ("from", "to", "why", "outcome", "kind") if body.get(name))


async def _print_world(lab: LabApi, before: dict[str, Any], after: dict[str, Any]) -> None:
    for said in after["spoken"]:
        if said["number"] >= _next(before):
            console.print(f"said     “{said['text']}”", highlight=False, markup=False)
    if after["paper"]["slips"] > before["paper"]["slips"]:
        text = await lab.text(f"paper/{after['paper']['slips']}.txt")
        shown = "\n".join(f"         │{set_cell_size(line, 48)}│" for line in text.splitlines() if line.strip())
        console.print(f"printed\n{shown}", highlight=False, markup=False)


__all__ = ["AMOUNT", "LabApi", "Problem", "Shown", "first_sale"]
