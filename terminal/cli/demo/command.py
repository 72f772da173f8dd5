"""``countertop demo``: a whole simulated counter in one command: bank, devices, service, and one sale."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from terminal.busy_ports import listeners
from terminal.cli.demo.shop_processes import ShopProcesses, until_stopped
from terminal.cli.demo.supervisor import CannotRun, Supervisor
from terminal.cli.words import UNAVAILABLE, USAGE, console, errors, give_up, sentences, tell
from terminal.lab.demo_settings import CURRENCIES, Places, Ports

FOLDER: Final = Path(".demo")
FIRST_PORT: Final = 7600

demo = typer.Typer(help="A whole simulated counter in one command: see it run, or show it to others.")
State = Annotated[Path, typer.Option(help="Where everything is kept between runs.")]
FirstPort = Annotated[
    int, typer.Option(min=1024, max=65_000, help="First of the ports: service, +1 notices, +10 bank, +20 lab.")
]
MakeSale = Annotated[bool, typer.Option(help="Make one sale by itself.")]
Currency = Annotated[
    str, typer.Option(help="The till's: CNY for the wallets; EUR or INR for codes that any bank pays.")
]
Once = Annotated[bool, typer.Option("--once", help="End after the sale.")]


@demo.callback(invoke_without_command=True)
def begin(
    context: typer.Context,
    state: State = FOLDER,
    ports: FirstPort = FIRST_PORT,
    sale: MakeSale = True,
    currency: Currency = "CNY",
    once: Once = False,
) -> None:
    """Start a simulated bank, counter and service, make a sale, and keep running until Ctrl-C."""
    if context.invoked_subcommand is None:
        start(state, ports, sale, currency, once)
    elif (state, ports, sale, currency, once) != (FOLDER, FIRST_PORT, True, "CNY", False):
        give_up(f"Write the options behind the name: countertop demo {context.invoked_subcommand} …", USAGE)


@demo.command("start")
def start(
    state: State = FOLDER,
    ports: FirstPort = FIRST_PORT,
    sale: MakeSale = True,
    currency: Currency = "CNY",
    once: Once = False,
) -> None:
    """The same by its name: a simulated bank, counter and service, and one sale."""
    if currency not in CURRENCIES:
        give_up(f"{currency!r} is no currency of the demo; it has {', '.join(CURRENCIES)}.", USAGE)
    places = Places(state.resolve())
    with sentences():
        raise typer.Exit(asyncio.run(Demo(places, Ports(ports), currency).run(sale=sale, once=once)))


@demo.command("playlist")
def playlist(
    name: Annotated[str, typer.Argument(help="A playlist of --list, or a file.", metavar="[NAME|FILE]")] = "fair",
    list_: Annotated[
        bool, typer.Option("--list", help="Tell what there is, and whether a FILE is sound.")
    ] = False,
    state: State = FOLDER,
    ports: FirstPort = FIRST_PORT,
    pace: Annotated[float, typer.Option(min=0.0, max=120.0, help="Seconds that a sentence stands.")] = 8.0,
    once: Annotated[
        bool, typer.Option("--once", help="End after the last story, with 1 if one went wrong.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: for machines.")] = False,
) -> None:
    """Show customers' stories on the simulated counter, again and again: for a fair, a talk, a queue."""
    from terminal.cli.demo.playlist import Roadshow, chosen, tell_lists

    if list_:
        tell_lists(name if name.endswith(".toml") else "", as_json=as_json)
        return
    told = chosen(name)
    places = Places(state.resolve())
    with sentences():
        raise typer.Exit(asyncio.run(Roadshow(places, Ports(ports), told, name, pace_s=pace, once=once).run()))


class Demo:
    def __init__(self, places: Places, ports: Ports, currency: str = "CNY") -> None:
        self._places, self._ports, self._currency = places, ports, currency
        self._supervisor = Supervisor(self._say)
        self._shop = ShopProcesses(places, ports, currency, self._supervisor)
        self._ready: dict[str, Any] = {}

    def _say(self, text: str) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    async def run(self, *, sale: bool, once: bool) -> int:
        """The exit code. Whatever happens, no process is left behind."""
        if busy := listeners(self._ports.named()):
            self._refuse(busy)
            return UNAVAILABLE
        self._places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        work = self._work(sale=sale, once=once)
        stopping = partial(self._say, "\nStopping …")
        return self._end(await until_stopped(work, self._supervisor, asyncio.Event(), stopping))

    def _end(self, result: BaseException | int) -> int:
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
        self._ready = await self._shop.start()
        self._say(f"Bank, counter and service answer after {loop.time() - start_s:.1f} s.\n")
        good = await self._sell(start_s) if sale else True
        self._addresses()
        if once:
            return 0 if good else 1
        await self._shop.keep()
        return 0

    # --- showing ----------------------------------------------------------------------------------------

    async def _sell(self, start_s: float) -> bool:
        from terminal.cli.client import api
        from terminal.cli.demo.first_sale import AMOUNT, Problem, first_sale

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

        from terminal.cli.demo.first_sale import LabApi

        headers = {"Authorization": f"Bearer {self._shop.lab_key()}"}
        url = f"http://127.0.0.1:{self._ports.lab}"
        timeout = aiohttp.ClientTimeout(total=10.0)
        async with aiohttp.ClientSession(url, headers=headers, timeout=timeout) as session:
            yield LabApi(session)

    def _addresses(self) -> None:
        links, url = self._ready.get("links", {}), self._ready["url"]
        self._say("Open in a browser on this machine (the links of till and display work once):")
        for name, address in (
            ("lab", f"http://127.0.0.1:{self._ports.lab}/lab?key={self._shop.lab_key()}"),
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
