"""The lab as a server on loopback: devices on pseudo-terminals, its pages, its eye on the bank."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from terminal.counter.ports import Clock, Entropy
from terminal.lab.answers import BODY_MAX
from terminal.lab.bank_link import BankLink
from terminal.lab.control import Control
from terminal.lab.control_refusals import in_words
from terminal.lab.door import Door, lab_key
from terminal.lab.laboratory import Laboratory
from terminal.lab.live import Live
from terminal.lab.pages import Pages
from terminal.lab.pages_show import ShowPages
from terminal.lab.playlist import FAIR, Playlist, named
from terminal.lab.service_process import ServiceProcess
from terminal.lab.show import PACE_S, Show
from terminal.lab.stand import Stand
from terminal.lab.till_acts import TillActs
from terminal.lab.till_link import TillLink
from terminal.lab.timeline import Timeline
from terminal.lab.trainer import Trainer, serve_far
from terminal.lab.trainer_codes import TrainerCodes
from terminal.ulid import Ulids


@dataclass(frozen=True, slots=True)
class RunningLab:
    """``url`` is "http://127.0.0.1:7620"; ``key`` opens its pages and calls."""

    lab: Laboratory
    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Lan:
    """``tls``: key and certificate for ``address``, as PEM in one file."""

    address: str
    port: int
    tls: Path

    @property
    def url(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"https://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Staging:
    """``begins``: at once, and not when somebody starts it; ``pace_s``: how long a sentence stands; ``once``: one
    round."""

    playlist: Playlist
    pace_s: float = PACE_S
    begins: bool = False
    once: bool = False

    def show(self, lab: Laboratory, till: TillActs) -> Show:
        made = Show(lab, till, self.playlist, pace_s=self.pace_s, once=self.once)
        if self.begins:
            made.press("start")
        return made


@asynccontextmanager
async def running_lab(
    state: Path,
    *,
    clock: Clock,
    entropy: Entropy,
    port: int,
    sandbox_url: str,
    sandbox_state: Path,
    service_state: Path,
    lan: Lan | None = None,
    staging: Staging | None = None,
) -> AsyncIterator[RunningLab]:
    """Plug the devices in and answer; everything is unplugged and closed on the way out.

    Args:
        state: devices appear as links in ``state/dev``; the key to the pages is ``state/lab-key``.
        port: 0 takes a free one.
        lan: where a trainer's phone may reach its remote control; None: on this machine alone.
        staging: which stories the page for an audience has; None: those for a fair, when somebody starts them.

    Raises:
        OSError: the port is taken, or the folder cannot be written.
    """
    timeline = Timeline(clock)
    boot_id = int.from_bytes(entropy.bytes(3)) + 1  # another start is another boot, as with a real device
    stand = Stand.on_terminals(state / "dev", timeline, boot_id=boot_id)
    bank = BankLink(sandbox_url, sandbox_state / "admin-token")
    service = ServiceProcess(service_state)
    lab, till = Laboratory(stand, bank, service, timeline), TillLink(service, service_state)
    door = Door(lab_key(state, entropy))
    live = Live(lab)
    app = web.Application(client_max_size=BODY_MAX, middlewares=[in_words, door.guard])
    codes = TrainerCodes(entropy, asyncio.get_running_loop().time)
    trainer = Trainer(lab, till, codes, lan.url if lan else "")
    acts = TillActs(till.send, Ulids(clock, entropy), till.owner_pin)
    show = (staging or Staging(named(FAIR))).show(lab, acts)
    app.add_routes([web.get("/", _home), *Pages(lab, live, sandbox_url=sandbox_url).routes()])
    app.add_routes([*Control(lab, till).routes(), *trainer.routes(), *trainer.home_routes()])
    app.add_routes(ShowPages(show, lab).routes())
    async with AsyncExitStack() as stack:
        port = await _listen(app, port, stack)
        stack.push_async_callback(live.close)
        door.hosts |= {f"127.0.0.1:{port}", f"localhost:{port}"}
        await till.open()
        stack.push_async_callback(till.close)
        if lan is not None:
            far = await serve_far(trainer, lan.address, lan.port, lan.tls)
            stack.push_async_callback(far.cleanup)
        await _bring_up(lab, show, stack)
        yield RunningLab(lab, f"http://127.0.0.1:{port}", lab_key(state, entropy))


async def _listen(app: web.Application, port: int, stack: AsyncExitStack) -> int:
    """The port it took."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return int(runner.addresses[0][1])


async def _bring_up(lab: Laboratory, show: Show, stack: AsyncExitStack) -> None:
    """The line to the bank, the cables, and what goes on by itself; the stack takes all of it down again."""
    await lab.bank.open()
    stack.push_async_callback(lab.bank.close)
    await lab.stand.plug()
    stack.push_async_callback(lab.stand.unplug)
    stack.callback(lab.breakage.close)
    jobs = {"watch the bank": lab.watch, "test devices by itself": lab.hand.run, "show": show.run}
    for name, job in jobs.items():
        stack.push_async_callback(_end, asyncio.create_task(job(), name=name))


async def _home(_: web.Request) -> web.Response:
    raise web.HTTPFound("/lab")


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
