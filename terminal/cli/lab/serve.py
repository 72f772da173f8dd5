"""``countertop lab serve``: a simulated shop for a POS under test, without a browser, until it is told to end."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from terminal.busy_ports import listeners
from terminal.cli.demo.shop_processes import ShopProcesses, until_stopped
from terminal.cli.demo.supervisor import CannotRun, Supervisor
from terminal.cli.words import UNAVAILABLE, USAGE, console, errors, put
from terminal.lab.demo_settings import Places, Ports
from terminal.whole_file import write_whole

READY: Final = "lab-ready.json"
FIRST, LAST, BLOCK = 20_000, 32_000, 32  # below the ports that the kernel gives to clients (ip_local_port_range)


class Served(msgspec.Struct, frozen=True):
    """What the ready file says: everything a test needs, and nothing to click."""

    pid: int
    api: str
    key: str
    lab: str
    control: str
    token: str
    openapi: str
    sandbox: str
    counter: str
    state: str
    seed: str


class LabServe:
    """Args:
    state: where journal, keys and logs are; None: a folder that goes with the run.
    port: the first of the block; 0 takes a free one.
    pages: tell people where the lab's page is.
    """

    def __init__(
        self,
        state: Path | None,
        *,
        port: int,
        seed: str,
        as_json: bool,
        currency: str,
        pages: bool = False,
        lan: str = "",
    ) -> None:
        self._state, self._port, self._seed, self._as_json = state, port, seed, as_json
        self._currency, self._pages, self._lan = currency, pages, lan
        self._lan_port = 0
        self._supervisor = Supervisor(self._say)

    def _say(self, text: str) -> None:
        """People's words; with --json they go where errors go."""
        (errors if self._as_json else console).print(text, highlight=False, markup=False, soft_wrap=True)

    async def run(self, *, with_parent: bool, ready: Path | None) -> int:
        """The exit code: 0 ended as told, 2 wrong words, 5 it could not run."""
        with TemporaryDirectory(prefix="countertop-lab-") as folder:
            places = Places((self._state or Path(folder)).resolve())
            places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            ports = Ports(self._port or free_block())
            self._lan_port = ports.lab + 1
            if busy := listeners(ports.named()):
                for port, who in sorted(busy.items()):
                    self._say(f"Port {port} ({ports.named()[port]}) is taken by {who}; --port 0 takes free ones.")
                return UNAVAILABLE
            file = ready or places.root / READY
            file.unlink(missing_ok=True)
            try:
                return await self._run(places, ports, file, with_parent=with_parent)
            finally:
                file.unlink(missing_ok=True)  # who waits for it must not find an old one

    async def run_virtual(self, *, with_parent: bool, ready: Path | None) -> int:
        """The same with virtual time, in this one process."""
        from terminal.cli.lab.virtual import virtual_lab

        stop = asyncio.Event()
        if with_parent and not follow_parent(stop):
            return USAGE
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        logging.disable(logging.CRITICAL)  # what the service logs is the fault that was asked for
        try:
            async with virtual_lab(self._port, self._seed) as (url, key, token):
                api, control = f"{url}/api/v1", f"{url}/lab/api"
                made = Served(
                    os.getpid(), api, key, "", control, token, f"{control}/openapi.json", "", "1", "", self._seed
                )
                with self._announced(made, ready):
                    await stop.wait()
        except OSError as error:
            self._say(f"Port {self._port} cannot be used: {error.strerror}; --port 0 takes a free one.")
            return UNAVAILABLE
        self._say("The lab is stopped; nothing of it is left running.")
        return 0

    @contextmanager
    def _announced(self, served: Served, ready: Path | None) -> Iterator[None]:
        if ready is not None:
            ready.unlink(missing_ok=True)
            _write(ready, served)
        try:
            if self._as_json:
                put(served)
            else:
                self._tell(served, ready or Path("none, see --ready"))
            yield
        finally:
            if ready is not None:
                ready.unlink(missing_ok=True)

    async def _run(self, places: Places, ports: Ports, file: Path, *, with_parent: bool) -> int:
        shop = ShopProcesses(places, ports, self._currency, self._supervisor, seed=self._seed, lan=self._lan)
        stop = asyncio.Event()
        if with_parent and not follow_parent(stop):
            return USAGE
        result = await until_stopped(self._work(shop, places, ports, file), self._supervisor, stop, lambda: None)
        if isinstance(result, CannotRun):
            errors.print(str(result), highlight=False, markup=False, soft_wrap=True)
            return UNAVAILABLE
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
        self._say("The lab is stopped; nothing of it is left running.")
        return 0

    async def _work(self, shop: ShopProcesses, places: Places, ports: Ports, file: Path) -> None:
        told = await shop.start()
        lab = f"http://127.0.0.1:{ports.lab}"
        served = Served(
            pid=os.getpid(),
            api=f"{told['url']}/api/v1",
            key=shop.api_key(),
            lab=f"{lab}/lab?key={shop.lab_key()}",
            control=f"{lab}/lab/api",
            token=shop.lab_key(),
            openapi=f"{lab}/lab/api/openapi.json",
            sandbox=f"http://127.0.0.1:{ports.sandbox}",
            counter="1",
            state=str(places.root),
            seed=self._seed,
        )
        _write(file, served)
        if self._as_json:
            put(served)
        else:
            self._tell(served, file)
        await shop.keep()

    def _tell(self, served: Served, file: Path) -> None:
        self._say("The lab is ready. Everything is simulated: TEST, no money moves.")
        for name, value in (
            ("api", served.api),
            ("key", served.key),
            ("control", served.control),
            ("token", served.token),
            ("ready file", str(file)),
        ):
            self._say(f"  {name:10} {value}")
        if self._lan:
            self._say(f"  {'trainer':10} https://{self._lan}:{self._lan_port} (the code is on the lab's own page)")
        if self._pages:
            self._say(f"  {'page':10} {served.lab}")
        self._say("Ctrl-C or SIGTERM ends it.")


def follow_parent(stop: asyncio.Event) -> bool:
    """Set ``stop`` when whoever started us is gone. False: it is gone already."""
    try:
        descriptor = os.pidfd_open(os.getppid())  # pidfd_open(2): readable when that process ends
    except OSError:
        return False
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        stop.set()

    loop.add_reader(descriptor, gone)
    return True


def free_block() -> int:
    """First port of a block that nobody listens on; two labs that start together begin at different places."""
    blocks = (LAST - FIRST) // BLOCK
    for number in range(blocks):
        first = FIRST + (os.getpid() + number) % blocks * BLOCK
        if not listeners(Ports(first).named()):
            return first
    return FIRST


def _write(path: Path, served: Served) -> None:
    """For this user alone: it holds keys."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(served), indent=2) + b"\n", 0o600)
