"""The letters of one model, drawn once for all its printers: their slips are made side by side on threads."""

from drivers.printer.bitmap import Bitmap
from drivers.printer.charset import Charset
from drivers.printer.profile import load

MORE_THAN_ARE_KEPT = 1100


def dot(_text: str, _width: int, height: int, _bold: bool) -> Bitmap:
    return Bitmap(1, (1,) * height)


CHARSET = Charset(load("epson-serial"), dot)


class Looked(str):
    """A letter; whenever it is looked for, the slip of another counter fills what is remembered."""

    __slots__ = ()

    def __hash__(self) -> int:
        for number in range(MORE_THAN_ARE_KEPT):
            CHARSET.dots(f"other {number}", 12, 24, False)
        return str.__hash__(self)


def test_a_letter_forgotten_for_another_counter_s_slip_is_still_drawn_on_this_one() -> None:
    found = CHARSET.dots(Looked("x"), 12, 24, False)
    assert found is not None
    assert len(found.rows) == 24
