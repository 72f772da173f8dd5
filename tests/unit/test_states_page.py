"""docs/payment-states.md says what the code does, in full."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from terminal.payments.attempt import TABLES, TERMINAL, Flag, Opens, Signal, State
from terminal.payments.refund import RefundSignal, RefundState
from terminal.payments.sale import SaleState
from tests import states


def test_the_page_is_what_the_code_says() -> None:
    assert states.PAGE.read_text("utf-8") == states.page(), "run: make states"


def test_every_state_signal_and_mark_is_explained() -> None:
    explained: list[tuple[Mapping[Any, str], type[StrEnum]]] = [
        (states.STATES, State),
        (states.SIGNALS, Signal),
        (states.FLAGS, Flag),
        (states.OPENS, Opens),
        (states.SALE_STATES, SaleState),
        (states.REFUND_STATES, RefundState),
        (states.REFUND_SIGNALS, RefundSignal),
    ]
    for words, kind in explained:
        assert set(words) == set(kind)


def test_the_page_shows_the_moves_that_money_hangs_on() -> None:
    page = states.page()
    assert "| `shown` | `success`, `bill_paid` | **`paid`** |  |  |" in page
    assert "| `closing` | `success`, `bill_paid` | **`paid`** | `while_closing` |  |" in page
    ends = "**`declined`**, **`closed`**, **`reversed`**, **`not_sent`**"
    assert f"| {ends} | `success`, `not_reversible`, `bill_paid` | stays |  | `late` |" in page
    assert "| `unknown` | `refused` | **`declined`** |  |  |" in page
    assert "| `sent` | `give_up` | `reversing` |  |  |" in page


def test_an_ended_attempt_hears_everything_as_the_page_says() -> None:
    for table in TABLES.values():
        assert {(state, signal) for state in TERMINAL for signal in Signal} <= set(table)
