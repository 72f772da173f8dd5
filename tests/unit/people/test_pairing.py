"""Codes open one door once."""

import asyncio
import re

import pytest

from terminal.people.pairing import LIVE_MAX, Codes, Grant, plain
from terminal.virtual_time import VirtualClock, VirtualEntropy, run


def codes(seed: int = 1) -> Codes:
    return Codes(VirtualClock(), VirtualEntropy(seed))


def test_s32_a_code_works_once_for_its_purpose_within_fifteen_minutes() -> None:
    async def story() -> None:
        known = codes()
        grant = Grant("pair", "1")
        code = known.make(grant)
        assert re.fullmatch("[0-9]{6}", code)
        assert known.use(code, "set_up") is None
        assert known.use(f" {code[:3]} {code[3:]} ", "pair") == grant
        assert known.use(code, "pair") is None
        late = known.make(grant)
        await asyncio.sleep(900)
        assert known.use(late, "pair") is None

    run(story(), seed=1)


def test_the_set_up_code_is_typed_as_people_read_it() -> None:
    async def story() -> None:
        for seed in range(50):
            known = codes(seed)
            code = known.make(Grant("set_up"))
            assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{10}", code)
            typed = code.lower().replace("0", "o").replace("1", "l")
            assert known.use(f"{typed[:5]}-{typed[5:]}", "set_up")

    run(story(), seed=1)


@pytest.mark.parametrize("purpose", ["pair", "set_up"])
def test_five_wrong_guesses_by_anybody_void_every_short_code(purpose: str) -> None:
    async def story() -> None:
        known = codes()
        kind: str = purpose
        assert kind in {"pair", "set_up"}
        grant = Grant("pair") if kind == "pair" else Grant("set_up")
        code, link = known.make(grant), known.make(Grant("link", "1"))
        for guess in range(5):
            assert known.use(f"wrong{guess}", grant.purpose) is None
        assert known.use(code, grant.purpose) is None
        assert known.use(link, "link"), "what cannot be guessed is not voided"

    run(story(), seed=1)


def test_i21_codes_are_bounded_and_the_newest_stay() -> None:
    async def story() -> None:
        known = codes()
        made = [known.make(Grant("link", str(number))) for number in range(LIVE_MAX + 5)]
        assert known.use(made[4], "link") is None
        assert known.use(made[5], "link")

    run(story(), seed=1)


def test_a_new_set_up_code_voids_the_old() -> None:
    async def story() -> None:
        known = codes()
        code = known.make(Grant("set_up"))
        known.void("set_up")
        assert known.use(code, "set_up") is None

    run(story(), seed=1)


def test_a_long_text_is_no_code() -> None:
    assert len(plain("1" * 10**6)) == 40
