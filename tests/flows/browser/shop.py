"""A shop for the browser: the real service over a real journal, the sandbox bank on loopback, no devices."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terminal.app import Running, running
from terminal.sandbox.server import Sandbox
from terminal.settings import load
from terminal.system import SystemClock
from tests.flows.sandbox_rig import running_sandbox

OWNER_PIN = "739164"
_TEXT = """
mode = "{mode}"
[shop]
merchant = "m1"
store = "s1"
title = "Tea House 茶馆"
currency = "CNY"
zone = "Asia/Shanghai"
[state]
folder = "state"
[listen]
port = 0
notify_port = {notify}
[channels.wechatpay]
sandbox = true
gateway = "{gateway}"
mchid = "{mchid}"
appid = "{appid}"
merchant_serial = "{merchant_serial}"
merchant_key_file = "{folder}/{merchant_private_key_file}"
platform_key_id = "{platform_public_key_id}"
platform_key_file = "{folder}/{platform_public_key_file}"
[[counters]]
id = "1"
[[counters]]
id = "2"
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """``running`` is the service, ``sandbox`` the bank; ``owner`` is a person's id with PIN OWNER_PIN."""

    running: Running
    sandbox: Sandbox
    owner: str

    @property
    def url(self) -> str:
        return self.running.url

    def link(self, counter: str, person: str = "") -> str:
        """A one-time address that pairs a browser as this counter's till."""
        return f"{self.url}/link/{self.running.people.new_link(counter, person)}"

    def pay_code(self, code_url: str) -> None:
        """A customer scans the code on the glass and pays."""
        view = self.sandbox.bank.customer_scans(code_url, SystemClock().wall_ms())
        self.sandbox.bank.customer_pays(view.order_no, SystemClock().wall_ms())

    def customer_code(self, behaviour: str = "pays") -> str:
        return self.sandbox.bank.new_customer_code(SystemClock().wall_ms(), behaviour)

    def payload(self, counter: str) -> str:
        """The text of the code on this counter's glass, empty when there is none."""
        return str(getattr(self.running.service.lane(counter).glass.screen, "payload", ""))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    async with running_sandbox(folder / "bank") as sandbox:
        told: dict[str, Any] = json.loads((sandbox.credentials / "credentials.json").read_text())
        told |= {"folder": sandbox.credentials, "gateway": sandbox.url, "mode": "test", "notify": _free_port()}
        (folder / "countertop.toml").write_text(_TEXT.format(**told))
        secrets = folder / "secrets.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(f'[wechatpay]\napiv3_key = "{told["apiv3_key"]}"\n[people]\npepper = "{"5a" * 32}"\n')
        async with running(load(folder / "countertop.toml")) as service:
            people = service.people
            code = people.new_set_up_code()
            owner = await people.set_up(code, label="Ana Owner", pin=OWNER_PIN, device="test")
            yield Shop(service, sandbox, owner.person)
