"""Runs of letters are printed as letter by letter, wherever questions and wide letters stand."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_stubs.paper import text_view
from firmware_stubs.printer import PrinterStub

PIECES = st.sampled_from(
    [
        b"Paid 28.50",
        b"a longer line of text that goes around the end of the paper, and once more so",
        b"\n",
        b"\x1b!\x30",  # double width and height
        b"\x1b!\x00",
        b"\x1bE\x01",
        b"\t",
        b"\x1bD\x08\x2b\x00",
        b"\x1ba\x01",
        b"\x1bt\x10\x80\xe9",
        "小票".encode("gb18030"),
        b"\x10\x04\x01",
        b"\x10\x04",
        b"\x10\x10\x04\x04",
        b"\x10\x05\x02",
        b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08",
        b"\x1dV\x00",
        b"\x1b@",
    ]
)


def printed(pieces: list[bytes], size: int, *, one_by_one: bool) -> tuple[object, ...]:
    """``one_by_one``: troubles that are still far away make the printer look at each byte."""
    data, printer = b"".join(pieces), PrinterStub()
    if one_by_one:
        printer.power_cycle_after = printer.byte_budget = 10**9
    said = b"".join(printer.receive(data[at : at + size], 0) for at in range(0, len(data), size))
    slips = [text_view(each, printer.head.width_dots) for each in (*printer.slips, printer.hanging)]
    return said, slips, bytes(printer.received), printer.head.not_understood, printer.lost


@given(st.lists(PIECES, max_size=24), st.integers(1, 200))
def test_runs_of_letters_print_and_answer_as_single_ones_do(pieces: list[bytes], size: int) -> None:
    assert printed(pieces, size, one_by_one=False) == printed(pieces, size, one_by_one=True)
