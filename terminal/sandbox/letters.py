"""Chinese letters for pages of the simulated world, where the machine that shows them has none of its own."""

from pathlib import Path
from typing import Final

from aiohttp import web

FILE: Final = Path(__file__).parent.parent / "data" / "fonts" / "NotoSansMonoCJKsc-Common.otf"


async def chinese(_: web.Request) -> web.FileResponse:
    """Of voice and paper, too. Kept by the browser for a day: it is two megabytes."""
    return web.FileResponse(FILE, headers={"Content-Type": "font/otf", "Cache-Control": "max-age=86400"})
