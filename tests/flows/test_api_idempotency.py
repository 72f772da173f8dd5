"""One key, one meaning, one answer: in parallel, with other words, and over a restart in between (I15, I16)."""

import asyncio
from pathlib import Path

import pytest

from tests.flows.api_rig import open_shop

SALE = {"counter": "1", "amount_minor": 2850}


@pytest.mark.row(88)
async def test_i16_the_same_key_and_meaning_is_one_sale_however_it_is_written(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        first = await pos.post("/sales", SALE, key="till-1-0001")
        again = await pos.post(
            "/sales", {"currency": "CNY", "title": "", "amount_minor": 2850, "counter": "1"}, key="till-1-0001"
        )
        assert (first.status, again.status) == (201, 201)
        assert first.body["id"] == again.body["id"]
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(shop.service.feed.list("sale")) == 1


async def test_i16_the_same_key_with_another_meaning_is_refused(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        await pos.post("/sales", SALE, key="till-1-0001")
        told = await pos.post("/sales", {**SALE, "amount_minor": 2851}, key="till-1-0001")
        assert (told.status, told.slug) == (422, "idempotency_other_meaning")
        stranger = await shop.machine()
        other = await stranger.post("/sales", SALE, key="till-1-0001")
        assert other.slug == "sale_live", "another credential's key is another key"


async def test_a_key_is_required_and_has_a_form(tmp_path: Path) -> None:
    money = {
        "/sales": SALE,
        "/sales/x/refunds": {"reason": "r"},
        "/sales/x/code": {},
        "/counters/1/scan": {"code": "1"},
    }
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        for path, body in money.items():
            missing = await pos.post(path, body, key="")
            assert (missing.status, missing.slug) == (400, "idempotency_key_missing"), path
            for key in ("short", "k" * 65, "with space", "key/1234567"):
                bad = await pos.post(path, body, key=key)
                assert (bad.status, bad.slug) == (400, "idempotency_key_bad"), (path, key)


async def test_i16_the_disk_is_asked_once_whether_a_key_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who holds a key has looked, and nobody else may use it meanwhile: somebody stands before a dark glass."""
    async with open_shop(tmp_path) as shop:
        pos, asked, claimed = await shop.machine(), list[str](), shop.service.feed.claimed

        def counting(kind: str, key: str) -> str | None:
            asked.append(kind)
            return claimed(kind, key)

        monkeypatch.setattr(shop.service.feed, "claimed", counting)
        assert (await pos.post("/sales", SALE, key="till-1-0001")).status == 201
        assert asked.count("idem") == 1


@pytest.mark.row(3)
async def test_i16_a_restart_between_two_calls_changes_nothing(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        first = await pos.post("/sales", SALE, key="till-1-0001")
        await shop.restart()
        pos.url, pos.session = shop.url, shop.session
        again = await pos.post("/sales", SALE, key="till-1-0001")
        assert (again.status, again.body["id"]) == (201, first.body["id"])
        assert (await pos.post("/sales", {**SALE, "amount_minor": 1}, key="till-1-0001")).status == 422
        assert len(shop.service.feed.list("sale")) == 1


async def test_i15_fifty_parallel_starts_are_one_sale_and_the_rest_name_it(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        told = await asyncio.gather(*(pos.post("/sales", SALE, key=f"start-{n:04d}") for n in range(50)))
        made = [each for each in told if each.status == 201]
        assert len(made) == 1
        sale = made[0].body["id"]
        refused = [each for each in told if each.status != 201]
        assert {(each.status, each.slug, each.body["facts"]["sale"]) for each in refused} == {
            (409, "sale_live", sale)
        }
        assert len(shop.service.feed.list("sale")) == 1


async def test_i16_fifty_times_the_same_key_at_once_is_one_sale(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        told = await asyncio.gather(*(pos.post("/sales", SALE, key="the-one-key") for _ in range(50)))
        made = {each.body["id"] for each in told if each.status == 201}
        running = [each for each in told if each.status != 201]
        assert len(made) == 1
        assert all((each.status, each.slug) == (409, "idempotency_running") for each in running)
        assert all(each.headers["Retry-After"] == "1" for each in running)
        assert len(shop.service.feed.list("sale")) == 1


async def test_i16_a_no_that_was_decided_stays_a_no_also_over_a_restart(tmp_path: Path) -> None:
    """A repeat that was long on the way must not open a sale when its counter has become free."""
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        first = await shop.shown(pos)
        refused = await pos.post("/sales", SALE, key="till-1-0002")
        assert (refused.status, refused.body["facts"]["sale"]) == (409, first["id"])
        await pos.post(f"/sales/{first['id']}/cancel")
        await shop.until(first["id"], "cancelled")
        again = await pos.post("/sales", SALE, key="till-1-0002")
        assert (again.status, again.slug, again.body["facts"]) == (409, "sale_live", refused.body["facts"])
        await shop.restart()
        pos.url, pos.session = shop.url, shop.session
        assert (await pos.post("/sales", SALE, key="till-1-0002")).slug == "sale_live"
        assert (await pos.post("/sales", SALE, key="till-1-0003")).status == 201


async def test_what_may_pass_is_not_kept(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        bad = await pos.post("/sales", {**SALE, "amount_minor": 0}, key="till-1-0004")
        assert bad.status == 400
        shop.service.stopping = True
        stopping = await pos.post("/sales", SALE, key="till-1-0004")
        assert (stopping.status, stopping.slug) == (503, "stopping")
        shop.service.stopping = False
        assert (await pos.post("/sales", SALE, key="till-1-0004")).status == 201


async def test_an_order_number_is_one_sale_for_ever(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        first = await pos.post("/sales", {**SALE, "order_no": "A-7"})
        again = await pos.post("/sales", {**SALE, "order_no": "A-7"})
        assert (first.status, again.status, again.body["id"]) == (201, 200, first.body["id"])
        other = await pos.post("/sales", {**SALE, "order_no": "A-7", "amount_minor": 5})
        assert (other.status, other.slug, other.body["facts"]["sale"]) == (409, "order_no_used", first.body["id"])


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_s42_a_scan_is_repeated_under_its_key_and_its_code_is_nowhere(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        sale = await pos.post("/sales", {**SALE, "directions": ["pull"]})
        code = shop.wallet_code()
        first = await pos.post("/counters/1/scan", {"code": code}, key="scan-0001")
        again = await pos.post("/counters/1/scan", {"code": code}, key="scan-0001")
        other = await pos.post("/counters/1/scan", {"code": shop.wallet_code()}, key="scan-0001")
        assert (first.status, again.status) == (201, 201)
        assert len(again.body["attempts"]) == 1
        assert other.slug == "idempotency_other_meaning"
        await shop.until(sale.body["id"], "paid")
    stored = on_disk(tmp_path)
    assert stored
    assert code.encode() not in stored


async def test_i16_a_refund_is_sent_once_under_its_key_also_over_a_restart(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        owner = await shop.owner()
        sale = await shop.paid(owner)
        path, body = f"/sales/{sale['id']}/refunds", {"reason": "spilt", "amount_minor": 850}
        first = await owner.post(path, body, key="refund-0001")
        again = await owner.post(path, body, key="refund-0001")
        assert (first.status, again.status) == (201, 201)
        assert first.body["refund"]["id"] == again.body["refund"]["id"]
        await shop.restart()
        owner = await shop.owner()
        after = await owner.post(path, body, key="refund-0001")
        assert after.body["refund"]["id"] == first.body["refund"]["id"]
        assert len(after.body["sale"]["refunds"]) == 1
        assert (await owner.post(path, {"reason": "spilt"}, key="refund-0001")).slug == "idempotency_other_meaning"
