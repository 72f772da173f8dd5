"""``countertop`` as a shop's computer runs it: settings on disk, processes, exit codes and words."""

import asyncio
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from terminal.cli.commands import app
from terminal.sandbox.server import Sandbox
from tests.flows.ports import claim

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "countertop.example.toml"
START: Final = (sys.executable, "-c", "from terminal.cli import main; main()")
WATCHDOG_S: Final = 60.0  # ends a hang; nothing here is measured
APIV3_KEY: Final = "0123456789abcdef0123456789abcdef"
PEPPER: Final = "5a" * 32
NO_BANK: Final = 'connector = "wechatpay"\ngateway = "https://127.0.0.1:9"'
_PEM: Final = serialization.Encoding.PEM


def make_keys(folder: Path) -> None:
    """A merchant's private key and a provider's public one, as PEM."""
    folder.mkdir(exist_ok=True)
    private, public = _key_files()
    (folder / "apiclient_key.pem").write_bytes(private)
    (folder / "wechatpay_public.pem").write_bytes(public)


@cache
def _key_files() -> tuple[bytes, bytes]:
    key: RSAPrivateKey = generate_private_key(65537, 2048)
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def codes(self) -> list[str]:
        """The printed codes of what it told, in order."""
        return re.findall(r"^([A-Z]-\d{2,3})  ", self.err, re.MULTILINE)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What ``--json`` told, one document a line."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


def _limited(file_bytes: int | None) -> Callable[[], None] | None:
    """A disk that is full at ``file_bytes``: no file of the process grows beyond it (setrlimit(2))."""
    if file_bytes is None:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


async def countertop(*words: str | Path, file_bytes: int | None = None, cwd: Path | None = None) -> Ended:
    """Run one command to its end."""
    process = await asyncio.create_subprocess_exec(
        *START, *map(str, words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=cwd,
        env=environment(), preexec_fn=_limited(file_bytes),
    )  # fmt: skip
    async with asyncio.timeout(WATCHDOG_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    ended = Ended(process.returncode, out.decode(), err.decode())
    assert "Traceback" not in ended.err, ended.err
    return ended


def command(*words: str | Path, language: str = "C", typed: str = "") -> Ended:
    """The same in this process, for what needs none of its own; not inside a running loop."""
    runner, program = CliRunner(), _program()
    env = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": language}
    with runner.isolation(input=typed or None, env=env) as (out, err, _):
        try:
            program.main([str(word) for word in words], prog_name=runner.get_default_prog_name(program))
            code: object = 0
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
        sys.stderr.flush()
        said = [each.getvalue().decode().replace("\r\n", "\n") for each in (out, err)]
    assert isinstance(code, int), code
    return Ended(code, *said)


@cache
def _program() -> TyperGroup:
    """Made once: all its options take longer than most commands."""
    made = get_command(app)
    assert isinstance(made, TyperGroup)
    return made


def environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "COUNTERTOP_"))
    }
    return {**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[2])}


