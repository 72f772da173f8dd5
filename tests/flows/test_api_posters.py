"""A transfer without a reference over HTTP: every till sees it, an owner says whose it is."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from terminal.payments.event import Actor, NewEvent
from tests.flows.api_rig import Shop, open_shop

READER = Actor("system", "statements")


async def left_over(shop: Shop, entry: str, minor: int) -> None:
    """As the reader of statements writes it; any channel of the shop may have an account behind it."""
    at = datetime.fromtimestamp(shop.clock.wall_ms() // 1000, UTC).isoformat()
    credit = {"line": 1, "entry": entry, "amount_minor": minor, "currency": "CNY", "at": at, "why": "no_reference"}
    row = {"kind": "statement", "state": "done", "final": True, "open": False, "channel": "wechatpay"}
    body: dict[str, Any] = {"channel": "wechatpay", "credits": [credit], "index": {"summary": row}}
    subject = f"statement:{entry}"
    await shop.service.feed.append([NewEvent("store:s1", "statement_unmatched", subject, READER, body)])


@pytest.mark.row(22)
async def test_every_till_sees_it_and_an_owner_says_whose_it_is(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        first = await shop.shown(till)
        await shop.shown(await shop.till("2"), counter="2", amount=999)
        await left_over(shop, "E/1", 2850)
        await left_over(shop, "E/2", 31)
        [credit] = (await till.get("/inbox")).body["credits"]
        assert (credit["entry"], credit["clash"], [each["sale"] for each in credit["sales"]]) == (
            "E/1", False, [first["id"]]
        )  # fmt: skip
        wish = {"channel": "wechatpay", "entry": "E/1", "sale": first["id"]}
        assert (await till.post("/inbox/credits", wish)).slug == "not_signed_in"
        assert (await (await shop.cashier()).post("/inbox/credits", wish)).slug == "not_allowed"
        owner = await shop.owner()
        told = await owner.post("/inbox/credits", {**wish, "entry": "E/9"})
        assert (told.status, told.slug) == (404, "credit_unknown")
        told = await owner.post("/inbox/credits", {**wish, "entry": "E/2"})
        assert (told.status, told.slug) == (409, "credit_no_match")
        told = await owner.post("/inbox/credits", wish)
        assert (told.status, told.body["state"], told.body["attempts"][-1]["provider_txn"]) == (200, "paid", "E/1")
        again = await owner.post("/inbox/credits", wish)
        assert (again.status, again.body["state"]) == (200, "paid")
        assert (await till.get("/inbox")).body["credits"] == []
