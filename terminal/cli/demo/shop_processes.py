"""The three processes of a simulated shop, bank, counter and service: started in their order, ended together."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from terminal.cli.demo.supervisor import CannotRun, Child, Supervisor, countertop, python
from terminal.cli.words import language
from terminal.lab.demo_settings import Places, Ports, write_settings

T = TypeVar("T")
START_S: Final = 30.0
LOOK_S: Final = 0.03


class ShopProcesses:
    """Args:
    seed: of the simulated customer's codes; empty: drawn afresh.
    lan: an address of this machine where a trainer's phone may come in; empty: none.
    show: a playlist, name or file, that begins at once, and how long a sentence stands, as words for the lab.
    """

    def __init__(
        self,
        places: Places,
        ports: Ports,
        currency: str,
        supervisor: Supervisor,
        *,
        seed: str = "",
        lan: str = "",
        show: tuple[str, ...] = (),
    ) -> None:
        self._places, self._ports, self._currency, self._supervisor = places, ports, currency, supervisor
        self._seed = ("--seed", seed) if seed else ()
        self._lan, self._show = lan, show

    async def start(self) -> dict[str, Any]:
        """What the service says of itself once all three answer. Raises CannotRun."""
        places, ports = self._places, self._ports
        authority = _authority(places)
        url = f"http://127.0.0.1:{ports.sandbox}"
        sandbox = await self._supervisor.start(
            "sandbox",
            python("terminal.sandbox", "--state", str(places.sandbox), "--port", str(ports.sandbox),
                   "--notify-ca", str(authority), "--embed", f"http://127.0.0.1:{ports.lab}", *self._seed,
                   *(word for each in places.accounts for word in ("--account", each))),
            places.log("sandbox"),
        )  # fmt: skip
        lab = await self._supervisor.start(
            "lab",
            python("terminal.lab", "--state", str(places.lab), "--port", str(ports.lab), "--sandbox", url,
                   "--sandbox-state", str(places.sandbox), "--service-state", str(places.state),
                   *self._trainer(), *self._show),
            places.log("lab"),
        )  # fmt: skip
        await self._answers(sandbox, f"{url}/wallet/static/wallet.css")
        _write_settings(places, ports, self._currency)
        (places.state / "ready.json").unlink(missing_ok=True)
        service = await self._supervisor.start(
            "service", countertop("serve", "--config", str(places.config)), places.log("service")
        )
        await self._answers(lab, f"http://127.0.0.1:{ports.lab}/lab/health")
        return await self._service_ready(service)

    async def keep(self) -> None:
        """Start again whatever ends, for ever. Raises CannotRun (in a group)."""
        async with asyncio.TaskGroup() as group:
            for child in self._supervisor.children:
                group.create_task(self._supervisor.keep(child), name=f"keep {child.name}")

    def _trainer(self) -> tuple[str, ...]:
        """The lab's options for a trainer's phone; its certificate names the address."""
        if not self._lan:
            return ()
        from terminal.system import SystemClock
        from terminal.tls.local_authority import ensure

        _, tls = ensure(self._places.lab / "tls", SystemClock(), (self._lan,))
        return ("--lan", self._lan, "--lan-port", str(self._ports.lab + 1), "--lan-tls", str(tls))

    def lab_key(self) -> str:
        return (self._places.lab / "lab-key").read_text().strip()

    def api_key(self) -> str:
        return (self._places.state / "api-key").read_text().strip()

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


async def until_stopped(
    work: Coroutine[Any, Any, T], supervisor: Supervisor, stop: asyncio.Event, stopping: Callable[[], None]
) -> T | BaseException:
    """Do ``work`` until it ends, SIGINT, SIGTERM or ``stop``; then end every process.

    Returns its result, or how it failed.

    Args:
        stopping: called when it is stopped from outside.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    doing = asyncio.create_task(work, name="work")
    waiting = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            stopping()
    finally:
        for task in (doing, waiting):
            task.cancel()
        done = await asyncio.gather(doing, waiting, return_exceptions=True)
        await supervisor.stop()
    result: T | BaseException = done[0]
    while isinstance(result, BaseExceptionGroup):
        result = result.exceptions[0]
    return result


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
        from terminal.system import SystemClock
        from terminal.tls.local_authority import ensure

        places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        made, _ = ensure(made.parent, SystemClock())
    return made


def _write_settings(places: Places, ports: Ports, currency: str) -> None:
    from terminal.help.languages import nearest
    from terminal.system import SystemEntropy

    write_settings(places, ports, nearest(language()), SystemEntropy(), currency)
