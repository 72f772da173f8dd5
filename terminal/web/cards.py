"""Cards and posters: the same lines on the receipt printer, as a picture and as a PDF page."""

import asyncio
import io
from typing import Final

from terminal.counter.service import Service
from terminal.counter.slips import mark_of
from terminal.errors import NotFound
from terminal.help.catalogue import Catalogue
from terminal.payments.receipt import Receipt, Row
from terminal.people.service import People
from terminal.visit import cards

POSTER: Final = "poster-"
A4: Final = (1654, 2339)  # 210 by 297 mm at 200 dots an inch (ISO 216)
DPI: Final = 200
MARGIN: Final = 80


def card_names(service: Service) -> list[str]:
    """Which there are: a poster needs the shop's own static code in a channel's settings."""
    return [*cards.NAMES, *(f"{POSTER}{each}" for each in service.house.offline.posters)]


def card_lines(service: Service, people: People, card: str, address: str, language: str) -> Receipt:
    """Raises NotFound("card_unknown")."""
    house, words = service.house, Catalogue.load(language)
    texts = words.section("card")
    mark = mark_of(house)
    head = (Row(words.text(f"receipt.{mark}"), align="center", size=2, bold=True),) if mark else ()
    if card == "quick":
        return (*head, *cards.quick(house.title, address, texts))
    if card == "safety":
        asks = people.settings.refunds.cashier_alone_minor == 0
        return (*head, *cards.safety(house.title, address, texts, refunds_ask=asks))
    channel = card.removeprefix(POSTER)
    text = house.offline.posters.get(channel, "")
    if channel == card or not text:
        raise NotFound("card_unknown", card=card)
    return (*head, *cards.poster(house.title, service.parts.slips.method(channel, language), text, texts))


async def pdf_of(png: bytes, title: str) -> bytes:
    """One A4 page with the picture as large as it fits. Tens of milliseconds: not on the loop's thread."""
    return await asyncio.to_thread(_page, png, title)


def _page(png: bytes, title: str) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        scale = min((A4[0] - 2 * MARGIN) / picture.width, (A4[1] - 2 * MARGIN) / picture.height)
        size = round(picture.width * scale), round(picture.height * scale)
        drawn = picture.convert("L").resize(size, Image.Resampling.LANCZOS)
    page = Image.new("L", A4, 255)
    page.paste(drawn, ((A4[0] - size[0]) // 2, (A4[1] - size[1]) // 2))
    out = io.BytesIO()
    page.save(out, "PDF", resolution=DPI, title=title)
    return out.getvalue()
