"""A shop to measure: the service as its users start it, the bank and the devices beside it, on this machine."""

import asyncio
import contextlib
import json
import os
import resource
import socket
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import aiohttp

from drivers.display.messages import Type
from terminal.system import SystemClock
from terminal.tls.local_authority import ensure
from tests.bench.acquirer import TOKEN
from tests.bench.far_end import DisplayEnd, Frame, PrinterEnd
from tests.bench.timing import Silent, now_s, within

ROOT: Final = Path(__file__).parents[2]
COUNTERTOP: Final = Path(sys.executable).with_name("countertop")
START_S: Final = 120.0
STOP_S: Final = 20.0
POLL_S: Final = 0.005
ANSWER_S: Final = 20.0
NOTICE_S: Final = 10.0  # a notification is on its way before "paid" is shown, unless the service had to ask
PEPPER: Final = "00" * 32


class NotStarted(Exception):
    """A process of the run did not come up; the text is what it said last."""


def reason(error: Exception) -> Exception | None:
    """Why there is nothing to measure, out of a group of customers too. None: a mistake of ours."""
    if isinstance(error, ExceptionGroup):
        return next(filter(None, map(reason, error.exceptions)), None)
    return error if isinstance(error, NotStarted | Silent) else None


@dataclass(slots=True)
class Acquirer:
    process: asyncio.subprocess.Process
    url: str
    credentials: Path

    async def ask(self, **what: Any) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(what).encode() + b"\n")
        async with within(ANSWER_S, "the bank's log"):
            told: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return told

    async def times(self, orders: Collection[str], *, limit_s: float = NOTICE_S) -> "Times":
        """Of these paid orders. Raises Silent: the service was not notified of one, so it had to ask."""
        times, end_s = Times(), now_s() + limit_s
        why: dict[str, str] = {}
        while True:
            log = await self.ask(log=True)
            times.answers |= {order: end - begin for order, (begin, end) in log["answers"].items()}
            times.posted |= log["posted"]
            why |= log["unheard"]
            late = [each for each in orders if each not in times.posted]
            if not late:
                return times
            if now_s() > end_s:
                told = why.get(late[0], "nobody sent it")
                raise Silent(f"the bank's notification of {len(late)} of {len(orders)} orders never came: {told}")
            await asyncio.sleep(POLL_S)


@dataclass(slots=True)
class Times:
    """What the bank's stop-watch says, by order."""

    answers: dict[str, float] = field(default_factory=dict)  # how long it took to answer
    posted: dict[str, float] = field(default_factory=dict)  # when its notification left, now_s


@asynccontextmanager
async def acquirer(folder: Path, state: Path) -> AsyncIterator[Acquirer]:
    authority, _ = ensure(state / "tls", SystemClock())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.acquirer", str(folder), str(authority),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT, limit=1 << 24,
    )  # fmt: skip
    assert process.stdout
    try:
        async with within(START_S, "the sandbox to start"):
            told = json.loads(await process.stdout.readline() or "{}")
        if not told:
            raise NotStarted("the sandbox did not start")
        yield Acquirer(process, told["url"], Path(told["credentials"]))
    finally:
        await stop(process)


@dataclass(slots=True)
class Shop:
    """Files and devices of one shop; ``serve`` runs the service, as often as wanted, over the same state."""

    folder: Path
    state: Path
    bank: Acquirer
    displays: dict[str, DisplayEnd] = field(default_factory=dict)
    printers: dict[str, PrinterEnd] = field(default_factory=dict)
    port: int = 0
    counters: int = 0

    def move(self, state: Path) -> None:
        """Serve another state from the next start on."""
        self.state = state
        self.write(self.counters)

    @property
    def config(self) -> Path:
        return self.folder / "countertop.toml"

    def write(self, counters: int) -> None:
        """Settings with so many counters, each with the devices that are there."""
        told = json.loads((self.bank.credentials / "credentials.json").read_text())
        self.port, notify_port, self.counters = free_port(), free_port(), counters
        lines = [
            'mode = "test"',
            '[shop]\nmerchant = "bench"\nstore = "shop"\ntitle = "Countertop 测试店"\nlines = ["1 Test Street"]',
            f'[state]\nfolder = "{self.state}"',
            f"[listen]\nport = {self.port}\nnotify_port = {notify_port}",
            f'[channels.wechatpay]\nsandbox = true\nmchid = "{told["mchid"]}"\nappid = "{told["appid"]}"',
            f'merchant_serial = "{told["merchant_serial"]}"\ngateway = "{self.bank.url}"',
            f'merchant_key_file = "{self.bank.credentials / told["merchant_private_key_file"]}"',
            f'platform_key_id = "{told["platform_public_key_id"]}"',
            f'platform_key_file = "{self.bank.credentials / told["platform_public_key_file"]}"',
        ]
        for number in range(1, counters + 1):
            name = str(number)
            lines.append(f'[[counters]]\nid = "{name}"')
            if name in self.displays:
                lines.append(f'[counters.display]\nport = "link:{self.displays[name].cable.link}"')
            if name in self.printers:
                lines.append(f'[counters.printer]\nport = "link:{self.printers[name].cable.link}"')
        self.config.write_text("\n".join(lines) + "\n")
        secrets = self.folder / "secrets.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(f'[wechatpay]\napiv3_key = "{told["apiv3_key"]}"\n[people]\npepper = "{PEPPER}"\n')

    async def plug(self, count: int, *, printers: int | None = None) -> None:
        """A display at each of so many counters, printers at the first ``printers`` of them (None: at all)."""
        for number in range(1, count + 1):
            name = str(number)
            self.displays[name] = DisplayEnd(self.folder / f"display-{name}", f"SIM{name}")
            await self.displays[name].cable.plug()
            if printers is None or number <= printers:
                self.printers[name] = PrinterEnd(self.folder / f"printer-{name}")
                await self.printers[name].cable.plug()

    async def unplug(self) -> None:
        for cable in [each.cable for each in self.displays.values()] + [
            each.cable for each in self.printers.values()
        ]:
            await cable.unplug()

    @asynccontextmanager
    async def serve(self, *command: str) -> AsyncIterator["Till"]:
        """Start the service and wait until its API answers. ``command``: starts it in place of its own."""
        ready, log = self.state / "ready.json", self.folder / "serve.log"
        ready.unlink(missing_ok=True)
        with log.open("wb") as out:
            began_s = now_s()
            process = await asyncio.create_subprocess_exec(
                *(command or (str(COUNTERTOP),)), "serve", "--config", str(self.config),
                stdout=out, stderr=out, cwd=ROOT,
            )  # fmt: skip
        try:
            async with within(START_S, "the service to start"):
                while not ready.exists():
                    if process.returncode is not None:
                        raise NotStarted(log.read_text()[-2000:])
                    await asyncio.sleep(POLL_S)
            key = (self.state / "api-key").read_text().strip()
            async with Till.open(f"http://127.0.0.1:{self.port}", key, self.bank.url) as till:
                till.pid, till.began_s, till.ready_s = process.pid, began_s, now_s()
                yield till
        finally:
            await stop(process)


