"""The receipt on a phone: what of a slip's lines it draws. By words and codes, never by where they stand."""

from terminal.help.catalogue import Catalogue
from terminal.payments.receipt import Blank, Code, Receipt, Row
from terminal.web.pages.guest import shown_lines
from terminal.web.pages.standalone import alone

ASKS = Row("How was it? Scan", align="center")
ASKING = (ASKS.left,)
TAX, LOOKUP = Code("https://tax.example/1"), Code("CT:S-01KDVDNA6D6C302SMA67N4H7GA")
PAID = Row("Paid", "8.00")


def drawn(*lines: Row | Code | Blank) -> list[str]:
    receipt: Receipt = lines
    return [str(getattr(each.get("row"), "left", each["kind"])) for each in shown_lines(receipt, ASKING)]


def test_the_code_that_asks_and_its_words_are_left_out_wherever_it_once_led() -> None:
    for address in ("https://shop.example/r/1", "https://an-older-survey.example"):
        assert drawn(PAID, LOOKUP, Blank(), ASKS, Code(address), TAX) == ["Paid", "lookup", "code"]


def test_what_stands_beside_it_is_never_taken_for_it() -> None:
    assert drawn(PAID, TAX) == ["Paid", "code"]
    assert drawn(ASKS, PAID, TAX) == ["Paid", "code"], "a code that its words do not stand above"
    assert drawn(PAID) == ["Paid"], "a slip without any code"


def test_the_page_says_show_this_code_where_there_is_one() -> None:
    words = Catalogue.load("en")
    for lines, times in (((PAID, TAX), 0), ((PAID, TAX, LOOKUP), 2)):  # below the code, and for who hears the page
        html = alone(
            "guest.html",
            policy="",
            language="en",
            t=words.text,
            shop="Tea",
            lines=shown_lines(lines),
            until="",
            action="",
            asks=False,
            told=False,
        )
        assert html.count(words.text("guest.code")) == times
