"""A real sandbox on loopback for flow tests."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from terminal.sandbox.server import Sandbox, start_sandbox
from terminal.system import SystemClock, SystemEntropy


@asynccontextmanager
async def running_sandbox(
    state: Path, *, port: int = 0, pix_tls_port: int | None = None
) -> AsyncIterator[Sandbox]:
    clock, entropy = SystemClock(), SystemEntropy()
    sandbox = await start_sandbox(state, clock=clock, entropy=entropy, port=port, pix_tls_port=pix_tls_port)
    try:
        yield sandbox
    finally:
        await sandbox.close()


class RsaTill:
    """A merchant with the keys of ``credentials.json``, over real HTTP; checks no answers."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        told = json.loads((sandbox.credentials / "credentials.json").read_text())
        pem = (sandbox.credentials / told["merchant_private_key_file"]).read_bytes()
        key = load_pem_private_key(pem, None)
        assert isinstance(key, RSAPrivateKey)
        self._key, self._told, self._session, self._sent = key, told, session, 0

    async def ask(self, method: str, target: str, form: dict[str, Any] | None = None) -> dict[str, Any]:
        """The JSON answer, whatever its status."""
        body = b"" if form is None else json.dumps(form).encode()
        timestamp, nonce = str(SystemClock().wall_ms() // 1000), f"N{self._sent}"
        self._sent += 1
        message = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(self._key.sign(message, PKCS1v15(), SHA256())).decode()
        claim = (
            f'mchid="{self._told["mchid"]}",nonce_str="{nonce}",timestamp="{timestamp}",'
            f'serial_no="{self._told["merchant_serial"]}",signature="{signature}"'
        )
        headers = {
            "Authorization": f"WECHATPAY2-SHA256-RSA2048 {claim}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        url = self._told["gateway"] + target
        async with self._session.request(method, url, data=body, headers=headers) as answer:
            told: dict[str, Any] = json.loads(await answer.read())
            return told

    async def native(self, number: str, *, total: int = 2850, notify_url: str) -> str:
        form = self._form(number, total) | {"notify_url": notify_url}
        return str((await self.ask("POST", "/v3/pay/transactions/native", form))["code_url"])

    async def codepay(self, number: str, auth_code: str) -> dict[str, Any]:
        scene = {"store_info": {"id": "1"}}
        form = self._form(number, 2850) | {"payer": {"auth_code": auth_code}, "scene_info": scene}
        return await self.ask("POST", "/v3/pay/transactions/codepay", form)

    async def state(self, number: str) -> str:
        target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={self._told['mchid']}"
        return str((await self.ask("GET", target))["trade_state"])

    def _form(self, number: str, total: int) -> dict[str, Any]:
        return {
            "appid": self._told["appid"],
            "mchid": self._told["mchid"],
            "description": "茶 tea",
            "out_trade_no": number,
            "amount": {"total": total, "currency": "CNY"},
        }
