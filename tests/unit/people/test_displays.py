"""A customer's display on another machine is paired like a till and may only be looked at."""

from pathlib import Path

import pytest

from terminal.errors import NotAllowed
from terminal.people.roles import Action, Role
from tests.unit.people.shop import Shop, story


@pytest.mark.row(124)
def test_i14_a_paired_display_shows_its_counter_and_takes_no_money(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        code = shop.people.new_pairing_code(owner, "2", display=True)
        token = await shop.people.pair(code, label="Customer side", device="10.0.0.7")
        shop.power_cut()
        display = shop.people.who(token)
        assert display is not None
        assert display.role is Role.DISPLAY
        assert shop.people.require(display, Action.SEE_DISPLAY, "2") is display
        for action in set(Action) - {Action.SEE_DISPLAY, Action.SEE_SELF}:
            with pytest.raises(NotAllowed, match="not_allowed"):
                shop.people.require(display, action, "2")
        with pytest.raises(NotAllowed, match="not_allowed"):
            shop.people.require(display, Action.SEE_DISPLAY, "1")

    story(tmp_path, tell)


@pytest.mark.row(95)
def test_a_visitors_phone_is_nobodys_device_once_the_owner_let_them_go(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        phones = []
        for name in ("Li", "Wu"):
            code = shop.people.new_visit_code(owner, hours=4)
            made = await shop.people.use_visit_code(code, label=name, pin="518264", device="10.0.0.7", display="1")
            phones.append(made)
            shop.skip(1)
        gone, stays = phones
        await shop.people.disable(owner, gone.person)
        for _ in range(2):
            assert shop.people.who(gone.device_token, gone.session_token) is None, "let go, and still in the shop"
            assert shop.people.who(stays.device_token) is not None
            shop.power_cut()

    story(tmp_path, tell)


@pytest.mark.row(95)
def test_a_visitors_phone_is_nobodys_device_once_their_login_ended(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        code = shop.people.new_visit_code(owner, hours=4)
        made = await shop.people.use_visit_code(code, label="Li", pin="518264", device="10.0.0.7", display="1")
        shop.power_cut()
        phone = shop.people.who(made.device_token)
        assert phone is not None
        assert (phone.role, sorted(phone.counters)) == (Role.DISPLAY, ["1"])
        shop.skip(4 * 3600 + 1)
        assert shop.people.who(made.device_token, made.session_token) is None, (
            "the door for phones is closed again"
        )

    story(tmp_path, tell)
