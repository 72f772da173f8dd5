"""A card's page is made whatever became of the bank's sign: a torn file takes no card from a shop."""

import io
import logging

import pytest
from PIL import Image

from terminal.brand.shelf import read_brand
from terminal.web.cards import pdf_of


def drawn() -> bytes:
    out = io.BytesIO()
    Image.new("L", (384, 500), 200).save(out, "PNG")
    return out.getvalue()


def ink(pdf: bytes) -> bytes:
    """The page's picture alone: what follows it in the file tells when it was made."""
    return pdf[pdf.index(b"stream") : pdf.index(b"endstream")]


async def test_a_damaged_sign_is_named_with_its_file_and_the_card_comes_without_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sign, card = read_brand("demo-bank").logo, drawn()
    plain, signed = ink(await pdf_of(card, "quick")), ink(await pdf_of(card, "quick", sign))
    assert plain != signed
    half = len(sign) // 2
    for damaged in (b"no picture", sign[:half], sign[:half] + bytes(half), sign[:16] + b"\xff" * 8 + sign[24:]):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "terminal.web.cards"):
            page = await pdf_of(card, "quick", damaged)
        assert page.startswith(b"%PDF")
        assert len(ink(page)) < len(signed)
        assert "brand.toml" in caplog.text
        assert "countertop brand apply" in caplog.text
