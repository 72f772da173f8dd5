"""The code's picture, read back by a stranger from pixels drawn from its own path."""

import re

import pytest
from PIL import Image, ImageDraw

from terminal.web.pages.code_picture import QUIET, code_svg
from tests.qr_seen import texts_in


@pytest.mark.row(25)
@pytest.mark.parametrize(
    "payload", ["weixin://wxpay/bizpayurl?pr=NwY5Mz9&groupid=00", "HTTPS://X.EXAMPLE/1", "中文 7"]
)
def test_the_picture_is_the_code_with_its_quiet_zone(payload: str) -> None:
    svg = code_svg(payload)
    found = re.search(r'viewBox="0 0 (\d+) ', svg)
    assert found
    side = int(found[1])
    picture = Image.new("L", (side * 6, side * 6), 255)
    draw = ImageDraw.Draw(picture)
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1", svg)
    for x, y, width in ((int(a), int(b), int(c)) for a, b, c in runs):
        draw.rectangle((x * 6, y * 6, (x + width) * 6 - 1, y * 6 + 5), fill=0)
    assert texts_in(picture) == [payload]
    assert min(int(x) for x, _, _ in runs) == QUIET
