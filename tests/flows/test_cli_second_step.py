"""The second step in a terminal: a phone reads the picture of blocks, and the next sign-in asks for its code."""

from pathlib import Path

import pytest
from PIL import Image

from terminal.cli.second_step import enrol
from terminal.cli.words import Problem
from tests.authenticator import Phone
from tests.flows.api_rig import OWNER_PIN, open_shop
from tests.qr_seen import texts_in

LIT = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
DOT = 4


def photographed(text: str) -> str:
    """What a camera makes of half blocks on a dark terminal."""
    lines = text.splitlines()
    picture = Image.new("L", (len(lines[0]), 2 * len(lines)))
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            for half in (0, 1):
                picture.putpixel((x, 2 * y + half), LIT[block][half])
    big = picture.resize((picture.width * DOT, picture.height * DOT), Image.Resampling.NEAREST)
    return texts_in(big)[0]


@pytest.mark.row(124)
async def test_s36_a_phone_reads_the_terminal_and_the_next_sign_in_asks_for_its_code(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.owner()
        shown: list[str] = []
        phones: list[Phone] = []

        def ask(what: str) -> str:
            if what == "PIN":
                return OWNER_PIN
            if not phones:
                phones.append(Phone.scan(photographed(shown[0])))
            return phones[0].code(shop.clock.wall_ms())

        await enrol(shop.url, shop.owner_id, ask, shown.append)
        assert phones[0].label == "Countertop:Owner"
        assert len(shown) == 2 + 8, "the picture, the secret, the recovery codes"
        told = await shop.browser().post("/sign-in", {"person": shop.owner_id, "pin": OWNER_PIN})
        assert told.slug == "code_needed"
        assert [each.type for each in shop.journal.after(0, limit=1000)].count("second_step_set") == 1
        shop.clock.ahead_s += 30
        again: list[str] = []
        with pytest.raises(Problem, match="code_wrong"):
            await enrol(
                shop.url, shop.owner_id, lambda what: OWNER_PIN if what == "PIN" else "000000", again.append
            )
        assert again == [], "nobody without the old phone sees a new secret"
