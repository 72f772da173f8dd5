"""``countertop demo``: a whole simulated counter in one command: bank, devices, service, and one sale."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer

from terminal.cli.busy_ports import listeners
from terminal.cli.demo_settings import CURRENCIES, Places, Ports, write_settings
from terminal.cli.supervisor import CannotRun, Child, Supervisor, countertop, python
from terminal.cli.words import UNAVAILABLE, USAGE, console, errors, give_up, language, sentences, tell

T = TypeVar("T")
START_S: Final = 30.0
LOOK_S: Final = 0.03


def demo(
    state: Annotated[Path, typer.Option(help="Where everything is kept between runs.")] = Path(".demo"),
    ports: Annotated[
        int, typer.Option(min=1024, max=65_000, help="First of the ports: service, +1 notices, +10 bank, +20 lab.")
    ] = 7600,
    sale: Annotated[bool, typer.Option(help="Make one sale by itself.")] = True,
    currency: Annotated[
        str, typer.Option(help="The till's: CNY for the wallets; EUR or INR for codes that any bank pays.")
    ] = "CNY",
    once: Annotated[bool, typer.Option("--once", help="End after the sale.")] = False,
) -> None:
    """Start a simulated bank, counter and service, make a sale, and keep running until Ctrl-C."""
    if currency not in CURRENCIES:
        give_up(f"{currency!r} is no currency of the demo; it has {', '.join(CURRENCIES)}.", USAGE)
    places = Places(state.resolve())
    with sentences():
        raise typer.Exit(asyncio.run(Demo(places, Ports(ports), currency).run(sale=sale, once=once)))


class Demo:
    def __init__(self, places: Places, ports: Ports, currency: str = "CNY") -> None:
        self._places, self._ports, self._currency = places, ports, currency
        self._supervisor = Supervisor(self._say)
        self._ready: dict[str, Any] = {}

    def _say(self, text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    async def run(self, *, sale: bool, once: bool) -> int:
        """The exit code. Whatever happens, no process is left behind."""
        if busy := listeners(self._ports.named()):
            self._refuse(busy)
            return UNAVAILABLE
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        work = asyncio.create_task(self._work(sale=sale, once=once), name="demo")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self._say("\nStopping …")
        finally:
            for task in (work, stopping):
                task.cancel()
            done = await asyncio.gather(work, stopping, return_exceptions=True)
            await self._supervisor.stop()
        return self._end(done[0])

    def _end(self, result: BaseException | int) -> int:
        while isinstance(result, BaseExceptionGroup):
            result = result.exceptions[0]
        if isinstance(result, CannotRun):
            errors.print(str(result), highlight=False, markup=False)
            return UNAVAILABLE
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
        self._say(f"Everything is stopped; the journal in {self._places.root} is kept for the next time.")
        return result if isinstance(result, int) else 0

    def _refuse(self, busy: dict[int, str]) -> None:
        for port, who in sorted(busy.items()):
            name = self._ports.named()[port]
            errors.print(f"Port {port} ({name}) is taken by {who}.", highlight=False, markup=False, soft_wrap=True)
        errors.print(
            f"Stop that program, or choose another block: countertop demo --ports {self._ports.service + 100}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    # --- starting ---------------------------------------------------------------------------------------

    async def _work(self, *, sale: bool, once: bool) -> int:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        self._say("Countertop demo. Everything is simulated: TEST, no money moves.")
        await self._start_all()
        self._say(f"Bank, counter and service answer after {loop.time() - start_s:.1f} s.\n")
        good = await self._sell(start_s) if sale else True
        self._addresses()
        if once:
            return 0 if good else 1
        async with asyncio.TaskGroup() as group:
            for child in self._supervisor.children:
                group.create_task(self._supervisor.keep(child), name=f"keep {child.name}")
        return 0

    async def _start_all(self) -> None:
        places, ports = self._places, self._ports
        authority = _authority(places)
        url = f"http://127.0.0.1:{ports.sandbox}"
        sandbox = await self._supervisor.start(
            "sandbox",
            python("terminal.sandbox", "--state", str(places.sandbox), "--port", str(ports.sandbox),
                   "--notify-ca", str(authority), "--embed", f"http://127.0.0.1:{ports.lab}",
                   *(word for each in places.accounts for word in ("--account", each))),
            places.log("sandbox"),
        )  # fmt: skip
        lab = await self._supervisor.start(
            "lab",
            python("terminal.lab", "--state", str(places.lab), "--port", str(ports.lab), "--sandbox", url,
                   "--sandbox-state", str(places.sandbox), "--service-state", str(places.state)),
            places.log("lab"),
        )  # fmt: skip
        await self._answers(sandbox, f"{url}/wallet/static/wallet.css")
        _write_settings(places, ports, self._currency)
        (places.state / "ready.json").unlink(missing_ok=True)
        service = await self._supervisor.start(
            "service", countertop("serve", "--config", str(places.config)), places.log("service")
        )
        await self._answers(lab, f"http://127.0.0.1:{ports.lab}/lab/health")
        self._ready = await self._service_ready(service)

    async def _answers(self, child: Child, url: str) -> None:
        import aiohttp

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2.0)) as session:

            async def ask() -> bool | None:
                try:
                    async with session.get(url) as answer:
                        return answer.status == 200 or None
                except (aiohttp.ClientError, TimeoutError):
                    return None

            await _wait_for(child, ask)

    async def _service_ready(self, child: Child) -> dict[str, Any]:
        from terminal.lab.service_process import ServiceProcess

        service = ServiceProcess(self._places.state)

        async def look() -> dict[str, Any] | None:
            told = service.told()
            return told if told.get("pid") == child.pid else None

        return await _wait_for(child, look)

    # --- showing ----------------------------------------------------------------------------------------

    async def _sell(self, start_s: float) -> bool:
        from terminal.cli.client import api
        from terminal.cli.first_sale import AMOUNT, Problem, first_sale

        async with api(self._ready["url"], self._places.state / "api-key") as service, self._lab() as lab:
            try:
                shown = await first_sale(service, lab)
            except Problem as refused:
                tell(refused)
                return False
        if shown.paid:
            console.print(
                f"\n[bold green]Paid[/]: ¥{AMOUNT.plain()} in {shown.seconds:.2f} s, "
                f"{shown.at_s - start_s:.1f} s after the start.\n",
                highlight=False,
            )
        else:
            self._say(f"\nThe sale is not paid yet; see {self._places.log('service')}\n")
        return shown.paid

    @asynccontextmanager
    async def _lab(self) -> AsyncIterator[Any]:
        import aiohttp

        from terminal.cli.first_sale import LabApi

        headers = {"Authorization": f"Bearer {self._lab_key()}"}
        url = f"http://127.0.0.1:{self._ports.lab}"
        timeout = aiohttp.ClientTimeout(total=10.0)
        async with aiohttp.ClientSession(url, headers=headers, timeout=timeout) as session:
            yield LabApi(session)

    def _lab_key(self) -> str:
        return (self._places.lab / "lab-key").read_text().strip()

    def _addresses(self) -> None:
        links, url = self._ready.get("links", {}), self._ready["url"]
        self._say("Open in a browser on this machine (the links of till and display work once):")
        for name, address in (
            ("lab", f"http://127.0.0.1:{self._ports.lab}/lab?key={self._lab_key()}"),
            ("till", links.get("till", f"{url}/checkout")),
            ("display", links.get("display", f"{url}/display")),
            ("wallet", f"http://127.0.0.1:{self._ports.sandbox}/wallet"),
        ):
            self._say(f"  {name:8} {address}")
        if pins := self._ready.get("pins"):
            told = ", ".join(f"{who} {pin}" for who, pin in pins.items())
            self._say(f"PINs for refunds and settings (made for this demo only): {told}")
        if self._currency == "CNY":
            self._say("Codes that any bank pays (EPC, UPI): countertop demo --currency EUR, or INR")
        self._say(f"API key for scripts: {self._places.state / 'api-key'} · logs: {self._places.root / 'logs'}")
        self._say("Ctrl-C ends everything; the next start goes on with the same journal.")


async def _wait_for(child: Child, ask: Callable[[], Awaitable[T | None]]) -> T:
    """Its first answer that is not None. Raises CannotRun when the process ended or START_S are over."""
    end_s = asyncio.get_running_loop().time() + START_S
    while child.running and asyncio.get_running_loop().time() < end_s:
        answer = await ask()
        if answer is not None:
            return answer
        await asyncio.sleep(LOOK_S)
    raise CannotRun(child.last_words())


def _authority(places: Places) -> Path:
    """Who signs the certificate of the service's notification address; the sandbox must trust it."""
    made = places.state / "tls" / "authority.pem"
    if not (made.exists() and made.with_name("server.pem").exists()):
        from terminal.local_authority import ensure
        from terminal.system import SystemClock

        places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        made, _ = ensure(made.parent, SystemClock())
    return made


def _write_settings(places: Places, ports: Ports, currency: str) -> None:
    from terminal.help.languages import nearest
    from terminal.system import SystemEntropy

    write_settings(places, ports, nearest(language()), SystemEntropy(), currency)
