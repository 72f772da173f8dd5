"""From a settings file to Pix at a real sandbox over HTTP: table, secret, charges, devoluções, a day's list."""

import base64
import json
from pathlib import Path

import aiohttp
import pytest

from terminal.banks.channel import Channel
from terminal.counter.ports import Order, RefundOrder
from terminal.payments.money import Money
from terminal.payments.notice import Accepted, Answer, CodeReady, NotSent, RefundTold, Told, Trade
from terminal.settings import Loaded, load
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.channels import open_channel
from tests.flows.sandbox_rig import running_sandbox

TEXT = """\
mode = "test"
[shop]
merchant = "m"
store = "s"
title = "Padaria"
currency = "BRL"
[channels.pix]
connector = "pix"
sandbox = true
gateway = "{pix_gateway}"
oauth_url = "{pix_oauth_url}"
client_id = "{pix_client_id}"
key = "{pix_key}"
[[counters]]
id = "1"
channels = ["pix"]
"""
TXID, OTHER = "01K5MZ0000ABCDEFGHJKMNPQRS", "01K5MZ0000ABCDEFGHJKMNPQRT"


def written(folder: Path, told: dict[str, str], extra: str = "") -> Loaded:
    secrets = f'[pix]\nclient_secret = "{told["pix_client_secret"]}"\n[people]\npepper = "{"ab" * 32}"\n'
    (folder / "secrets.toml").write_text(secrets)
    (folder / "secrets.toml").chmod(0o600)
    (folder / "countertop.toml").write_text(TEXT.format(**told).replace("[[counters]]", f"{extra}\n[[counters]]"))
    return load(folder / "countertop.toml")


@pytest.mark.row(20, 69)
async def test_one_settings_file_sells_removes_and_gives_back_at_the_sandbox(tmp_path: Path) -> None:
    clock = SystemClock()
    async with running_sandbox(tmp_path / "bank") as sandbox, aiohttp.ClientSession() as session:
        told = json.loads((sandbox.credentials / "credentials.json").read_text())
        channel = open_channel(written(tmp_path, told), "pix", clock, SystemEntropy(), "")
        assert isinstance(channel, Channel)
        made = await channel.order(Order(TXID, Money(650, "BRL"), "pão", "1", 0))
        assert made == await channel.order(Order(TXID, Money(650, "BRL"), "pão", "1", 0)), "the same charge"
        assert isinstance(made, CodeReady)
        view = sandbox.bank.customer_scans(made.payload, clock.wall_ms())
        assert (view.amount, view.currency, view.description) == (650, "BRL", "pão")
        sandbox.bank.customer_pays(TXID, clock.wall_ms())
        paid = await channel.query(TXID)
        assert isinstance(paid, Told)
        assert (paid.notice.trade, paid.notice.amount_minor) == (Trade.PAID, 650)
        back = RefundOrder("R1", TXID, Money(50, "BRL"), Money(650, "BRL"), "troca", "", paid.notice.provider_txn)
        assert isinstance(await channel.refund(back), RefundTold)
        assert isinstance(await channel.query_refund("R1", TXID), RefundTold)
        await channel.order(Order(OTHER, Money(100, "BRL"), "", "1", 0))
        assert await channel.close(OTHER) == Accepted()
        await channel.aclose()
        await lists_tell_it_all(session, told, paid.notice.provider_txn)


