"""Slips that wait for a person: a morning after a night without paper is still one short answer."""

from pathlib import Path

from terminal.payments.event import Owed
from tests.flows.api_rig import open_shop


async def test_row_62_the_oldest_twenty_slips_are_told_and_how_many_wait(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        till = await shop.till()
        sale = await shop.paid(till)
        listed = shop.service.lane("1").paper.listed
        for number in range(30, 0, -1):
            subject = sale["id"] if number <= 21 else "a sale that nobody needs to read"
            listed[f"e{number}"] = (Owed(f"e{number}", "receipt", "1", subject, number, 0, {}), "old")
        told = (await till.get("/counters/1")).body
        assert [each["effect"] for each in told["slips"]] == [f"e{number}" for number in range(1, 21)]
        assert {each["no"] for each in told["slips"]} == {sale["no"]}
        assert told["slips_waiting"] == 30
        assert (await till.post("/counters/1/slips/e5", {"print": False})).body == {"done": True}
        assert (await till.get("/counters/1")).body["slips_waiting"] == 29
