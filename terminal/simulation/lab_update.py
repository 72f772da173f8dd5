"""The service's own update on the simulated counter, with a code on the glass: taken, refused, not to be put off.

The folder of versions, its order of steps and its refusals are those of ``countertop update``. Not played: venv
and pip, and the publisher's seal (tests/flows/test_update.py has them). The program stays the one that is tested.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from terminal.errors import BadSettings, JournalError
from terminal.journal.reader import Reader
from terminal.journal.schema import MIGRATIONS, connect
from terminal.simulation.lab_shop import LabShop
from terminal.versions.home import Home, Release
from terminal.versions.wheels import LOCK

OLD, NEW = "1.0", "1.1"
DOWN_S: Final = 2.0
_KNOWN: Final = len(MIGRATIONS)


@dataclass(slots=True)
class NewVersion:
    """Satisfies ``Tools``. ``schema``: of the journal that it knows; ``fails``: what its self-test ends with."""

    journal: Path
    version: str = OLD
    schema: int = _KNOWN
    fails: str = ""

    def install(self, environment: Path, wheels: Path) -> None:
        assert (environment / LOCK).exists(), wheels

    def self_test(self, environment: Path, config: Path) -> Release:
        """As the command's: the shop's journal is read back, and nothing of it is changed."""
        assert environment.is_dir(), config
        if self.fails:
            raise BadSettings("update_failed", why=self.fails)
        if not self.journal.exists():
            return Release(self.version, self.schema)
        with closing(Reader.at(self.journal)) as reader:
            return Release(self.version, self.schema, events=reader.last_number())


async def update(shop: LabShop) -> None:
    """The customer pays while the service is down, whatever becomes of the new version."""
    tools = NewVersion(shop.world.journal_path)
    home = Home(shop.folder / "opt", tools)
    _take(home, tools, OLD, shop.folder)
    await shop.hands.open()
    payload = await shop.hands.code()
    await _UPDATES[str(shop.fault.params["what"])](shop, home, tools, payload)


async def _available(shop: LabShop, home: Home, tools: NewVersion, payload: str) -> None:
    """It is tried beside the running one, which sells on; from the next start on it runs."""
    lives = shop.world.lives
    told = _take(home, tools, NEW, shop.folder)
    shop.oracle.must(told.events > 0, "F5", "the new version did not read the journal back")
    shop.oracle.must(shop.world.alive and shop.world.lives == lives, "F5", "an update ended a service that sells")
    shop.note("service", f"{NEW} passed its self-test: {told.events} events read back")
    await _restart(shop, payload)
    shop.oracle.must(home.running() == NEW, "F5", f"{home.running()} runs, not {NEW}")


async def _broken(shop: LabShop, home: Home, tools: NewVersion, payload: str) -> None:
    """It does not pass its self-test: nothing was switched, the version before runs also after the next start."""
    tools.fails = "it does not start"
    refused = _refused(lambda: _take(home, tools, NEW, shop.folder))
    shop.oracle.must(refused == "update_failed", "F5", f"a broken version was taken ({refused or 'no refusal'})")
    shop.note("service", f"{NEW} did not pass: {tools.fails}")
    await _restart(shop, payload)
    shop.oracle.must(home.running() == OLD, "F5", f"{home.running()} runs, not {OLD}")


async def _required(shop: LabShop, home: Home, tools: NewVersion, payload: str) -> None:
    """The journal is of a newer shape: the version before refuses to start, and only the newer one goes on."""
    tools.schema = _KNOWN + 1
    _take(home, tools, NEW, shop.folder)
    await shop.world.stop()
    shop.note("service", "stopped")
    _shape(shop.world.journal_path, _KNOWN + 1)  # as the newer version leaves it
    back = _refused(lambda: home.back(_KNOWN + 1))
    shop.oracle.must(back == "update_no_way_back", "F5", f"the way back was open ({back or 'no refusal'})")
    shop.hands.pay(payload)
    await asyncio.sleep(DOWN_S)
    try:
        await shop.world.start()
    except JournalError as refused:
        shop.note("service", f"{OLD} refuses to start: {refused.slug}")
        shop.oracle.must(refused.slug == "journal_newer", "F5", f"refused with {refused.slug}")
    else:
        shop.oracle.must(False, "F5", "an older version wrote into a newer journal")
        return
    _shape(shop.world.journal_path, _KNOWN)  # this program stands for the newer one from here on
    await shop.world.start()
    shop.note("service", f"{home.running()} started")


_UPDATES: Final[Mapping[str, Callable[[LabShop, Home, NewVersion, str], Awaitable[None]]]] = {
    "available": _available,
    "broken": _broken,
    "required": _required,
}


async def _restart(shop: LabShop, payload: str) -> None:
    await shop.world.stop()
    shop.note("service", "stopped")
    shop.hands.pay(payload)
    await asyncio.sleep(DOWN_S)
    await shop.world.start()
    shop.note("service", "started again")


def _take(home: Home, tools: NewVersion, version: str, folder: Path) -> Release:
    """Raises BadSettings("update_failed")."""
    tools.version = version
    return home.take(version, msgspec.json.encode({"version": version}), folder, folder)


def _refused(act: Callable[[], object]) -> str:
    """The slug of its refusal; empty: it was done."""
    try:
        act()
    except BadSettings as refused:
        return refused.slug
    return ""


def _shape(journal: Path, number: int) -> None:
    with closing(connect(journal)) as connection:
        connection.pragma("user_version", number)
