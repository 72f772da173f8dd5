"""The pages of the doors say what the doors do: their exchanges, commands and codes."""

import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from terminal.payments.money import Money
from terminal.pos import zvt_answers as answers
from terminal.pos.nexo_messages import CATEGORIES, Payment, envelope_of, money_of, read
from terminal.settings import NexoTable, ZvtTable
from tests.unit.pos.test_zvt_codec import GOLDEN

PAGES: Final = Path(__file__).parents[3] / "docs" / "integrate"
NEXO: Final = (PAGES / "door-nexo.md").read_text("utf-8")
ZVT: Final = (PAGES / "door-zvt.md").read_text("utf-8")


def test_the_exchange_of_the_zvt_page_is_made_of_the_golden_commands() -> None:
    [block] = re.findall(r"```text\n(.*?)```", ZVT, re.DOTALL)
    shown = [match[1] for match in re.finditer(r"^(?:till|terminal) +((?:[0-9A-F]{2} ?)+)", block, re.MULTILINE)]
    assert len(shown) == block.count("\n")
    assert {bytes.fromhex(each) for each in shown} <= set(GOLDEN.values())


def test_every_code_and_command_of_zvt_is_on_its_page() -> None:
    names = [
        *("REGISTRATION", "AUTHORISATION", "LOG_OFF", "TOTALS", "REPEAT", "REVERSAL", "REFUND", "END_OF_DAY"),
        *("DIAGNOSIS", "INITIALISATION", "ABORT", "STATUS_ENQUIRY"),
    ]
    for name in names:
        number = f"{getattr(answers, name):04X}"
        assert f"`{number[:2]} {number[2:]}`" in ZVT, name
    told = {code for code in answers.Code if f"{code:02X}`" in ZVT or f" {code:02X} 00`" in ZVT}
    assert set(answers.Code) - told == {answers.Code.BROKEN}


def test_the_payment_of_the_nexo_page_is_a_payment() -> None:
    sent, answer = re.findall(r"```json\n(.*?)```", NEXO, re.DOTALL)
    request = read(envelope_of(sent.encode()))
    assert isinstance(request.body, Payment)
    amounts = request.body.transaction.amounts
    assert money_of(amounts.requested, amounts.currency) == Money(2855, "CNY")
    assert '"AuthorizedAmount": 28.55' in answer


def test_every_message_of_nexo_is_on_its_page() -> None:
    assert [each for each in sorted(CATEGORIES) if each not in NEXO] == []


@pytest.mark.parametrize(("table", "page"), [(NexoTable, NEXO), (ZvtTable, ZVT)])
def test_every_key_of_the_settings_is_on_its_page(table: type[msgspec.Struct], page: str) -> None:
    fields = [each.name for each in msgspec.structs.fields(table)]
    assert [name for name in fields if f"{name} = " not in page] == []
