"""A bank's brand on paper: below a receipt, at the end of a card. As lines; the printer adds the sign."""

from collections.abc import Callable

from terminal.brand.brand import Brand
from terminal.payments.receipt import Blank, Receipt, Row, Rule


class BankPaper:
    """``brand`` is asked each time: a new one is on the next slip."""

    def __init__(self, brand: Callable[[], Brand | None]) -> None:
        self._brand = brand

    def foot(self, language: str) -> Receipt:
        """The last lines of a receipt."""
        if (brand := self._brand()) is None:
            return ()
        return (Blank(), *(Row(line, align="center") for line in brand.foot(language)))

    def card(self) -> Receipt:
        """Whose card it is and whom to call."""
        if (brand := self._brand()) is None:
            return ()
        told = [each for each in (brand.hotline, brand.hours) if each]
        bank = Row(brand.bank, align="center", bold=True)
        return (Rule(), bank, *(Row(each, align="center") for each in told), Blank())

    def sign(self) -> bytes:
        """A PNG, empty without one."""
        brand = self._brand()
        return brand.logo if brand is not None else b""
