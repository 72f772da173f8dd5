"""Strangers of PyPI and Pix: a validator with the central bank's document, and a bank's SDK over mutual TLS."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from terminal.banks.client import ProviderLink
from terminal.banks.connector import Call
from terminal.banks.open_pix import PixSettings, open_pix
from terminal.counter.ports import HttpReply, HttpRequest, Order, RefundOrder
from terminal.payments.money import Money
from terminal.payments.notice import Accepted, CodeReady, NotThere, RefundTold, Told
from terminal.regions import load_region
from terminal.sandbox.server import Sandbox
from terminal.system import SystemClock, SystemEntropy
from tests.flows.sandbox_rig import running_sandbox
from tests.strangers.environments import ROOT, python_of, run

DOCUMENT = ROOT / "tests" / "golden" / "pix_openapi.json"
DYNAMIC = next(each for each in load_region("br").schemes if each.name == "pix_dynamic")
TXID, OTHER, UNKNOWN = (f"01K5MZ0000ABCDEFGHJKMNPQR{end}" for end in "STV")
SPAN = "inicio=2020-01-01T00:00:00Z&fim=2099-01-01T00:00:00Z"


class Tapped:
    """A link that keeps what went over it, tokens aside."""

    def __init__(self, link: ProviderLink) -> None:
        self._link, self.name = link, ""
        self.exchanges: list[dict[str, Any]] = []

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        reply = await self._link.send(request, connect_s=connect_s, answer_s=answer_s)
        if "/oauth/" not in request.target:
            told: dict[str, Any] = {"name": self.name, "method": request.method}
            told |= {"url": self._link.origin + request.target}
            told |= {"headers": list(request.headers), "body": request.body.decode(), "status": reply.status}
            told |= {"answer_headers": dict(reply.headers), "answer": reply.body.decode()}
            self.exchanges.append(told)
        return reply


@asynccontextmanager
async def receiver(kept: "asyncio.Queue[dict[str, Any]]") -> AsyncIterator[str]:
    """Where webhooks go: the address that is registered, to which the bank adds /pix."""

    async def take(request: web.Request) -> web.Response:
        told = {"name": "webhook", "method": "POST", "url": str(request.url), "callback": True}
        await kept.put(told | {"headers": list(request.headers.items()), "body": await request.text()})
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/notify/pix", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/notify"
    finally:
        await runner.cleanup()


async def traffic(sandbox: Sandbox, told: dict[str, str]) -> list[dict[str, Any]]:
    """A life of charges by our connector, its webhooks, and what others ask, right and wrong."""
    link = ProviderLink(told["gateway"], test=True)
    tap = Tapped(link)
    settings = PixSettings(
        told["pix_gateway"],
        told["pix_client_id"],
        told["pix_key"],
        told["pix_client_secret"],
        told["pix_oauth_url"],
    )
    clock, path = SystemClock(), told["pix_gateway"].removeprefix(told["gateway"])
    channel = open_pix(settings, scheme=DYNAMIC, clock=clock, entropy=SystemEntropy(), test=True, http=tap)
    posts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def raw(name: str, method: Any, target: str, body: object = None) -> None:
        tap.name = name
        data = b"" if body is None else json.dumps(body).encode()
        await channel.exchange(Call("query", method, path + target, data))

    async def said(name: str, answer: Any, kind: type) -> Any:
        tap.name = name
        found = await answer
        assert isinstance(found, kind), found
        return found

    async with receiver(posts) as address, asyncio.timeout(30):
        hook = f"/webhook/{told['pix_key']}"
        await raw("list of nothing", "GET", f"/pix?{SPAN}")
        await raw("set webhook", "PUT", hook, {"webhookUrl": address})
        await raw("show webhook", "GET", hook)
        order = Order(TXID, Money(650, "BRL"), "pão", "1", 0)
        await said("order", channel.order(order), CodeReady)
        await said("unpaid", channel.query(TXID), Told)
        await said("unknown", channel.query(UNKNOWN), NotThere)
        await said("order again", channel.order(order), CodeReady)
        await said("other order", channel.order(Order(OTHER, Money(100, "BRL"), "", "1", 0)), CodeReady)
        sandbox.bank.customer_pays(TXID, clock.wall_ms())
        paid = await said("paid", channel.query(TXID), Told)
        hooks = [await posts.get()]
        e2e = paid.notice.provider_txn
        back = RefundOrder("R1", TXID, Money(50, "BRL"), Money(650, "BRL"), "troca", "", e2e)
        sandbox.bank.set_fault("notify-before-answer", clock.wall_ms(), count=1)  # it settles at once
        await said("refund", channel.refund(back), RefundTold)
        hooks.append(await posts.get())
        await said("refunded", channel.query_refund("R1", TXID), RefundTold)
        await said("close", channel.close(OTHER), Accepted)
        await said("closed", channel.query(OTHER), Told)
        await raw("one pix", "GET", f"/pix/{e2e}")
        await raw("one devolução", "GET", f"/pix/{e2e}/devolucao/R1")
        await raw("list", "GET", f"/pix?{SPAN}&paginacao.itensPorPagina=1&paginacao.paginaAtual=0")
        await raw("list of charges", "GET", f"/cob?{SPAN}")
        await raw("bad amount", "PUT", f"/cob/{UNKNOWN}", wish(told, 37.0))
        await raw("bad decimals", "PUT", f"/cob/{UNKNOWN}", wish(told, "37.0"))
        await raw("bad key", "PUT", f"/cob/{UNKNOWN}", wish(told, "37.00") | {"chave": "x"})
        await raw("bad status", "PATCH", f"/cob/{TXID}", {"status": "CONCLUIDA"})
        await raw("too much back", "PUT", f"/pix/{e2e}/devolucao/R2", {"valor": "6.01"})
        await raw("no such pix", "GET", f"/pix/{'E' * 32}")
        await raw("bad webhook", "PUT", hook, {"webhookUrl": 1})
        await raw("backwards", "GET", "/pix?inicio=2099-01-01T00:00:00Z&fim=2020-01-01T00:00:00Z")
        await raw("drop webhook", "DELETE", hook)
        await raw("no webhook", "GET", hook)
    await channel.aclose()
    await link.aclose()
    return [*tap.exchanges, *hooks]


def wish(told: dict[str, str], amount: object) -> dict[str, object]:
    return {"calendario": {"expiracao": 60}, "chave": told["pix_key"], "valor": {"original": amount}}


OWN_MISTAKES = {  # of the document, against its own examples: what it asks for there is defined nowhere
    "list of nothing": "'cobs' is a required property",
    "list": "'cobs' is a required property",
    "list of charges": "'idCob' is a required property; 'idCob' is a required property",
    "show webhook": "'cnpj' is a required property",
    "backwards": "Unknown response http status: 400",  # PixConsultaInvalida is in its text, not at the path
}
REFUSED = {  # requests that are wrong on purpose: the stranger sees what the sandbox saw
    "bad amount": "37.0 is not of type 'string'",
    "bad decimals": r"'37.0' does not match '\\d{1,10}\\.\\d{2}'",
    "bad status": "'CONCLUIDA' is not one of ['REMOVIDA_PELO_USUARIO_RECEBEDOR']",
    "bad webhook": "1 is not of type 'string'",
}


@pytest.mark.row(20, 69, 143)
async def test_openapi_core_from_pypi_finds_all_on_the_wire_as_the_central_bank_wrote_it(tmp_path: Path) -> None:
    python = await python_of("openapi-core")
    async with running_sandbox(tmp_path / "bank") as sandbox:
        told = json.loads((sandbox.credentials / "credentials.json").read_text())
        exchanges = await traffic(sandbox, told)
    paid = next(each for each in exchanges if each["name"] == "paid")
    exchanges.append(paid | {"name": "spoilt", "answer": paid["answer"].replace('"6.50"', "6.5")})
    asked = {"document": str(DOCUMENT), "gateway": told["pix_gateway"], "exchanges": exchanges}
    (tmp_path / "traffic.json").write_text(json.dumps(asked))
    client = ROOT / "tests" / "strangers" / "pix_contract.py"
    verdicts = json.loads(await run(str(python), "-I", str(client), str(tmp_path / "traffic.json")))
    assert [each[0] for each in verdicts] == [each["name"] for each in exchanges]
    *live, spoilt = verdicts
    assert "6.5 is not of type 'string'" in spoilt[2]
    assert {name: asked for name, asked, _ in live if asked} == REFUSED
    assert {name: answer for name, _, answer in live if answer} == OWN_MISTAKES
    codes = {each["name"]: each["status"] for each in exchanges if "status" in each}
    bad = {name: codes[name] for name in codes if codes[name] >= 400}
    assert bad == dict.fromkeys((*REFUSED, "bad key", "too much back", "backwards"), 400) | dict.fromkeys(
        ("unknown", "no such pix", "no webhook"), 404
    )


@pytest.mark.row(20, 69, 143)
async def test_efipay_from_pypi_orders_queries_refunds_and_lists_over_mutual_tls(tmp_path: Path) -> None:
    python = await python_of("efipay")
    client = ROOT / "tests" / "strangers" / "efipay_client.py"
    async with running_sandbox(tmp_path / "bank", pix_tls_port=0) as sandbox:
        asked = json.dumps({"credentials": str(sandbox.credentials), "admin_token": sandbox.admin_token})
        told = json.loads(await run(str(python), "-E", "-s", str(client), asked))
        captures, returned = sandbox.bank.captures(), sandbox.bank.returned()
    assert told["hooked"] == {}
    assert told["unseen"]["title"] == "CobNaoEncontrado"
    assert (told["made"]["status"], told["unpaid"]["status"]) == ("ATIVA", "ATIVA")
    assert (told["view"]["amount"], told["view"]["currency"], told["view"]["description"]) == (2850, "BRL", "chá")
    [received], [arrived] = told["paid"]["pix"], told["notified"]["pix"]
    assert (told["paid"]["status"], received["valor"]) == ("CONCLUIDA", "28.50")
    assert arrived.items() <= received.items()
    assert told["refunded"]["status"] == "EM_PROCESSAMENTO"
    assert (told["refund"]["status"], told["refund"]["valor"]) == ("DEVOLVIDO", "8.50")
    assert told["refund_notified"]["pix"][0]["devolucoes"] == [told["refund"]]
    assert told["too_much"]["title"] == "PixDevolucaoInvalida"
    assert told["received"]["pix"] == [received | {"devolucoes": [told["refund"]]}]
    number = received["txid"]
    assert (captures, returned) == ({number: [2850]}, {number: 850})
