"""The sheet at power-on is told once a counter, whatever its printer or its telling does (row 96)."""

import asyncio

import pytest

from terminal.counter.ports import Health, HealthState, Printed, Slip
from terminal.errors import JournalError, PeripheralFailed, TerminalError
from terminal.virtual_time import run
from terminal.wiring.power_on import DEVICES_S, once_ready


class Roll:
    """A printer that is ready after ``wakes_s``, or fails with ``error`` while it is waited for."""

    def __init__(self, wakes_s: float, error: TerminalError | None = None) -> None:
        self.wakes_s, self.error = wakes_s, error

    async def print(self, slip: Slip) -> Printed:
        return Printed.CONFIRMED

    async def ready(self) -> None:
        await asyncio.sleep(self.wakes_s)
        if self.error is not None:
            raise self.error

    def health(self) -> Health:
        return Health(HealthState.OK, "", 0, {})


def told(printer: Roll | None, error: Exception | None = None, why: str = "") -> tuple[str, list[bool]]:
    """What came of it, and each telling: whether on paper."""
    tellings: list[bool] = []

    async def tell(on_paper: bool) -> str:
        tellings.append(on_paper)
        if error is not None:
            raise error
        return why

    return run(once_ready(printer, tell), seed=1), tellings


@pytest.mark.row(96)
@pytest.mark.parametrize(
    ("printer", "found"),
    [
        (None, ("", [False])),
        (Roll(1.0), ("", [True])),
        (Roll(10 * DEVICES_S), ("printer_no_answer", [False])),
        (Roll(1.0, PeripheralFailed("printer_gone")), ("printer_gone", [False])),
    ],
)
def test_a_printer_that_does_not_wake_up_keeps_the_paper_alone(
    printer: Roll | None, found: tuple[str, list[bool]]
) -> None:
    assert told(printer) == found


@pytest.mark.row(96)
@pytest.mark.parametrize("wakes_s", [1.0, 10 * DEVICES_S])
def test_what_fails_while_it_is_told_is_named_and_never_told_a_second_time(wakes_s: float) -> None:
    assert told(Roll(wakes_s), PeripheralFailed("device_refused")) == (
        "device_refused",
        [wakes_s < DEVICES_S],
    )


@pytest.mark.row(96)
def test_i20_a_journal_that_fails_ends_more_than_a_sheet() -> None:
    with pytest.raises(JournalError):
        told(Roll(1.0), JournalError("journal_stopped"))


@pytest.mark.row(96)
def test_what_the_voice_missed_is_told_before_what_the_paper_missed() -> None:
    assert told(Roll(10 * DEVICES_S), why="sheet_not_said") == ("sheet_not_said", [False])
