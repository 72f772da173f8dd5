"""``countertop demo playlist``: customers' stories on the simulated counter, for people who watch."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, Final

from terminal.busy_ports import listeners
from terminal.cli.demo.shop_processes import ShopProcesses, until_stopped
from terminal.cli.demo.supervisor import CannotRun, Supervisor
from terminal.cli.words import REFUSED, UNAVAILABLE, USAGE, console, errors, give_up, language, put
from terminal.lab.demo_settings import Places, Ports
from terminal.lab.playlist import Playlist, PlaylistUnknown, named, shipped
from terminal.lab.scenarios import BadScenario

LOOK_S: Final = 0.5
ROUND_MAX_S: Final = 7200.0


def chosen(name: str) -> Playlist:
    """The playlist, or its troubles in sentences and the end of the command."""
    try:
        return named(name)
    except (PlaylistUnknown, BadScenario) as wrong:
        give_up(str(wrong), USAGE)
    except OSError as error:
        give_up(f"{name}: {error.strerror}.", USAGE)


def tell_lists(file: str, *, as_json: bool) -> None:
    """Those that are shipped, or the one in a file, each with its stories."""
    spoken = language()
    lists = [chosen(file)] if file else [named(name) for name in shipped()]
    if as_json:
        put([
            {
                "name": each.name,
                "title": each.title.within(spoken),
                "stories": [{"name": story.name, "title": story.title.within(spoken)} for story in each.stories],
            }
            for each in lists
        ])  # fmt: skip
        return
    for each in lists:
        _say(f"{each.name}: {each.title.within(spoken)}")
        for story in each.stories:
            _say(f"  {story.name:24} {story.title.within(spoken)}")


def _say(text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


class Roadshow:
    """Args:
    name: as it was typed; a file is read again by the lab, from this folder.
    once: ends after one round.
    """

    def __init__(
        self, places: Places, ports: Ports, told: Playlist, name: str, *, pace_s: float, once: bool
    ) -> None:
        self._places, self._ports, self._told, self._once = places, ports, told, once
        self._supervisor = Supervisor(_say)
        which = str(Path(name).resolve()) if name.endswith(".toml") else name
        show = ("--show", which, "--pace", str(pace_s), *(["--once"] if once else []))
        self._shop = ShopProcesses(places, ports, "CNY", self._supervisor, show=show)

    async def run(self) -> int:
        """The exit code. Whatever happens, no process is left behind."""
        if busy := listeners(self._ports.named()):
            for port, who in sorted(busy.items()):
                errors.print(f"Port {port} is taken by {who}.", highlight=False, markup=False, soft_wrap=True)
            told = f"Stop that program, or choose another block: --ports {self._ports.service + 100}"
            errors.print(told, highlight=False, markup=False, soft_wrap=True)
            return UNAVAILABLE
        self._places.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        stopping = partial(_say, "\nStopping …")
        result = await until_stopped(self._work(), self._supervisor, asyncio.Event(), stopping)
        if isinstance(result, CannotRun):
            errors.print(str(result), highlight=False, markup=False)
            return UNAVAILABLE
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
        _say("Everything is stopped.")
        return result if isinstance(result, int) else 0

    async def _work(self) -> int:
        title = self._told.title.within(language())
        _say(f"{title}: {len(self._told.stories)} stories. Everything is simulated: TEST, no money moves.")
        await self._shop.start()
        url = f"http://127.0.0.1:{self._ports.lab}"
        _say("Open in a browser on this machine and press F11 for the whole screen:")
        _say(f"  {url}/lab/show?key={self._shop.lab_key()}")
        _say("Keys: space pauses and goes on, → next, R repeat, S next story. Ctrl-C ends everything.")
        if not self._once:
            await self._shop.keep()
            return 0
        return await self._one_round(url)

    async def _one_round(self, url: str) -> int:
        """Until the last story has been shown; 1 if something in one did not come."""
        import aiohttp

        headers = {"Authorization": f"Bearer {self._shop.lab_key()}"}
        title = ""
        async with aiohttp.ClientSession(url, headers=headers) as session, asyncio.timeout(ROUND_MAX_S):
            while True:
                async with session.get("/lab/show/state") as answer:
                    now: dict[str, Any] = await answer.json()
                if now["rounds"]:
                    break
                if title != (title := now["title"].get(language(), now["title"]["en"])):
                    _say(f"  {now['number']}/{now['of']} {title}")
                await asyncio.sleep(LOOK_S)
        for story, why in now["failed"].items():
            errors.print(f"{story}: {why}", highlight=False, markup=False, soft_wrap=True)
        return REFUSED if now["failed"] else 0
