"""The desk as the app wires it: the shop's own days and limits, codes of all regions, letters in its folder."""

import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.errors import Unavailable
from terminal.risk.rules import Alert
from terminal.settings import Loaded
from terminal.wiring.risk import LETTERS, all_schemes, open_risk
from tests.flows.api_rig import open_shop
from tests.flows.risk_rig import OWNER, pix
from tests.flows.test_api_whole_app import settings

RAISED = Alert("forged", "signature", "wechatpay", 1, 1, "2026-01-01", 1, {"channel": "wechatpay"})


def shop_settings(folder: Path) -> Loaded:
    made = settings(folder)
    shop = replace(
        made.settings.shop,
        zone="Asia/Shanghai",
        cut_off="04:00",
        cashier_refund_minor=500,
        offline="list",
        offline_day_minor=9000,
    )
    state = replace(made.settings.state, folder=str(folder / "state"))
    return Loaded(replace(made.settings, shop=shop, state=state), folder, made.secrets)


def read(file: Path) -> tuple[str, int]:
    return file.read_text("utf-8"), stat.S_IMODE(file.stat().st_mode)


@pytest.mark.row(118, 120)
async def test_it_knows_the_shops_own_day_and_limits_and_keeps_letters_for_its_owner_alone(tmp_path: Path) -> None:
    loaded = shop_settings(tmp_path)
    async with open_shop(tmp_path) as shop:
        desk = open_risk(loaded, shop.service)
        three_in_the_morning = 1_767_207_600_000  # 2026-01-01 03:00 in Shanghai
        assert (desk.shop.day(three_in_the_morning), desk.shop.hour(three_in_the_morning)) == ("2025-12-31", 3)
        assert (desk.shop.alone_minor, desk.shop.cap_minor, desk.shop.currency) == (500, 9000, "CNY")
        await desk.alerts.raise_(RAISED)
        [alert] = desk.alerts.waiting()
        file = Path(await desk.keep_letter(alert.id, ["to the bank"], actor=OWNER))
        assert file.parent == loaded.state / LETTERS
        assert read(file) == ("to the bank\n", 0o600)


@pytest.mark.row(120)
async def test_d4_a_letter_that_cannot_be_kept_is_said_so_and_the_warning_stays(tmp_path: Path) -> None:
    loaded = shop_settings(tmp_path)
    loaded.state.mkdir()
    (loaded.state / LETTERS).write_text("a file where the folder should be", "utf-8")
    async with open_shop(tmp_path) as shop:
        desk = open_risk(loaded, shop.service)
        await desk.alerts.raise_(RAISED)
        [alert] = desk.alerts.waiting()
        with pytest.raises(Unavailable, match="letter_not_kept"):
            await desk.keep_letter(alert.id, ["to the bank"], actor=OWNER)
        assert desk.alerts.waiting() == [alert]


@pytest.mark.row(23)
async def test_a_sticker_of_any_region_is_read(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        desk = open_risk(shop_settings(tmp_path), shop.service)
        sticker = await desk.stickers.register("Door", pix("+5511999990000"), actor=OWNER)
        payee = desk.stickers.payee(sticker)
        assert payee is not None
        assert (payee.name, payee.city) == ("CASA DE CHA", "SAO PAULO")
        assert len({scheme.name for scheme in all_schemes()}) == len(all_schemes())
