"""Cards and posters: the same lines on the receipt printer, as a picture and as a PDF page."""

import asyncio
import io
import logging
from typing import TYPE_CHECKING, Final

from terminal.brand.brand import BadBrand
from terminal.brand.logo import kept
from terminal.brand.shelf import FILE
from terminal.counter.commands import quick_amounts
from terminal.counter.service import Service
from terminal.counter.slips import mark_of
from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.payments.command import AMOUNT, DIGITS
from terminal.payments.receipt import Blank, Receipt, Row, Rule
from terminal.people.service import People
from terminal.visit import cards
from terminal.web.card_sheet import A4, DPI, MARGIN, Draw, sheet_pdf

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)
POSTER: Final = "poster-"
COMMANDS: Final = "commands"
SIGN: Final = 150  # dots high at most, a bit more than a centimetre and a half


def card_names(service: Service) -> list[str]:
    """Which there are: a poster needs the shop's own static code in a channel's settings."""
    return [*cards.NAMES, COMMANDS, *(f"{POSTER}{each}" for each in service.house.offline.posters)]


def card_lines(
    service: Service, people: People, card: str, address: str, language: str, own: Receipt = ()
) -> Receipt:
    """``own``: what this shop's settings do, for its safety card. Raises NotFound("card_unknown")."""
    return (*_card(service, people, card, address, language, own), *service.parts.slips.bank.card())


def _card(service: Service, people: People, card: str, address: str, language: str, own: Receipt) -> Receipt:
    house, words = service.house, Catalogue.load(language)
    texts = words.section("card")
    mark = mark_of(house)
    head = (Row(words.text(f"receipt.{mark}"), align="center", size=2, bold=True),) if mark else ()
    if card == "quick":
        return (*head, *cards.quick(house.title, address, texts))
    if card == "safety":
        asks = people.settings.refunds.cashier_alone_minor == 0 and not own  # what is its own says it, too
        return (*head, *with_own(cards.safety(house.title, address, texts, refunds_ask=asks), own))
    if card == COMMANDS:
        return (*head, *cards.commands(house.title, command_keys(service, words), texts))
    channel = card.removeprefix(POSTER)
    text = house.offline.posters.get(channel, "")
    if channel == card or not text:
        raise NotFound("card_unknown", card=card)
    return (*head, *cards.poster(house.title, service.parts.slips.method(channel, language), text, texts))


def with_own(card: Receipt, own: Receipt) -> Receipt:
    """A card's steps, what the settings do, and the card's foot."""
    foot = max(place for place, line in enumerate(card) if isinstance(line, Rule))
    return (*card[:foot], *own, *card[foot:])


def command_keys(service: Service, words: Catalogue) -> list[tuple[str, str]]:
    """What each barcode of the command sheet does, and the text it holds: refunds stand last."""
    named = [
        ("PAY", words.text("key.enter")),
        ("STOP", words.text("key.cancel")),
        *((f"{AMOUNT}{each.minor}", words.money(each)) for each in quick_amounts(service.house.currency)),
        *((each, each) for each in DIGITS),
        ("SAME", words.text("card.same_digit")),
        ("BACK", words.text("key.backspace")),
        ("CLEAR", words.text("key.clear")),
        ("OTHER", words.text("key.f5")),
        ("PARK", words.text("till.park_now")),
        ("REPRINT", words.text("key.f6")),
        ("REFUND", words.text("key.f7")),
    ]
    return [(what, service.commands.text(name)) for name, what in named]


async def card_pdf(service: Service, lines: Receipt, card: str, words: Catalogue, draw: Draw) -> bytes:
    """A card on a page as large as it fits; the command sheet in fields, or it would be a long narrow strip."""
    if card != COMMANDS:
        return await pdf_of(await draw(lines), card, service.parts.slips.bank.sign())
    head = lines[: next(at for at, each in enumerate(lines) if isinstance(each, Blank))]
    return await sheet_pdf(head, command_keys(service, words), draw, card)


async def pdf_of(png: bytes, title: str, sign: bytes = b"") -> bytes:
    """One A4 page with the picture as large as it fits. Tens of milliseconds: not on the loop's thread.

    ``sign``: of the bank, as PNG, above it.
    """
    return await asyncio.to_thread(_page, png, title, sign)


def _page(png: bytes, title: str, sign: bytes) -> bytes:
    from PIL import Image

    head = SIGN if sign else 0
    with Image.open(io.BytesIO(png)) as picture:
        scale = min((A4[0] - 2 * MARGIN) / picture.width, (A4[1] - 2 * MARGIN - 2 * head) / picture.height)
        size = round(picture.width * scale), round(picture.height * scale)
        drawn = picture.convert("L").resize(size, Image.Resampling.LANCZOS)
    page = Image.new("L", A4, 255)
    page.paste(drawn, ((A4[0] - size[0]) // 2, (A4[1] - size[1]) // 2))
    if sign:
        _put_sign(page, sign)
    out = io.BytesIO()
    page.save(out, "PDF", resolution=DPI, title=title)
    return out.getvalue()


def _put_sign(page: "Image", sign: bytes) -> None:
    """Above the card; a damaged one is left out, and the log says which file to mend."""
    from PIL import Image

    try:
        sound = kept(sign)
    except BadBrand as wrong:
        why = wrong.complaints[0]
        log.warning(
            "a card without the bank's sign, %s is damaged: %s Run countertop brand apply again.", FILE, why
        )
        return
    with Image.open(io.BytesIO(sound)) as picture:
        small = picture.convert("RGBA")
    small.thumbnail((A4[0] - 2 * MARGIN, SIGN))
    page.paste(small.convert("L"), ((A4[0] - small.width) // 2, MARGIN), small.getchannel("A"))
