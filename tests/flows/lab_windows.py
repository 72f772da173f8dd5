"""The demo's two windows: a till, and the lab with its phone, glass, paper, scanner and speaker."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import pytest_asyncio
from playwright.async_api import ConsoleMessage, Locator, Page, async_playwright, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from terminal.lab.demo_settings import Places, Ports
from terminal.payments.refund import REFUND_ENDED
from tests.flows.browser.chromium import find_chromium
from tests.flows.ports import claim
from tests.flows.test_demo import demo

WAIT_MS = 30_000


@dataclass
class Windows:
    lab: Page
    till: Page
    key: str
    owner_pin: str
    root: Path  # the demo's folder
    complaints: list[str] = field(default_factory=list)
    begun: dict[str, int] = field(default_factory=dict)

    async def press(self, button: str) -> None:
        """In front: of a window behind another one Chromium draws a frame a second, and a click waits for two."""
        await self.lab.bring_to_front()
        await self.lab.click(button)

    async def type(self, keys: str) -> None:
        for key in keys:
            await self.till.keyboard.press(key)
            await self.till.wait_for_timeout(40)  # like fingers, not like a scanner
        await self.till.keyboard.press("Enter")

    async def open_sale(self, keys: str) -> None:
        await self.type(keys)
        await expect(self.lab.locator("#glass-says")).to_have_text("code")

    async def break_it(self, slug: str, **params: str) -> None:
        """Choose a fault by its name and press the button; what must happen stands beside it."""
        await self.lab.select_option("#fault-slug", slug)
        await expect(self.lab.locator("#fault-expected")).not_to_be_empty()
        for name, value in params.items():
            await self.lab.fill(f"[data-param={name}]", value)
        await self.press("#fault button[type=submit]")
        begun = self.lab.locator("#lines .lab", has_text=f"{slug} begins")
        self.begun[slug] = self.begun.get(slug, 0) + 1
        await expect(begun).to_have_count(self.begun[slug])

    async def pay(self, *, looks: int = 1) -> None:
        """The customer scans the glass and pays. ``looks``: how often, where its code may be gone for a moment."""
        act = self.lab.locator("#order-acts [data-act=pay]")
        for _ in range(looks - 1):
            await self.press("#scan-glass")
            with suppress(PlaywrightTimeout):
                await act.wait_for(timeout=2_000)
                break
        else:
            await self.press("#scan-glass")
        await self.press("#order-acts [data-act=pay]")

    async def test(self, role: str) -> None:
        """On the setup page, until that knows it: what an earlier test left there is not this one's word."""
        await self.till.click(f"[data-test={role}]")
        await self.till.locator(f"[data-test={role}]:disabled").wait_for()

    async def heard(self, amount: str) -> None:
        try:
            await expect(self.lab.locator("#spoken li", has_text=amount)).to_have_count(1)
        except AssertionError as error:
            raise AssertionError(f"{amount} not heard: {await self.last_sale()}") from error

    async def paper(self, number: int) -> str:
        """What stands on a slip; 0 hangs on the roll."""
        text = await self.lab.evaluate("(no) => fetch(`/lab/paper/${no}.txt`).then((told) => told.text())", number)
        return str(text)

    async def last_sale(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = await self.till.evaluate(
            """async () => {
                const ask = async (path) => (await fetch(`/api/v1${path}`)).json();
                const [last] = (await ask("/sales?limit=1")).sales;
                return (await ask(`/sales/${last.id}/events`)).events;
            }"""
        )
        return told

    async def journal(self) -> list[str]:
        """The last sale's events, attempts by the state they moved to."""
        told = await self.last_sale()
        return [each["body"]["to"] if each["type"] == "attempt_moved" else each["type"] for each in told]

    async def notified(self, end: str) -> Locator:
        """The timeline's lines of notifications of the last sale's order that ended this way."""
        order = next(each["body"]["attempt"] for each in await self.last_sale() if "attempt" in each["body"])
        return self.lab.locator("#lines .bank", has_text=re.compile(f"TRANSACTION.SUCCESS .*{order} .*: {end}"))

    async def events(self, after: int) -> dict[str, Any]:
        """Journal events as a script with the demo's key reads them."""
        address = f"{urljoin(self.till.url, '/api/v1/events')}?after={after}"
        told = await self.till.request.get(address, headers={"Authorization": f"Bearer {self.key}"})
        return dict(await told.json())

    async def sale_by_script(self, amount_minor: int, currency: str) -> str:
        """A sale that a till of the shop's own currency cannot begin; its id."""
        address = urljoin(self.till.url, "/api/v1/sales")
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f"story-{currency}-{amount_minor}"}
        body = {"counter": "1", "amount_minor": amount_minor, "currency": currency}
        told = await self.till.request.post(address, headers=headers, data=body)
        assert told.status == 201, await told.text()
        await expect(self.lab.locator("#glass-says")).to_have_text("code")
        return str((await told.json())["id"])

    async def sale(self, sale: str) -> dict[str, Any]:
        address = urljoin(self.till.url, f"/api/v1/sales/{sale}")
        told = await self.till.request.get(address, headers={"Authorization": f"Bearer {self.key}"})
        return dict(await told.json())

    async def settled(self, *sales: str) -> None:
        """Until each is; the reconciliation follows the payment."""
        async with asyncio.timeout(WAIT_MS / 1000):
            while True:
                if all([(await self.sale(each))["settled"] for each in sales]):
                    return
                await asyncio.sleep(0.1)

    async def green(self, amount: str) -> None:
        await expect(self.till.locator("#panel.tone-paid #panel-amount")).to_have_text(amount)

    async def slips(self) -> int:
        """How many were cut so far, read where a person sees them, once nothing is being printed any more."""
        async with asyncio.timeout(WAIT_MS / 1000):
            while await self._printing() or not await self._rolled_out():  # noqa: ASYNC110  # others' work
                await asyncio.sleep(0.05)
        return await self._newest()

    async def _printing(self) -> bool:
        """Whether a slip is owed that waits for no person: an earlier story's sale may be paid since a moment."""
        address = urljoin(self.till.url, "/api/v1/counters/1")
        view = await self.till.request.get(address, headers={"Authorization": f"Bearer {self.key}"})
        asked = {each["effect"] for each in (await view.json())["slips"]}
        with closing(sqlite3.connect(f"file:{Places(self.root).state}/journal.db?mode=ro", uri=True)) as journal:
            owed = {name for (name,) in journal.execute("SELECT id FROM owed WHERE kind = 'receipt'")}
            rows = journal.execute(
                "SELECT body FROM event WHERE type IN ('refund_started', 'refund_moved')"
            ).fetchall()
        refunds: dict[str, str] = {}
        for (text,) in rows:
            body = json.loads(text)
            refunds[body["refund"]] = body.get("to", "begun")
        return not owed <= asked or not REFUND_ENDED.issuperset(refunds.values())  # one that ends has a slip too

    async def _rolled_out(self) -> bool:
        """The page shows the last one that is there."""
        following = urljoin(self.lab.url, f"/lab/paper/{await self._newest() + 1}.txt")
        return (await self.lab.request.get(following)).status == 404

    async def _newest(self) -> int:
        newest = self.lab.locator("#roll img:not(.hanging)")
        return int((await newest.first.get_attribute("alt") or "").split()[-1]) if await newest.count() else 0

    async def paid(self, amount: str, slip: int) -> None:
        """Green, and this slip is out: the newest one."""
        await self.green(amount)
        newest = self.lab.locator("#roll img:not(.hanging)").first
        try:
            await expect(newest).to_have_attribute("alt", re.compile(rf"\D{slip}$"))
        except AssertionError as error:
            told = [(each["type"], each["body"]) for each in await self.last_sale()]
            raise AssertionError(f"not slip {slip} alone: {told}") from error


