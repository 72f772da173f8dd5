"""Every device of the lab pulled out and put back by hand, idle and in a sale: seen, told once, nothing lost."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.flows.browser.chromium import MISSING, find_chromium
from tests.flows.lab_windows import Windows, windows

__all__ = ["windows"]  # the fixture is found by its name

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not find_chromium(), reason=MISSING),
]
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
