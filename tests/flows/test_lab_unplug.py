"""Every device of the lab pulled out and put back by hand, idle and in a sale: seen, told once, nothing lost."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, expect

from firmware_stubs.cables import PtyCable
from firmware_stubs.paper import text_view
from firmware_stubs.printer import PrinterStub
from terminal.lab.eye import digits_heard
from tests.flows.browser.chromium import MISSING, find_chromium
from tests.flows.lab_windows import Windows, windows

__all__ = ["windows"]  # the fixture is found by its name

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not find_chromium(), reason=MISSING),
]
SIGN_IN = """async ([pin]) => {
    const { people } = await (await fetch("/api/v1/people")).json();
    const person = people.find((each) => each.role === "owner").id;
    const headers = { "Content-Type": "application/json", "X-Requested-With": "countertop" };
    await fetch("/api/v1/sign-in", { method: "POST", headers, body: JSON.stringify({ person, pin }) });
}"""
ROLES = ("display", "scanner", "printer", "speaker")


async def turn(windows: Windows, *, plugged: bool) -> None:
    """All four plugs, one after the other, until the till's bar has seen each."""
    for role in ROLES:  # not ``click``: behind the till's window it waits a second for a frame
        button = windows.lab.locator(f"[data-plug={role}][aria-pressed={str(not plugged).lower()}]")
        await button.dispatch_event("click")
    for role in ROLES:
        chip = windows.till.locator(f"#chip-{role}")
        await expect(chip).to_have_class("ok" if plugged else "fault")
        await expect(chip).to_contain_text("OK" if plugged else "Fault")


def told(root: Path, role: str) -> list[str]:
    """What the service's log says of a device: one line a change of state."""
    log = (root / "logs" / "service.log").read_text("utf-8")
    return re.findall(rf"\b{role} (?:at \S+|of counter \S+): (.*)", log)


@pytest.mark.row(43, 44, 45)
async def test_l1_every_plug_pulled_and_put_back_idle_and_in_a_sale(windows: Windows) -> None:
    lab, till = windows.lab, windows.till
    for role in ROLES:
        await expect(till.locator(f"#chip-{role}")).to_have_class("ok")
    await till.bring_to_front()
    before = {role: len(told(windows.root, role)) for role in ROLES}

    await turn(windows, plugged=False)
    await till.locator("#chip-printer button").click()
    await expect(till.get_by_text("The printer is not connected. The receipt is kept.")).to_be_visible()
    await till.keyboard.press("Escape")
    await turn(windows, plugged=True)
    await expect(lab.locator("#glass-says")).to_have_text("idle")
    for role in ROLES:
        assert told(windows.root, role)[before[role] :] == [f"{role}_gone", "ok"], role

    await windows.open_sale("2850")
    await turn(windows, plugged=False)
    await expect(till.locator("#turned:not([hidden]) img")).to_be_visible()  # the code stands on the till
    await expect(till.locator("#panel.tone-waiting #panel-word")).to_have_text("Waiting for customer")
    await turn(windows, plugged=True)
    await expect(lab.locator("#glass-says")).to_have_text("code")
    await windows.pay()
    await windows.paid("¥28.50", 1)
    await windows.heard("二十八元五角")
    for role in ROLES:
        assert told(windows.root, role)[before[role] :] == [f"{role}_gone", "ok"] * 2, role
    journal = await windows.journal()
    assert [each for each in journal if each in ("paid", "print_started", "exception_opened")] == [
        "paid",
        "print_started",
    ]
    assert windows.complaints == []


@pytest.mark.row(97)
async def test_the_command_has_the_running_service_prove_its_devices(windows: Windows) -> None:
    address = urlsplit(windows.till.url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from terminal.cli import main; main()"),
        *("devices", "test", "display", "scanner", "printer", "--json"),
        *("--url", f"{address.scheme}://{address.netloc}"),
        *("--key-file", str(windows.root / "state" / "api-key")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    told = json.loads(out)
    assert (process.returncode, told["where"], told["passed"]) == (0, "service", True), told
    assert [each["role"] for each in told["proofs"]] == ["display", "scanner", "printer"]


async def typed(windows: Windows, role: str, digits: str) -> None:
    await windows.till.fill(f"#place-{role} .answer input", digits)
    await windows.till.keyboard.press("Enter")


def passed(windows: Windows, role: str) -> Locator:
    return windows.till.locator(f"#place-{role} .verdict.passed")


@pytest.mark.row(42, 44, 45, 97)
async def test_the_set_up_page_tests_each_device_and_takes_another_printer_that_is_plugged_in(
    windows: Windows,
) -> None:
    page, address = windows.till, urlsplit(windows.till.url)
    here = f"{address.scheme}://{address.netloc}"
    await page.bring_to_front()  # behind another window every click waits seconds for its frames
    await page.set_viewport_size({"width": 1024, "height": 600})
    await page.evaluate(SIGN_IN, [windows.owner_pin])
    await page.goto(f"{here}/")
    await page.get_by_role("link", name="Devices", exact=True).press("Enter")
    for role in ("display", "scanner", "printer"):
        await page.click(f"[data-test={role}]")
        await expect(passed(windows, role)).to_be_visible()
    await page.click("[data-test=speaker]")
    said = windows.lab.locator("#spoken li", has_text=re.compile("[一二三四五六七八九]{4}"))
    await expect(said).to_have_count(1)
    await typed(windows, "speaker", digits_heard(await said.inner_text()))
    await expect(passed(windows, "speaker")).to_be_visible()
    await expect(page.locator("#place-display .measured")).to_contain_text("read CT-PROOF-")

    spare = PrinterStub()
    cable = PtyCable(spare, windows.root / "lab" / "dev" / "spare")
    await cable.plug()
    try:
        row = page.locator("#ports li", has_text="spare")
        await expect(row.locator(".new")).to_be_visible()
        await expect(row).to_contain_text("This looks like")
        await row.get_by_role("button", name="Use it").click()
        await expect(page.locator("#choose-role")).to_have_value("printer")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("#told")).to_contain_text("Saved: Printer")
        await expect(page.locator("#place-printer .state.ok")).to_be_visible()
        await page.click("[data-test=printer]")
        await expect(page.locator("#place-printer .answer")).to_be_visible()
        await until(lambda: len(spare.slips) == 1)
        lines = [line.strip() for line in text_view(spare.slips[0], spare.head.width_dots)]
        await typed(windows, "printer", next(line for line in lines if re.fullmatch(r"[1-9]{4}", line)))
        await expect(passed(windows, "printer")).to_be_visible()
    finally:
        await cable.unplug()
    await expect(page.locator("#place-printer .state.fault")).to_be_visible()
    for language in ("zh-CN", "pt-BR", "en"):
        await page.goto(f"{here}/devices?language={language}")
        await expect(page.locator("#place-printer .state.fault")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1024
    chosen = (windows.root / "state" / "devices.toml").read_text("utf-8")
    assert 'port = "link:' in chosen
    assert (await windows.events(0))["newest"] > 0
    assert windows.complaints == []


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):  # a watchdog
        while not holds():  # noqa: ASYNC110  # a simulated printer has nothing to wait for
            await asyncio.sleep(0.05)
