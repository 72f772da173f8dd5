"""Webhooks of the service as it is built: from the settings to another server, and into the ledger (S18, S19)."""

from pathlib import Path

import aiohttp
import pytest

from terminal.app import running
from terminal.cli.client import api
from terminal.cli.serve.first_start import first_links
from terminal.settings import load
from terminal.web.callers import SESSION
from terminal.wiring.privacy import read_ledger
from tests.flows.api_rig import OWNER_PIN
from tests.flows.cli_rig import Place
from tests.flows.receiver import Receiver, receiving
from tests.flows.sandbox_rig import running_sandbox


@pytest.mark.row(90, 122)
async def test_s18_s19_a_server_in_the_shop_that_the_settings_name_gets_events_and_the_ledger_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop").mkdir()
    place, receiver = Place(tmp_path / "shop"), Receiver()
    async with running_sandbox(tmp_path / "bank") as bank, receiving(receiver):
        place.write(bank)
        with place.config.open("a", encoding="utf-8") as file:
            file.write('\n[webhooks]\nallow = ["127.0.0.1"]\n')
        loaded = load(place.config)
        async with running(loaded) as now, aiohttp.ClientSession() as session:
            await first_links(now, loaded)
            code = now.people.new_set_up_code()
            token = (await now.people.set_up(code, label="Ana", pin=OWNER_PIN, device="here")).session_token
            headers = {
                "Cookie": f"{SESSION}={token}",
                "Origin": place.url,
                "Sec-Fetch-Site": "same-origin",
                "X-Requested-With": "countertop",
                "Idempotency-Key": "hook-0001",
            }
            url = f"http://127.0.0.1:{receiver.port}/countertop/events"
            wish = {"label": "Back office", "url": url, "events": ["sale_opened"]}
            async with session.post(f"{place.url}/api/v1/hooks", json=wish, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                receiver.secret = (await answer.json())["secret"]
            async with api(place.url, place.key_file) as service:
                sale = await service.post("/sales", {"counter": "1", "amount_minor": 2850}, key="sale-0001")
            await receiver.until(lambda: len(receiver.came) == 1)
            assert receiver.came[0][1]["subject"] == sale["id"]
            assert receiver.forged == 0
    sent = [each for each in read_ledger(loaded) if each.purpose == "webhook"]
    assert {each.host for each in sent} == {f"127.0.0.1:{receiver.port}"}
    assert [each.requests for each in sent if each.operation.startswith("POST")] == [1]
