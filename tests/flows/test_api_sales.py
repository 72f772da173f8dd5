"""Sales over the real HTTP edge, from the first call to the receipt."""

from pathlib import Path
from typing import Any

import pytest

from tests.flows.api_rig import open_shop


@pytest.mark.row(3, 88)
async def test_a_sale_is_opened_shown_paid_and_told(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        pos = await shop.machine()
        told = await pos.post("/sales", {"counter": "1", "amount_minor": 2850, "order_no": "A-1", "title": "Tea"})
        assert (told.status, told.body["word"], told.body["amount_minor"]) == (201, "waiting", 2850)
        sale = told.body["id"]
        await shop.service.until(sale, lambda now: now.attempts[-1].state == "shown", 10.0)
        counter = await pos.get("/counters/1")
        assert counter.body["screen"]["kind"] == "code"
        assert counter.body["sale"]["id"] == sale
        shop.pay(told.body["attempts"][0]["id"])
        await shop.until(sale, "paid")
        paid = await pos.get(f"/sales/{sale}")
        assert (paid.body["state"], paid.body["paid_minor"], paid.body["settled"]) == ("paid", 2850, None)
        timeline = await pos.get(f"/sales/{sale}/events")
        types = [event["type"] for event in timeline.body["events"]]
        assert types.index("sale_opened") < types.index("sale_moved")
        opened = timeline.body["events"][0]
        assert opened["actor"].startswith("pos:"), "who did it is the key, not the service"
        assert all("index" not in event["body"] for event in timeline.body["events"])