class Till:
    """The POS's side of the API, and the customer's side of the bank."""

    def __init__(self, shop: aiohttp.ClientSession, bank: aiohttp.ClientSession) -> None:
        self._shop, self._bank = shop, bank
        self._count = 0
        self._run = os.urandom(4).hex()
        self.pid = 0
        self.began_s = self.ready_s = 0.0
        self.answered_ms: list[float] = []  # POST of a sale to its 201, sale by sale

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, key: str, bank_url: str) -> AsyncIterator[Self]:
        async with AsyncExitStack() as stack:
            shop = aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {key}"})
            bank = aiohttp.ClientSession(bank_url, headers={"Authorization": f"Bearer {TOKEN}"})
            yield cls(await stack.enter_async_context(shop), await stack.enter_async_context(bank))

    async def open_sale(self, counter: str, minor: int = 2850) -> dict[str, Any]:
        """Raises AssertionError with the problem document when the shop says no."""
        self._count += 1
        body = {"counter": counter, "amount_minor": minor, "currency": "CNY"}
        headers = {"Idempotency-Key": f"bench-{self._run}-{self._count:08}"}
        asked_s = now_s()
        answered = within(ANSWER_S, "the service's answer to a sale")
        async with answered, self._shop.post("/api/v1/sales", json=body, headers=headers) as answer:
            told: dict[str, Any] = await answer.json(content_type=None)
            self.answered_ms.append((now_s() - asked_s) * 1e3)
            assert answer.status == 201, told
            return told

    async def sale(self, sale: str) -> dict[str, Any]:
        async with self._shop.get(f"/api/v1/sales/{sale}") as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def pay(self, order: str) -> None:
        answered = within(ANSWER_S, "the bank's answer to a payment")
        async with answered, self._bank.post("/admin/pay", json={"order_no": order}) as answer:
            assert answer.status == 200, await answer.text()


def order_of(sale: dict[str, Any]) -> str:
    """The number the bank knows a fresh sale by."""
    return str(sale["attempts"][-1]["id"])


@dataclass(slots=True)
class Lit:
    """One whole sale as its people saw it, all on one clock."""

    order: str
    asked_s: float
    code: Frame
    paid: Frame
    paper_s: float  # first byte at the printer, 0.0 without one


async def one_sale(shop: Shop, till: Till, counter: str = "1", *, calm: bool = True, pause_s: float = 0.0) -> Lit:
    """A whole sale.

    Args:
        calm: the last customer has gone, with the slip, and wires are quiet, as between people; else one
            follows the other.
        pause_s: the customer takes so long to pay.
    """
    display, printer = shop.displays[counter], shop.printers.get(counter)
    if calm:
        await display.idle()
    codes, results = display.count[Type.SHOW_QR], display.count[Type.SHOW_RESULT]
    slips = len(printer.began_s) if printer else 0
    asked_s = now_s()
    order = order_of(await till.open_sale(counter))
    code = await display.after(Type.SHOW_QR, codes)
    if calm:
        await display.quiet()
        await asyncio.sleep(pause_s)
    await till.pay(order)
    paid = await display.after(Type.SHOW_RESULT, results)
    paper_s = await printer.slip_after(slips) if printer else 0.0
    if calm and printer:
        await printer.quiet()
    return Lit(order, asked_s, code, paid, paper_s)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def many_files() -> None:
    """A thousand ports need more descriptors than shells usually allow; children inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if most == resource.RLIM_INFINITY else min(20_000, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


async def stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
