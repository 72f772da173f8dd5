"""Cards of this shop without its service: from the settings alone."""

from terminal.care.paper import card, plain
from terminal.help.catalogue import Catalogue
from terminal.payments.receipt import Receipt
from terminal.settings import Loaded
from terminal.visit import cards
from terminal.web.care import safety_lines
from terminal.wiring.care import protection_of, shop_care


def card_lines(loaded: Loaded, name: str, language: str) -> tuple[Receipt, str]:
    """The lines and the same as plain text. ``name``: safety or quickstart."""
    words, shop = Catalogue.load(language), loaded.settings.shop
    if name == "safety":
        told = safety_lines(protection_of(loaded, words.language), words)
        hotline = shop_care(loaded).hotline
        lines = card(words.text("care.safety"), shop.title, told, [hotline] if hotline else [])
    else:
        at = loaded.settings.listen
        lines = cards.quick(shop.title, f"http://{at.host}:{at.port}/help", words.section("card"))
    return lines, plain(lines)
