"""``countertop risk`` beside a running service: what a cashier or owner asks at a terminal."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from terminal.cli.commands import app
from terminal.people.key_file import write_key
from terminal.risk.table import RULES
from tests.flows.api_rig import OWNER_PIN, Shop, open_shop
from tests.flows.cli_rig import Ended, command
from tests.flows.test_api_risk import LINK, STRANGE, alert


async def asked(shop: Shop, *words: str, typed: str = "", language: str = "en_GB") -> Ended:
    """In a thread of its own: a command has its own loop."""
    args = ["risk", *words, "--url", shop.url, "--key-file", str(shop.folder / "key")]
    env = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": language}
    told = await asyncio.to_thread(CliRunner().invoke, app, args, input=typed, env=env)
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return Ended(told.exit_code, told.stdout, told.stderr)


async def with_key(shop: Shop) -> None:
    key = (await shop.machine("sales", "reports")).headers["Authorization"].removeprefix("Bearer ")
    write_key(shop.folder / "key", key)


@pytest.mark.row(23, 67, 119)
async def test_codes_proofs_and_stickers_answer_by_words_and_exit_code(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await with_key(shop)
        sale = await shop.paid(await shop.till())
        ours = await asked(shop, "code", sale["check_code"])
        assert (ours.code, "¥28.50" in ours.out, "Sale 0001" in ours.out) == (0, True, True)
        none = await asked(shop, "code", "ZZZZ", language="pt_BR")
        assert (none.code, none.out.strip()) == (1, "NÃO É PAGAMENTO NOSSO")
        used = await asked(shop, "proof", sale["attempts"][0]["id"][-4:])
        assert (used.code, used.out.splitlines()[0]) == (1, "ALREADY COUNTED")
        await (await shop.owner()).post("/stickers", {"name": "Counter", "code": LINK})
        assert (await asked(shop, "sticker", LINK)).code == 0
        red = await asked(shop, "sticker", STRANGE, language="zh_CN")
        assert (red.code, "不是本店的" in red.out, "+5511988887777" in red.out) == (1, True, True)
        listed = await asked(shop, "stickers")
        assert (listed.code, listed.out.startswith("✓ Counter")) == (0, True)


@pytest.mark.row(118, 120)
async def test_an_owner_acts_from_the_terminal_with_a_pin(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.owner()
        await with_key(shop)
        assert (await asked(shop, "show")).code == 0
        found = await alert(shop, "forged", "wechatpay", channel="wechatpay")
        told = await asked(shop, "show")
        assert (told.code, "Forged or wrong bank messages" in told.out) == (1, True)
        assert (await asked(shop, "hold", "refunds_locked")).codes != [], "the key alone may not"
        who = ("--person", shop.owner_id)
        held = await asked(shop, "hold", "refunds_locked", "--alert", found, *who, typed=f"{OWNER_PIN}\n")
        assert (held.code, "hold:refunds_locked" in held.out) == (0, True)
        wrote = await asked(shop, "letter", found, *who, typed=f"{OWNER_PIN}\n")
        assert (wrote.code, found in wrote.out) == (0, True)
        assert (await asked(shop, "end", "hold:refunds_locked", *who, typed=f"{OWNER_PIN}\n")).code == 0
        assert (await asked(shop, "seen", found, *who, typed=f"{OWNER_PIN}\n")).code == 0
        assert (await asked(shop, "show", "--json")).code == 0


async def test_a_key_of_another_service_is_told_with_its_file_and_what_to_do(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        write_key(shop.folder / "key", "ctk_of_another_shop")
        told = await asked(shop, "show")
        assert (told.code, told.codes) == (1, ["C-157"])
        assert f"The service at {shop.url} does not know the key of {shop.folder / 'key'}" in told.err
        assert "--key-file" in told.err


@pytest.mark.row(118)
def test_the_rules_are_listed_without_a_service() -> None:
    told = json.loads(command("risk", "rules", "--json").out)
    assert [each["rule"] for each in told] == list(RULES)
    assert all(each["floor"] <= each["ceiling"] for each in told)
    assert "twelve" not in command("risk", "rules", language="pt_BR").out