async def lists_tell_it_all(session: aiohttp.ClientSession, told: dict[str, str], e2e: str) -> None:
    """What a day's list says, page by page; who asks without a token or for nonsense gets a problem."""
    api, oauth = told["pix_gateway"], told["gateway"] + told["pix_oauth_url"]
    pair = f"{told['pix_client_id']}:{told['pix_client_secret']}".encode()
    client = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    async with session.post(oauth, json={"grant_type": "client_credentials"}, headers=client) as answer:
        token = (await answer.json())["access_token"]
    head = {"Authorization": f"Bearer {token}"}

    async def asked(
        method: str, path: str, body: object = None, *, headers: dict[str, str] = head
    ) -> tuple[int, dict[str, object]]:
        async with session.request(method, api + path, json=body, headers=headers) as reply:
            found: dict[str, object] = json.loads(await reply.read() or b"{}")
            return reply.status, found

    span = "inicio=2020-01-01T00:00:00Z&fim=2099-01-01T00:00:00Z"
    status, found = await asked("GET", f"/pix?{span}&paginacao.itensPorPagina=1")
    assert status == 200
    assert [each["endToEndId"] for each in found["pix"]] == [e2e]  # type: ignore[attr-defined]  # JSON of the list
    _, charges = await asked("GET", f"/cob?{span}&paginacao.itensPorPagina=1&paginacao.paginaAtual=1")
    assert [each["txid"] for each in charges["cobs"]] == [OTHER]  # type: ignore[attr-defined]  # as above
    assert (await asked("GET", f"/pix/{e2e}"))[1]["devolucoes"]
    assert (await asked("GET", f"/pix/{e2e}/devolucao/R1"))[0] == 200
    hook = f"/webhook/{told['pix_key']}"
    assert (await asked("PUT", hook, {"webhookUrl": "https://shop.example/n"}))[0] == 200
    assert (await asked("GET", hook))[1]["webhookUrl"] == "https://shop.example/n"
    assert [(await asked(each, hook))[0] for each in ("DELETE", "GET")] == [204, 404]
    wrong = {"calendario": {"expiracao": 1}, "chave": told["pix_key"], "valor": {"original": 37.0}}
    for method, path, body, code in (
        ("PUT", f"/cob/{'A' * 26}", wrong, 400),
        ("PUT", f"/cob/{'A' * 25}", wrong, 404),
        ("PATCH", f"/cob/{TXID}", {"status": "CONCLUIDA"}, 400),
        ("GET", "/pix?inicio=2099-01-01T00:00:00Z&fim=2020-01-01T00:00:00Z", None, 400),
        ("PUT", f"/pix/{e2e}/devolucao/R2", {"valor": "6.01"}, 400),
        ("PUT", f"/pix/{e2e}/devolucao/R1", {"valor": "0.51"}, 400),
        ("GET", f"/pix/{'E' * 32}", None, 404),
    ):
        status, found = await asked(method, path, body)
        assert (status, found["status"]) == (code, code), path
    assert (await asked("GET", f"/cob/{TXID}", headers={}))[0] == 401


@pytest.mark.row(36, 69)
async def test_s16_the_banks_listener_lets_in_nobody_without_a_certificate_it_signed(tmp_path: Path) -> None:
    clock, order = SystemClock(), Order(TXID, Money(650, "BRL"), "pão", "1", 0)
    async with running_sandbox(tmp_path / "bank", pix_tls_port=0) as sandbox, aiohttp.ClientSession() as session:
        told = json.loads((sandbox.credentials / "credentials.json").read_text())
        folder = sandbox.credentials
        authority = f'ca_file = "{folder / told["pix_authority_file"]}"\n'

        async def asked(certificate: str, key: str) -> tuple[Answer, int]:
            """The answer to an order, and how many requests the bank has ever heard."""
            both = f'certificate_file = "{folder / certificate}"\nkey_file = "{folder / key}"\n' if key else ""
            loaded = written(tmp_path, told, authority + both)
            channel = open_channel(loaded, "pix", clock, SystemEntropy(), "")
            answer = await channel.order(order)
            assert isinstance(channel, Channel)
            await channel.aclose()
            head = {"Authorization": f"Bearer {sandbox.admin_token}"}
            async with session.get(sandbox.url + "/admin/calls", headers=head) as heard:
                return answer, len((await heard.json())["calls"])

        assert await asked("", "") == (NotSent("no_token"), 0)
        assert await asked("merchant_certificate.pem", "merchant_private_key.pem") == (NotSent("no_token"), 0)
        answer, calls = await asked(told["pix_certificate_file"], told["pix_key_file"])
        assert isinstance(answer, CodeReady)
        assert calls == 2, "a token and the order"
        async with session.post(told["gateway"] + "/pix/oauth/token") as plain:
            assert plain.status == 404, "no way round it"
