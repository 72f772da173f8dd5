"""The lab and the sandbox as servers in this process, with a client that has the lab's key."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from terminal.lab.server import Lan, RunningLab, running_lab
from terminal.sandbox.keys_folder import KeysFolder
from terminal.sandbox.server import Sandbox, start_sandbox
from terminal.system import SystemClock, SystemEntropy


@dataclass
class Rig:
    lab: RunningLab
    sandbox: Sandbox
    session: aiohttp.ClientSession
    state: Path

    async def ask(self, method: str, path: str, body: Any = None, **rest: Any) -> tuple[int, Any]:
        async with self.session.request(method, f"{self.lab.url}/lab/{path}", json=body, **rest) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def opened(folder: Path, lan: Lan | None = None) -> AsyncIterator[Rig]:
    clock, entropy = SystemClock(), SystemEntropy()
    sandbox = await start_sandbox(folder / "sandbox", clock=clock, entropy=entropy, port=0)
    try:
        async with (
            running_lab(
                folder / "lab",
                clock=clock,
                entropy=entropy,
                port=0,
                sandbox_url=sandbox.url,
                sandbox_state=folder / "sandbox",
                service_state=folder / "state",
                lan=lan,
            ) as lab,
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {lab.key}"}) as session,
        ):
            yield Rig(lab, sandbox, session, folder)
    finally:
        await sandbox.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank's folder with keys, made once: RSA takes its time."""
    state = tmp_path_factory.mktemp("bank")
    KeysFolder(state, SystemEntropy()).open(SystemClock().wall_ms(), ["TEST Shop"])
    return state


@pytest.fixture
async def rig(tmp_path: Path, keys: Path) -> AsyncIterator[Rig]:
    shutil.copytree(keys, tmp_path / "sandbox")
    async with opened(tmp_path) as made:
        yield made
