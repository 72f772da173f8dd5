"""What axe-core says of a page: a stranger's judgement, beside our own of ``sound.py``.

Source: Deque Systems, axe-core rules tagged wcag2a to wcag22aa and best-practice; "serious" and "critical" fail.
"""

from typing import Final

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_SCRIPT: Final = Axe().axe_script
_RUN: Final = """
async () => (await axe.run(document, { resultTypes: ["violations"], elementRef: false })).violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id} (${each.impact}): ${node.html.slice(0, 160)}`))
"""


async def violations(page: Page) -> list[str]:
    """One line a finding; a sound page has none."""
    await page.evaluate(_SCRIPT)
    found: list[str] = await page.evaluate(_RUN)
    return found
