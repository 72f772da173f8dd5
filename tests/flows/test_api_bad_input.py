"""What the outside may send and nobody may act on: one clear sentence, the right status (S1 to S3)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from terminal.help.registry import describe
from tests.flows.api_rig import Client, open_shop

SALE = {"counter": "1", "amount_minor": 2850}
BAD: list[tuple[bytes, int, str]] = [
    (b'{"counter":"1","amount_minor":0}', 400, "amount_not_positive"),
    (b'{"counter":"1","amount_minor":-5}', 400, "amount_not_positive"),
    (b'{"counter":"1","amount_minor":1e2}', 400, "amount_not_integer"),
    (b'{"counter":"1","amount_minor":100.0}', 400, "amount_not_integer"),
    (b'{"counter":"1","amount_minor":true}', 400, "amount_not_integer"),
    (b'{"counter":"1","amount_minor":"10"}', 400, "amount_not_integer"),
    (b'{"counter":"1","amount_minor":1000000000000000}', 400, "amount_too_large"),
    (b'{"counter":"1","amount_minor":5000001}', 422, "amount_over_limit"),
    (b'{"counter":"1","amount_minor":5,"currency":"XYZ"}', 400, "currency_unknown"),
    (b'{"counter":"1","amount_minor":5,"currency":"BRL"}', 422, "currency_not_taken"),
    (b'{"counter":"1","amount_minor":5,"amount_minor":6}', 400, "json_duplicate_key"),
    (b'{"counter":"9","amount_minor":5}', 404, "counter_unknown"),
    (b'{"counter":"1","amount_minor":5,"discount":1}', 400, "field_wrong"),
    (b'{"counter":"1"}', 400, "field_wrong"),
    (b'{"counter":1,"amount_minor":5}', 400, "field_wrong"),
    (b'{"counter":"1","amount_minor":5,"directions":[]}', 400, "field_wrong"),
    (b'{"counter":"1","amount_minor":5,"directions":["sideways"]}', 400, "field_wrong"),
    (b'{"counter":"1","amount_minor":5,"title":"a\\u001bb"}', 400, "field_wrong"),
    (b'{"counter":"1","amount_minor":5,"title":"\\u202eabc"}', 400, "field_wrong"),
    (b"[1,2]", 400, "field_wrong"),
    (b"null", 400, "field_wrong"),
    (b'{"counter":"1","amount_minor":NaN}', 400, "json_number"),
    (b'{"counter":"1"', 400, "json_unreadable"),
    (b"\xef\xbb\xbf{}", 400, "json_unreadable"),
    (b"\xff\xfe", 400, "json_unreadable"),
    (b"[" * 40 + b"]" * 40, 400, "json_too_deep"),
]


async def _raw(client: Client, path: str, body: bytes, **headers: str) -> Any:
    sent = {"Content-Type": "application/json", "Idempotency-Key": "key-of-bad-input", **headers}
    return await client.ask("POST", path, headers=sent, data=body)


@pytest.mark.row(136)
async def test_s1_s2_s3_every_bad_sale_gets_its_own_sentence_and_opens_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        for number, (body, status, slug) in enumerate(BAD):
            told = await _raw(pos, "/sales", body, **{"Idempotency-Key": f"bad-{number:06d}"})
            assert (told.status, told.slug) == (status, slug), body
            assert told.headers["Content-Type"] == "application/problem+json"
        assert shop.line.requests == []
        assert shop.service.feed.list("sale") == ()
        assert (await pos.post("/sales", SALE)).status == 201, "and a good one still works"


async def test_s1_an_unknown_field_is_named(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        told = await pos.post("/sales", {**SALE, "discount": 1})
        assert told.body["facts"] == {"field": "discount"}
        told = await pos.post("/sales/x/refunds", {"reason": "r", "approver": {"person": "p", "pim": "1"}})
        assert told.body["facts"] == {"field": "approver.pim"}


@pytest.mark.row(136)
async def test_a_problem_speaks_the_callers_language(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        for language in ("en", "zh-CN", "pt-BR"):
            await in_language(pos, language)


async def in_language(pos: Client, language: str) -> None:
    told = await pos.post("/sales", {**SALE, "amount_minor": 0}, Accept_Language=f"{language},en;q=0.1")
    expected = describe("amount_not_positive", {}, language)
    assert told.headers["Content-Language"] == language
    assert told.body["title"] == expected.title
    assert told.body["detail"] == expected.sentence
    assert told.body["fix"] == expected.fix
    assert told.body["code"] == expected.code == "A-02"
    assert told.body["help"] == "/help/A-02"
    assert told.body["type"] == "urn:countertop:amount_not_positive"
    assert len(told.body["id"]) == 26


async def test_s3_queries_take_digits_known_names_and_each_once(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        for query in (
            "limit=0",
            "limit=101",
            "limit=1e1",
            "limit=+1",
            "limit=%EF%BC%91",
            "limit=1&limit=2",
            "before=-1",
            "order=desc",
            "limit=",
        ):
            told = await pos.get(f"/sales?{query}")
            assert (told.status, told.slug) == (400, "field_wrong"), query


async def test_addresses_and_methods_that_do_not_exist(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        nowhere = await pos.get("/nowhere")
        assert (nowhere.status, nowhere.slug) == (404, "not_found")
        unknown = await pos.get("/sales/01KAK3V5M2Q8ZP6T4W9XN7B1CD")
        assert (unknown.status, unknown.slug) == (404, "sale_unknown")
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            told = await pos.ask(method, "/sales", headers={})
            assert (told.status, told.slug) == (405, "method_not_allowed"), method
            assert "Access-Control-Allow-Origin" not in told.headers
        get = await pos.ask("GET", "/sign-in", headers={})
        assert (get.status, get.headers.get("Allow")) == (405, "POST")


async def test_i20_a_full_disk_is_told_and_nothing_is_started(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        shop.disk.full = True
        told = await pos.post("/sales", SALE)
        assert (told.status, told.slug) == (describe("disk_full", {}).status, "disk_full")
        assert told.status >= 500
        assert shop.line.requests == [], "journal first, then the world"
        shop.disk.full = False


async def test_a_service_that_still_reads_its_journal_starts_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        shop.service.ready = False
        for told in (await pos.post("/sales", SALE), await pos.get("/sales"), await pos.post("/sales/x/cancel")):
            assert (told.status, told.slug, told.headers["Retry-After"]) == (503, "starting", "1")
        assert (await pos.get("/health")).body == {"state": "starting"}
        shop.service.ready = True
        shop.edge.dead = lambda: True
        assert (await pos.get("/health")).body == {"state": "failed"}


async def test_s29_a_bug_of_ours_tells_an_id_and_nothing_else(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        del shop.service.aftercare  # what a bug does: something that must be there is not
        sale = await shop.paid(pos)
        told = await pos.post(f"/sales/{sale['id']}/reprint")
        assert (told.status, told.slug) == (500, "internal")
        assert len(told.body["id"]) == 26
        text = msgspec.json.encode(told.body)
        assert b"Traceback" not in text
        assert b"aftercare" not in text
