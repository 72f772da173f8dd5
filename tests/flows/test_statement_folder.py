"""The whole program with an account instead of a provider: settings, folder, command; nothing else confirms."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from terminal.app import running
from terminal.cli.commands import app
from terminal.errors import BadSettings
from terminal.payments.decide import OpenSale
from terminal.payments.event import Actor
from terminal.payments.money import Money
from terminal.payments.sale import Sale, SaleState
from terminal.sandbox.any_bank import AccountBank
from terminal.settings import Loaded, load
from terminal.system import SystemClock
from terminal.wiring.checking import check_settings

TEXT = """\
mode = "test"
[shop]
merchant = "m"
store = "s"
title = "Tea"
currency = "EUR"
[state]
folder = "state"
[listen]
port = 0
notify_port = 0
[channels.account]
connector = "any_bank"
sandbox = true
region = "eu"
scheme = "epc"
account = { iban = "DE89370400440532013000", name = "Teehaus" }
statement_account = "DE89 3704 0044 0532 0130 00"
statement_folder = "in"
statement_look_s = 0.05
statement_mapping = "bank.toml"
[[counters]]
id = "1"
channels = ["account"]
"""
MAPPING = """\
account = "DE89370400440532013000"
currency = "EUR"
[columns]
date = "day"
amount = "amount"
references = ["text"]
"""


def written(folder: Path, old: str = "", new: str = "") -> Loaded:
    (folder / "secrets.toml").write_text(f'[people]\npepper = "{"ab" * 32}"\n')
    (folder / "secrets.toml").chmod(0o600)
    (folder / "bank.toml").write_text(MAPPING)
    (folder / "countertop.toml").write_text(TEXT.replace(old, new))
    return load(folder / "countertop.toml")


async def command(folder: Path, *words: str) -> tuple[int, str]:
    asked = [*words, "--config", str(folder / "countertop.toml")]
    result = await asyncio.to_thread(CliRunner().invoke, app, asked, env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.mark.row(22, 34)
async def test_line_4_a_shop_without_any_api_sells_and_sees_its_payment_matched(tmp_path: Path) -> None:
    async with running(written(tmp_path)) as shop:
        checkout, book = shop.service.checkout, shop.service.book

        async def shown(minor: int) -> Sale:
            wish = OpenSale("1", Money(minor, "EUR"), directions=("push",))
            sale = await checkout.open_sale(wish, actor=Actor("person", "cashier"))
            await shop.service.until(sale.id, lambda now: bool(now.attempts[-1].payload), limit_s=30)
            return book.sale(sale.id)

        sale = await shown(650)
        bank = AccountBank(tmp_path / "in")
        (booked,) = bank.scan_and_pay(sale.attempts[-1].payload, SystemClock().wall_ms())
        await shop.service.until(sale.id, lambda now: now.ended, limit_s=30)
        assert book.sale(sale.id).state is SaleState.PAID

        second = await shown(700)
        reference = second.attempts[-1].payload.split("\n")[9].lower()
        file = tmp_path / "today.csv"
        file.write_text(f"day,amount,text\n{booked.day},7.00,Danke {reference}\n{booked.day},7.00,Miete\n")
        code, said = await command(tmp_path, "statement", "check", str(file))
        assert (code, "1 credits matched, 1 not" in said, second.attempts[-1].id in said) == (0, True, True)
        assert book.sale(second.id).state is SaleState.OPEN
        code, said = await command(tmp_path, "statement", "import", str(file))
        assert (code, "the sale is paid" in said, "no reference of ours" in said) == (0, True, True)
        assert book.sale(second.id).state is SaleState.PAID
        code, said = await command(tmp_path, "statement", "import", str(file))
        assert (code, said.strip()) == (0, "This statement was imported before. Nothing changed.")
        file.write_text("day,amount\n")
        code, said = await command(tmp_path, "statement", "import", str(file))
        assert (code, "F-04" in said, "text" in said) == (1, True, True)


async def test_without_a_running_service_the_file_waits_in_the_folder(tmp_path: Path) -> None:
    written(tmp_path)
    file = tmp_path / "day.csv"
    file.write_text("day,amount,text\n2026-11-02,7.00,Miete\n")
    code, said = await command(tmp_path, "statement", "import", "--wait", "0", str(file))
    assert (code, "takes it at its next start" in said) == (5, True)
    assert [each.name.endswith("-day.csv") for each in (tmp_path / "in").iterdir()] == [True]
    code, said = await command(tmp_path, "statement", "check", str(file))
    assert (code, "0 credits matched, 1 not" in said) == (0, True)
    code, said = await command(tmp_path, "statement", "check", "--channel", "nobody", str(file))
    assert (code, "no channel has statements" in said) == (3, True)


@pytest.mark.parametrize(
    ("old", "new", "slug"),
    [
        ("DE89370400440532013000", "DE00370400440532013000", "any_bank_account"),
        ('scheme = "epc"', 'scheme = "giro"', "setting_unusable"),
        ('region = "eu"', 'region = "xx"', "profile_unknown"),
        ('"bank.toml"', '"secrets.toml"', "mapping_unusable"),
        ('"bank.toml"', '"nowhere.toml"', "mapping_unusable"),
    ],
)
def test_an_account_that_cannot_be_used_is_named_by_the_check(
    tmp_path: Path, old: str, new: str, slug: str
) -> None:
    found: list[BadSettings] = []
    check_settings(written(tmp_path, old, new), found.append)
    assert slug in [each.slug for each in found]
