"""The lab on virtual time over HTTP: a till in any language waits a minute in milliseconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest

from terminal.cli.lab.virtual import virtual_lab
from terminal.client import AsyncClient, Order
from terminal.web.shapes.lines import SALE_BYTES

WATCHDOG_S = 60.0


class Till:
    def __init__(self, session: aiohttp.ClientSession, url: str, key: str, token: str) -> None:
        self.session, self.url, self.key, self.token = session, url, key, token

    async def api(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        more = {"Authorization": f"Bearer {self.key}", **headers}
        async with self.session.request(method, f"{self.url}/api/v1{path}", json=body, headers=more) as answer:
            return answer.status, await answer.json()

    async def lab(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.session.request(method, f"{self.url}/lab/api{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def sell(self, key: str, minor: int = 2850) -> str:
        body = {"counter": "1", "amount_minor": minor, "currency": "CNY"}
        status, sale = await self.api("POST", "/sales", body, **{"Idempotency-Key": key})
        assert status == 201, sale
        return str(sale["id"])

    async def word(self, sale: str) -> str:
        return str((await self.api("GET", f"/sales/{sale}"))[1]["word"])


@pytest.fixture
async def till() -> AsyncIterator[Till]:
    async with virtual_lab(0, "7") as (url, key, token), aiohttp.ClientSession() as session:
        yield Till(session, url, key, token)


@pytest.mark.row(88, 149)
async def test_a_till_s_client_waits_and_follows_while_time_is_a_number(till: Till) -> None:
    async with AsyncClient(till.url, till.key, pause_s=0.01) as client:
        sale = await client.open_sale(Order("1", 2850))
        await till.lab("POST", "/phone/scan", {})
        await till.lab("POST", "/phone/pay", {})
        assert (await client.wait(sale.id, limit_s=WATCHDOG_S)).state == "paid"
        async with asyncio.timeout(WATCHDOG_S), aclosing(client.follow(0)) as events:
            told = [await anext(events)]
            while (told[-1].type, told[-1].body.get("to")) != ("sale_moved", "paid"):
                told.append(await anext(events))
    numbers = [each.number for each in told]
    assert numbers == sorted(set(numbers))


@pytest.mark.row(146, 149)
async def test_a_sale_a_fault_a_kill_and_a_minute_by_http(till: Till) -> None:
    sale = await till.sell("virtual-0001")
    status, told = await till.lab("GET", "/state")
    assert (status, told["screen"]["kind"], told["sales"][0]["word"]) == (200, "code", "waiting")
    assert told["screen"]["code"].startswith("weixin://")
    assert (await till.lab("POST", "/faults", {"name": "paper-out"}))[0] == 200
    assert (await till.lab("POST", "/phone/scan", {}))[1]["amount"] == 2850
    assert (await till.lab("POST", "/phone/pay", {}))[1]["result"] == "paid"
    assert (await till.lab("POST", "/clock/advance", {"seconds": 5}))[0] == 200
    assert await till.word(sale) == "paid"
    assert (await till.lab("GET", "/state"))[1]["paper"]["count"] == 0
    await till.lab("POST", "/printer/paper", {"act": "load"})
    await till.lab("POST", "/clock/advance", {"seconds": 30})
    _, told = await till.lab("GET", "/state")
    assert "28.50" in told["paper"]["slips"][0]["text"]
    assert told["spoken"][0]["text"].count("twenty-eight yuan") == 1

    other = await till.sell("virtual-0002", 700)
    before = (await till.lab("POST", "/clock/advance", {"seconds": 1}))[1]["wall_ms"]
    after = (await till.lab("POST", "/clock/advance", {"seconds": 200}))[1]["wall_ms"]
    assert 200_000 <= after - before < 202_000
    assert await till.word(other) == "not_paid"  # its time is over

    last = await till.sell("virtual-0003", 900)
    assert (await till.lab("POST", "/faults", {"name": "error-500", "count": 2}))[0] == 200
    assert (await till.lab("GET", "/state"))[1]["faults"][0]["name"] == "error-500"
    assert (await till.lab("DELETE", "/faults"))[1]["faults"] == []
    assert (await till.lab("POST", "/faults", {"name": "kill-mid-sale"}))[0] == 200
    await till.lab("POST", "/clock/advance", {"seconds": 10})
    _, told = await till.lab("GET", "/state")
    assert told["service"] == "up"
    await till.lab("POST", "/phone/scan", {})
    await till.lab("POST", "/phone/pay", {})
    await till.lab("POST", "/clock/advance", {"seconds": 10})
    assert (await till.lab("GET", "/state"))[1]["sales"][0]["id"] == last
    assert (await till.lab("GET", "/state"))[1]["sales"][0]["word"] == "paid"


async def test_each_door_wants_its_own_key_and_wrong_words_are_told(till: Till) -> None:
    assert (await till.lab("POST", "/faults", {"name": "paper-oot"}))[1]["near"][0] == "paper-out"
    status, told = await till.lab("POST", "/faults", {"name": "race-scan-vs-qr"})
    assert (status, told["error"], "lab run race-scan-vs-qr" in told["sentence"]) == (409, "a_story", True)
    assert (await till.lab("POST", "/clock/advance", {"seconds": 0}))[0] == 422
    assert (await till.api("GET", "/sales/NOBODY"))[0] == 404
    for path, key in (("/api/v1/sales", till.token), ("/lab/api/state", till.key)):
        async with till.session.get(till.url + path, headers={"Authorization": f"Bearer {key}"}) as answer:
            assert answer.status in (401, 403), path
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        async with till.session.get(f"{till.url}/api/v1/sales", headers=headers) as answer:
            assert answer.status == 403


@pytest.mark.row(144, 146, 149)
async def test_a_day_passes_the_clock_is_set_and_a_password_is_typed(till: Till) -> None:
    sale = await till.sell("virtual-0011")
    await till.lab("POST", "/scanner/scan", {"behaviour": "password"})
    await till.lab("POST", "/clock/advance", {"seconds": 5})
    assert await till.word(sale) == "acting"
    assert len((await till.lab("GET", "/state"))[1]["phone"]["waiting"]) == 1
    assert (await till.lab("POST", "/phone/confirm"))[0] == 200
    await till.lab("POST", "/clock/advance", {"seconds": 10})
    assert await till.word(sale) == "paid"

    before = (await till.lab("POST", "/clock/advance", {"seconds": 1}))[1]["wall_ms"]
    status, told = await till.lab("POST", "/clock/advance", {"seconds": 86_400})
    assert (status, (told["wall_ms"] - before) // 1000) == (200, 86_400)
    assert (await till.lab("POST", "/faults", {"name": "clock+10min"}))[0] == 200
    _, after = await till.lab("POST", "/clock/advance", {"seconds": 1})
    assert (after["wall_ms"] - told["wall_ms"]) // 1000 == 601
    _, rows = await till.lab("GET", "/faults")
    assert {each["name"]: each["here"] for each in rows["faults"]}["clock+10min"]


async def test_what_virtual_time_has_not_is_said_and_the_service_refuses_by_itself(till: Till) -> None:
    headers = {"Authorization": f"Bearer {till.key}"}
    async with till.session.get(f"{till.url}/api/v1/live", headers=headers) as answer:
        assert (answer.status, "GET /api/v1/events?after=N" in await answer.text()) == (501, True)
    too_long = {"title": "x" * SALE_BYTES}
    status, told = await till.api("POST", "/sales", too_long, **{"Idempotency-Key": "virtual-0021"})
    assert (status, told["slug"]) == (413, "body_too_large")
    async with till.session.get(f"{till.url}/api/v1/sales", headers=headers) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
