"""A shop to be tortured: the installed service as a process, devices on pseudo-terminals, a bank over TLS."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from firmware_stubs.paper import text_view
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.system import SystemClock
from terminal.tls.local_authority import ensure
from tests.flows.ports import claim
from tests.torture.bank import FarBank, bank_over_tls

COUNTERTOP: Final = Path(sys.executable).with_name("countertop")
WATCHDOG_S: Final = 60.0
LOOK_S: Final = 0.02
PEPPER: Final = "5a" * 32
COUNTERS: Final = ("1", "2")


class DidNotStart(Exception):
    """The service ended before it was ready; the text is its log's end."""


@dataclass(slots=True)
class Shop:
    """Files and devices of a shop; a service runs in it, or none.

    Args:
        before: words in front of the service's own command: a tracer, say.
        command: what is started in place of the installed one.
        more: environment of the service beside ours.
    """

    folder: Path
    bank: FarBank
    stands: Mapping[str, Stand]
    state: Path
    port: int = field(default_factory=claim)
    before: tuple[str, ...] = ()
    command: tuple[str, ...] = (str(COUNTERTOP),)
    more: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def config(self) -> Path:
        return self.folder / "countertop.toml"

    @property
    def journal(self) -> Path:
        return self.state / "journal.db"

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self) -> None:
        """Settings and secrets. The state may lie on another disk."""
        folder = self.bank.sandbox.credentials
        told: dict[str, Any] = msgspec.json.decode((folder / "credentials.json").read_bytes())
        secrets = self.folder / "secrets.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(f'[wechatpay]\napiv3_key = "{told["apiv3_key"]}"\n[people]\npepper = "{PEPPER}"\n')
        lines = [
            'mode = "test"\nsecrets_file = "secrets.toml"',
            '[shop]\nmerchant = "m"\nstore = "s"\ntitle = "Torture 酷刑"',
            f'[state]\nfolder = "{self.state}"',
            f"[listen]\nport = {self.port}\nnotify_port = {self.port + 1}",
            f'[channels.wechatpay]\nsandbox = true\nmchid = "{told["mchid"]}"\nappid = "{told["appid"]}"',
            f'merchant_serial = "{told["merchant_serial"]}"\ngateway = "{self.bank.url}"',
            f'merchant_key_file = "{folder / told["merchant_private_key_file"]}"',
            f'platform_key_id = "{told["platform_public_key_id"]}"',
            f'platform_key_file = "{folder / told["platform_public_key_file"]}"',
        ]
        for name in self.stands:
            lines.append(f'[[counters]]\nid = "{name}"\nlanguages = {{ receipt = "en", voice = "zh-CN" }}')
            for role in ("display", "scanner", "printer", "speaker"):
                lines.append(f'[counters.{role}]\nport = "link:{self.folder}/dev-{name}/{role}"')
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    # --- the process ------------------------------------------------------------------------------------

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Without waiting until it is ready."""
        assert not self.runs
        (self.state / "ready.json").unlink(missing_ok=True)
        self.starts += 1
        environment = {**os.environ, "SSL_CERT_FILE": str(self.bank.authority), "LANG": "C.UTF-8", **self.more}
        with self.log.open("wb") as out:
            self.process = await asyncio.create_subprocess_exec(
                *self.before, *self.command, "serve", "--config", str(self.config),
                stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, env=environment, start_new_session=True,
            )  # fmt: skip

    async def ready(self) -> None:
        """Raises DidNotStart, TimeoutError."""
        async with asyncio.timeout(WATCHDOG_S):
            while not (self.state / "ready.json").exists():
                if not self.runs:
                    raise DidNotStart(self.last_words())
                await asyncio.sleep(LOOK_S)

    async def end(self, number: signal.Signals) -> int:
        """Send it to all of its processes (a tracer is one of them); how the first of them ended."""
        if self.runs and self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
        return await self.ended()

    async def ended(self) -> int:
        assert self.process is not None
        async with asyncio.timeout(WATCHDOG_S):
            return await self.process.wait()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    # --- its API ----------------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "", answer_s: float = 20.0) -> Any:
        """(status, document). Raises OSError, aiohttp.ClientError, TimeoutError: nothing is known."""
        headers = {"Authorization": f"Bearer {(self.state / 'api-key').read_text().strip()}"}
        if key:
            headers["Idempotency-Key"] = key
        limit = aiohttp.ClientTimeout(total=answer_s)
        async with (
            aiohttp.ClientSession(self.url, headers=headers, timeout=limit) as session,
            session.request(method, f"/api/v1{path}", json=body) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    # --- its devices ------------------------------------------------------------------------------------

    def paper(self, counter: str) -> list[str]:
        """Each slip's letters without any space, oldest first, also what still hangs on the roll."""
        head = self.stands[counter].printer.head
        slips = [*self.stands[counter].printer.slips, self.stands[counter].printer.hanging]
        return ["".join("".join(text_view(slip, head.width_dots)).split()) for slip in slips]


@asynccontextmanager
async def shop(
    folder: Path, *, state: Path | None = None, counters: tuple[str, ...] = COUNTERS
) -> AsyncIterator[Shop]:
    """Bank and devices are there; the service is not started."""
    clock = SystemClock()
    state = state or folder / "state"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    notify_ca, _ = ensure(state / "tls", clock)
    async with AsyncExitStack() as stack:
        bank = await stack.enter_async_context(bank_over_tls(folder / "bank", notify_ca))
        stands = {
            name: Stand.on_terminals(folder / f"dev-{name}", Timeline(clock), boot_id=each)
            for each, name in enumerate(counters, 1)
        }
        for stand in stands.values():
            await stand.plug()
            stack.push_async_callback(stand.unplug)
        made = Shop(folder, bank, stands, state)
        made.write()
        try:
            yield made
        finally:
            if made.runs:
                await made.end(signal.SIGKILL)
