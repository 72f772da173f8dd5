"""The receipt on the page, as paper."""

import asyncio
from typing import Final

from terminal.payments.receipt import Receipt

PREVIEW: Final = "generic-80"
DRAWN: Final = ("generic-80", "generic-58", "epson-serial")


async def receipt_picture(receipt: Receipt, profile: str = "") -> bytes:
    """The preview is the paper: the bytes for a printer, drawn by the simulated one (row 59).

    Args:
        profile: of the printer; empty, or of another language than the simulated one's: a usual 80 mm one.
    """
    return await asyncio.to_thread(_draw, receipt, profile)


def _draw(receipt: Receipt, profile: str) -> bytes:
    from drivers.printer.profile import load
    from terminal.lab.paper_picture import receipt_png
    from terminal.peripherals.painters import PAPER_FONTS, Painter
    from terminal.peripherals.printer import printable

    model = load(profile if profile in DRAWN else PREVIEW)
    return receipt_png(**printable(receipt, model, Painter(*PAPER_FONTS))._asdict())
