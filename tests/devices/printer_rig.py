"""A receipt printer on a cable, in virtual time: what the printer tests share."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from drivers.printer.document import Document, Row
from drivers.printer.driver import EscPosPrinter, Outcome, PrintFault
from drivers.printer.profile import PrinterProfile, load
from firmware_stubs.printer import PrinterStub
from terminal.virtual_time import run

T = TypeVar("T")
EPSON, GENERIC, SMALL = load("epson-serial"), load("generic-80"), load("generic-58")
SHORT: Document = (Row("收款 Café", "¥28.50", bold=True), Row("谢谢"))
LONG: Document = tuple(Row(f"第{number:02}行 São João", "¥28.50") for number in range(60))
WORDS = ["收款 Café ￥28.50", "谢谢"]
named = pytest.mark.parametrize("profile", [EPSON, GENERIC, SMALL], ids=lambda profile: profile.name)


def virtual(story: Coroutine[Any, Any, T]) -> T:
    return run(story, seed=1)


def stub_for(profile: PrinterProfile, **options: Any) -> PrinterStub:
    if profile is SMALL:
        return PrinterStub(
            width_dots=384, charset="gbk", chinese_at_start=True, native_qr=False, cutter=False,
            answers=frozenset({"dle4"}), **options,
        )  # fmt: skip
    return PrinterStub(charset=profile.chinese, **options)


async def fault_of(printer: EscPosPrinter, document: Document = SHORT) -> PrintFault | Outcome:
    try:
        return await printer.print(document, "job-1")
    except PrintFault as fault:
        return fault


def words(stub: PrinterStub) -> list[str]:
    """Everything ever printed, line by line."""
    slips = [*stub.slips, stub.hanging]
    return [" ".join(line.split()) for slip in slips for line in slip.lines if line.strip()]


def last_slip(stub: PrinterStub) -> list[str]:
    return [" ".join(line.split()) for line in stub.slips[-1].lines if line.strip()]
