"""The receipt on the page, as paper."""

import asyncio
from typing import Final

from terminal.payments.receipt import Receipt

PREVIEW: Final = "generic-80"


async def receipt_picture(receipt: Receipt) -> bytes:
    """The preview is the paper: the bytes for a usual 80 mm printer, drawn by the simulated one (row 59)."""
    return await asyncio.to_thread(_draw, receipt)


def _draw(receipt: Receipt) -> bytes:
    from drivers.printer.profile import load
    from terminal.lab.paper_picture import receipt_png
    from terminal.peripherals.painters import PAPER_FONTS, Painter
    from terminal.peripherals.printer import printable

    return receipt_png(**printable(receipt, load(PREVIEW), Painter(*PAPER_FONTS))._asdict())
