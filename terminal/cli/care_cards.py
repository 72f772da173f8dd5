"""Cards of this shop without its service: from the settings alone."""

from terminal.brand.paper import BankPaper
from terminal.brand.shelf import BrandShelf
from terminal.care.paper import plain
from terminal.help.catalogue import Catalogue
from terminal.payments.receipt import Receipt
from terminal.settings import Loaded
from terminal.visit import cards
from terminal.web.cards import with_own
from terminal.web.pages.safety import own_rows
from terminal.wiring.care import protection_of, shop_care


def card_lines(loaded: Loaded, name: str, language: str) -> tuple[Receipt, str]:
    """The lines and the same as plain text. ``name``: safety or quickstart."""
    words, shop, at = Catalogue.load(language), loaded.settings.shop, loaded.settings.listen
    shelf = BrandShelf(loaded.state)
    brand, care = shelf(), shop_care(loaded)
    help_page = f"http://{at.host}:{at.port}/help"
    if name == "safety":
        own = own_rows(
            protection_of(loaded, words.language), care.hotline or (brand.hotline if brand else ""), words
        )
        lines = with_own(cards.safety(shop.title, help_page, words.section("card"), refunds_ask=False), own)
    else:
        lines = cards.quick(shop.title, help_page, words.section("card"))
    lines = (*lines, *BankPaper(shelf).card())
    return lines, plain(lines)