def _is_wrong(line: ConsoleMessage) -> bool:
    """A killed service refuses connections and an act asks for a PIN: their stories, no mistakes of a page."""
    expected = ("ERR_CONNECTION", "status of 401")
    return line.type == "error" and not any(each in line.text for each in expected)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def windows(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Windows]:
    places, ports = Places(tmp_path_factory.mktemp("page") / "demo"), Ports(claim())
    async with demo(places.root, ports, "--no-sale") as run, async_playwright() as playwright:
        await run.until("Ctrl-C ends everything")
        address = dict(re.findall(r"^  (\w+) +(http\S+)$", run.said, re.MULTILINE))
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = await browser.new_context(
            viewport={"width": 1280, "height": 800}, locale="en-GB", reduced_motion="reduce"
        )
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        pin = re.search(r"owner (\d+)", run.said)
        assert pin is not None
        key = (places.state / "api-key").read_text().strip()
        opened = Windows(await context.new_page(), await context.new_page(), key, pin[1], places.root)
        for page in (opened.lab, opened.till):
            page.on("pageerror", lambda error: opened.complaints.append(str(error)))
            page.on(
                "console",
                lambda line: (
                    opened.complaints.append(f"{line.text} {line.location['url']}") if _is_wrong(line) else None
                ),
            )
        await opened.lab.goto(address["lab"])
        await opened.till.goto(address["till"])
        await opened.till.locator("#keys button").first.wait_for()
        yield opened
        await browser.close()
