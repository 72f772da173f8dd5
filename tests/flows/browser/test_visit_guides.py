"""The guides on paper: as many pages as they promise, in every language, also from a screen set to dark."""

import re

import pytest

from terminal.help.languages import LANGUAGES
from tests.flows.browser.conftest import Till

pytestmark = [
    pytest.mark.browser,
    pytest.mark.no_cover,  # the service in this process is measured by the tests of its calls and pages
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("browser"),
    pytest.mark.slow,  # five minutes hold no more pages; make test-long
]
PAGES = {"shopkeeper": 4, "visit": 1, "incidents": 3}


@pytest.mark.row(153)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_guide_fits_the_pages_it_promises_and_is_black_on_white(till: Till, language: str) -> None:
    page = till.page
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{till.shop.url}/help?language={language}")
    for name, most in PAGES.items():
        await page.goto(f"{till.shop.url}/help/guide/{name}")
        printed = await page.pdf(format="A4", prefer_css_page_size=True)
        assert 0 < len(re.findall(rb"/Type\s*/Page\b", printed)) <= most, name
    await page.emulate_media(media="print")
    colours = await page.locator(".guide").evaluate(
        "(it) => [getComputedStyle(it).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours == ["rgb(22, 24, 27)", "rgb(255, 255, 255)"]
    for hidden in (".top", ".guides", ".test-band"):
        assert await page.locator(hidden).is_hidden(), hidden