@dataclass(slots=True)
class Place:
    """A shop's folder: settings, secrets, state. ``write`` makes the files a sandbox's merchant needs."""

    folder: Path
    port: int = field(default_factory=claim)

    @property
    def config(self) -> Path:
        return self.folder / "countertop.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key_file(self) -> Path:
        return self.state / "api-key"

    def write(self, bank: Sandbox, *, counter: str = "") -> None:
        told: dict[str, Any] = msgspec.json.decode((bank.credentials / "credentials.json").read_bytes())
        self.secrets(apiv3_key=str(told["apiv3_key"]), pepper=PEPPER)
        self.config.write_text(
            f"""mode = "test"
[shop]
merchant = "m"
store = "s"
title = "Tea 茶"
[state]
folder = "state"
[listen]
port = {self.port}
notify_port = 0
[channels.wechatpay]
sandbox = true
gateway = "{bank.url}"
mchid = "{told["mchid"]}"
appid = "{told["appid"]}"
merchant_serial = "{told["merchant_serial"]}"
merchant_key_file = "{bank.credentials / told["merchant_private_key_file"]}"
platform_key_id = "{told["platform_public_key_id"]}"
platform_key_file = "{bank.credentials / told["platform_public_key_file"]}"
[[counters]]
id = "1"
{counter}
"""
        )

    def example(self, *changes: tuple[str, str]) -> None:
        """The shipped example with this folder's state and ports; keys and secrets that fit it."""
        text = EXAMPLE.read_text(encoding="utf-8").replace("/var/lib/countertop", "state")
        text = text.replace("port = 7600", f"port = {self.port}").replace("port = 7601", "port = 0")
        text = text.replace('connector = "wechatpay"', NO_BANK)  # a start that goes through asks nobody outside
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.config.write_text(text, encoding="utf-8")
        self.secrets()
        make_keys(self.folder / "keys")

    def secrets(self, *, apiv3_key: str = APIV3_KEY, pepper: str = PEPPER, mode: int = 0o600) -> None:
        path = self.folder / "secrets.toml"
        path.unlink(missing_ok=True)
        path.touch(mode=mode)
        path.write_text(f'[wechatpay]\napiv3_key = "{apiv3_key}"\n[people]\npepper = "{pepper}"\n')

    async def serve(self, *words: str, file_bytes: int | None = None) -> Ended:
        return await countertop("serve", "--config", self.config, *words, file_bytes=file_bytes)


class Serving:
    """A running service, and its API with the key of its first start."""

    def __init__(self, place: Place, process: asyncio.subprocess.Process) -> None:
        self.place, self.process = place, process
        self.pid = process.pid
        self.said = ""
        self.err = ""

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.place.key_file.read_text().strip()}"}
        if key:
            headers["Idempotency-Key"] = key
        async with (
            aiohttp.ClientSession(self.place.url, headers=headers) as session,
            session.request(method, f"/api/v1{path}", json=body) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def known_to(self, bank: Sandbox, sale: dict[str, Any]) -> None:
        """Wait until the sale's order has reached the bank."""
        order = sale["attempts"][-1]["id"]
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                if any(each.out_trade_no == order for each in bank.bank.ledger.orders):
                    return
                await asyncio.sleep(0.02)

    async def pay(self, bank: Sandbox, sale: dict[str, Any]) -> None:
        """The customer pays."""
        await self.known_to(bank, sale)
        headers = {"Authorization": f"Bearer {bank.admin_token}"}
        order = {"order_no": sale["attempts"][-1]["id"]}
        async with (
            aiohttp.ClientSession(bank.url, headers=headers) as session,
            session.post("/admin/pay", json=order) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def open_sale(self, key: str, minor: int = 2850) -> dict[str, Any]:
        body = {"counter": "1", "amount_minor": minor, "currency": "CNY"}
        status, told = await self.ask("POST", "/sales", body, key=key)
        assert status == 201, told
        return dict(told)

    async def sale_until(self, sale: str, states: set[str]) -> dict[str, Any]:
        async with asyncio.timeout(WATCHDOG_S):
            while True:
                _, told = await self.ask("GET", f"/sales/{sale}")
                if told["state"] in states:
                    return dict(told)
                await asyncio.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        async with asyncio.timeout(WATCHDOG_S):
            out, err = await self.process.communicate()
        self.said, self.err = self.said + out.decode(), err.decode()
        assert "Traceback" not in self.err, self.err
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def serving(place: Place) -> AsyncIterator[Serving]:
    """Start the service and wait until it says where it answers; on the way out it is ended with SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        *START, "serve", "--config", str(place.config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(),
    )  # fmt: skip
    now = Serving(place, process)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WATCHDOG_S):
            line = (await process.stdout.readline()).decode()
        if "answers at" not in line:
            await now.ended()
            raise AssertionError(f"it did not start: {line}{now.err}")
        now.said = line
        yield now
    finally:
        if process.returncode is None:
            process.terminate()
            await now.ended()
