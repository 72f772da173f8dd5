"""A shop for the browser: the real service over a real journal, the sandbox bank on loopback, no devices."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from terminal.app import Running, running
from terminal.sandbox.keyring import alipay_names
from terminal.sandbox.server import Sandbox, start_sandbox
from terminal.settings import load
from terminal.system import SystemClock, SystemEntropy
from terminal.tls.local_authority import ensure
from tests.flows.ports import claim

OWNER_PIN: Final = "739164"
_TEXT: Final = """
mode = "test"
[shop]
merchant = "m1"
store = "s1"
title = "Tea House 茶馆"
currency = "CNY"
zone = "Asia/Shanghai"
offline = "list"
refund_day_minor = 90000000
offline_sale_minor = 5000
offline_day_minor = 500000
favourites = [{{ name = "牛肉面 Beef noodles", price_minor = 1800 }}, {{ name = "Tea", price_minor = 400 }}]
[state]
folder = "state"
[listen]
port = 0
notify_port = {notify}
[training]
port = 0
[channels.wechatpay]
sandbox = true
gateway = "{gateway}"
mchid = "{mchid}"
appid = "{appid}"
merchant_serial = "{merchant_serial}"
merchant_key_file = "{folder}/{merchant_private_key_file}"
platform_key_id = "{platform_public_key_id}"
platform_key_file = "{folder}/{platform_public_key_file}"
[channels.alipay]
connector = "alipay"
sandbox = true
gateway = "{gateway}/gateway.do"
app_id = "{alipay_app_id}"
seller_id = "{alipay_seller_id}"
app_key_file = "{folder}/{merchant_private_key_file}"
alipay_key_file = "{folder}/{platform_public_key_file}"
"""
_COUNTER: Final = """
[[counters]]
id = "{counter}"
"""
KIOSK: Final = "kiosk"  # the one counter whose till is locked to its page
BOTH: Final = "both"  # the one counter with a second channel


@dataclass(frozen=True, slots=True)
class Shop:
    """``running`` is the service, ``sandbox`` the bank; ``owner`` is a person's id, with PIN OWNER_PIN."""

    running: Running
    sandbox: Sandbox
    owner: str
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.running.url

    def link(self, counter: str, person: str = "") -> str:
        """A one-time address that pairs a browser as this counter's till."""
        return f"{self.url}/link/{self.running.people.new_link(counter, person)}"

    def payload(self, counter: str) -> str:
        """The text of the code on this counter's glass, empty when there is none."""
        return str(getattr(self.running.service.lane(counter).glass.screen, "payload", ""))

    async def customer_scans(self, counter: str) -> str:
        """A customer scans the code on the glass: the order's number."""
        return str((await self._bank("scan", code_url=self.payload(counter)))["order_no"])

    async def pay(self, order_no: str) -> None:
        await self._bank("act", act="pay", order_no=order_no)

    def paid_at_once(self, order_no: str) -> None:
        """The same without a way to the bank."""
        assert self.sandbox.bank.customer_pays(order_no, SystemClock().wall_ms())

    async def customer_pays(self, counter: str) -> None:
        await self.pay(await self.customer_scans(counter))

    async def customer_code(self, behaviour: str = "pays") -> str:
        """The digits a customer's wallet shows: pays, password or no-funds."""
        return str((await self._bank("code", behaviour=behaviour))["auth_code"])

    async def fault(self, slug: str, **how: Any) -> None:
        await self._bank("faults", slug=slug, **how)

    def heal(self) -> None:
        self.sandbox.bank.faults.clear("")

    async def _bank(self, door: str, /, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.sandbox.admin_token}"}
        async with self.http.post(f"{self.sandbox.url}/admin/{door}", json=body, headers=headers) as answer:
            told: dict[str, Any] = await answer.json()
            assert answer.status == 200, told
            return told


@asynccontextmanager
async def open_shop(folder: Path, counters: int = 2, *, more: str = "") -> AsyncIterator[Shop]:
    """``more``: further tables of the settings."""
    authority, _ = ensure(folder / "state" / "tls", SystemClock())
    sandbox = await start_sandbox(
        folder / "bank", clock=SystemClock(), entropy=SystemEntropy(), port=0, notify_ca=authority
    )
    try:
        loaded = load(_write_settings(folder, sandbox, counters, more))
        async with running(loaded) as service, aiohttp.ClientSession() as http:
            code = service.people.new_set_up_code()
            owner = await service.people.set_up(code, label="Ana Owner", pin=OWNER_PIN, device="test")
            yield Shop(service, sandbox, owner.person, http)
    finally:
        await sandbox.close()


def _write_settings(folder: Path, sandbox: Sandbox, counters: int, more: str) -> Path:
    told: dict[str, Any] = json.loads((sandbox.credentials / "credentials.json").read_text())
    told |= {"folder": sandbox.credentials, "gateway": sandbox.url, "notify": claim()}
    told |= alipay_names(told["mchid"])
    settings = folder / "countertop.toml"
    lanes = (_COUNTER.format(counter=number + 1) for number in range(counters))
    kiosk = _COUNTER.format(counter=KIOSK) + "kiosk = true\n"
    both = _COUNTER.format(counter=BOTH) + 'channels = ["wechatpay", "alipay"]\n'
    settings.write_text(_TEXT.format(**told) + "".join(lanes) + kiosk + both + more)
    secrets = folder / "secrets.toml"
    secrets.touch(mode=0o600)
    secrets.write_text(f'[wechatpay]\napiv3_key = "{told["apiv3_key"]}"\n[people]\npepper = "{"5a" * 32}"\n')
    return settings
