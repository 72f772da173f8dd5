"""The bank's own listener: yes only when it is durable, no without a word more than no (S15, I6)."""

import asyncio
from pathlib import Path

import pytest

from tests.flows.api_rig import Shop, open_shop


async def delivery(shop: Shop) -> tuple[bytes, dict[str, str]]:
    """One genuine notification, not yet delivered: the postman stays at home."""
    shop.stop_post()
    pos = await shop.machine()
    sale = await shop.shown(pos)
    shop.pay(sale["attempts"][0]["id"])
    [owed] = shop.bank.due(shop.clock.wall_ms())
    return owed.body, dict(owed.headers)


@pytest.mark.row(30)
async def test_i6_a_genuine_notice_is_answered_when_the_journal_has_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        before = shop.service.feed.last_number()
        told = await shop.notice(body, headers)
        assert (told.status, told.body) == (204, "")
        types = [event.type for event in shop.journal.after(before, limit=100)]
        assert "attempt_moved" in types
        assert "sale_moved" in types
        again = await shop.notice(body, headers)
        assert again.status == 204, "a repeated notice finds it known"
        assert [each.type for each in shop.journal.after(0, limit=1000)].count("sale_moved") == 1


async def test_b5_what_proves_nothing_is_401_and_learns_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        forged = {**headers, "Wechatpay-Signature": "AAAA"}
        bare = {name: value for name, value in headers.items() if not name.lower().startswith("wechatpay")}
        for sent, data in ((forged, body), (bare, body), (headers, body.replace(b"1", b"2", 1)), (bare, b"")):
            told = await shop.notice(data, sent)
            assert told.status in {400, 401}, told
            assert set(told.body) == {"code", "message"}
            assert told.body["code"] == "FAIL"
            assert "signature" not in told.body["message"]
            assert told.headers["Server"] == "countertop"
        assert (await shop.notice(body, headers)).status == 204


async def test_s15_nothing_else_is_at_that_address(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        assert (await shop.notice(body, headers, channel="nobody")).status == 404
        for path in ("/", "/api/v1/health", "/notify/wechatpay/more", "/checkout"):
            told = await shop.client().ask("GET", shop.notices_url + path, headers={})
            assert (told.status, told.body["code"]) == (404, "FAIL"), path
        told = await shop.client().ask("GET", f"{shop.notices_url}/notify/wechatpay", headers={})
        assert told.status == 404


async def test_w3_s15_a_notice_is_small_and_arrives_whole(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        assert (await shop.notice(b"x" * (64 * 1024 + 1), {})).status == 413
        assert (await shop.notice(b"x" * (64 * 1024), {})).status == 401


async def test_s10_a_header_that_comes_twice_is_no_header(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        lines = [f"{name}: {value}" for name, value in headers.items()]
        doubled = next(line for line in lines if line.lower().startswith("wechatpay-signature:"))
        status = await shop.raw_notice([*lines, doubled], body)
        assert status == 400


async def test_i6_when_the_journal_fails_the_bank_is_asked_to_come_again(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        shop.disk.full = True
        told = await shop.notice(body, headers)
        assert (told.status, told.body["message"]) == (503, "later")
        shop.disk.full = False
        assert (await shop.notice(body, headers)).status == 204


async def test_s15_a_bug_of_ours_is_no_yes_and_tells_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        kept = shop.service.notices
        del shop.service.notices  # what a bug does: something that must be there is not
        told = await shop.notice(body, headers)
        assert told.status == 500
        assert "notices" not in str(told.body)
        shop.service.notices = kept
        assert (await shop.notice(body, headers)).status == 204, "so the bank's next try is heard"


async def test_a_service_that_is_not_ready_says_later(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        shop.service.stopping = True
        assert (await shop.notice(body, headers)).status == 503
        shop.service.stopping = False
        assert (await shop.notice(body, headers)).status == 204


async def test_b7_parallel_deliveries_of_one_notice_pay_once(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        body, headers = await delivery(shop)
        told = await asyncio.gather(*(shop.notice(body, headers) for _ in range(10)))
        assert {each.status for each in told} == {204}
        events = [event.type for event in shop.journal.after(0, limit=1000)]
        assert events.count("sale_moved") == 1
