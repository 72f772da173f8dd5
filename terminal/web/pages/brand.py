"""A bank's brand on pages: its colours as a style, its sign as a picture of this very address."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from markupsafe import Markup

from terminal.brand.brand import Brand
from terminal.errors import NotFound

PATH: Final = r"/brand/{digest:[0-9a-f]{12}}.png"
YEAR_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Dress:
    """``sign``: where its picture is, empty without one; ``style``: what a style element or attribute holds."""

    bank: str
    sign: str
    style: Markup


def dressed(brand: Brand | None) -> Dress | None:
    """For pages of the shop, whose sheet ``brand.css`` uses these names."""
    if brand is None:
        return None
    sign = f"/brand/{brand.digest}.png" if brand.logo else ""
    picture = f'url("{sign}")' if sign else "none"
    style = (
        f":root {{ --brand-band: {brand.band}; --brand-text: {brand.text}; --brand-name: {quoted(brand.bank)}; "
        f"--brand-sign: {picture}; --brand-wide: {brand.wide:.3f}; }}"
    )
    return Dress(brand.bank, sign, Markup(style))  # noqa: S704  # colours and digests are checked, the name is quoted


def enclosed(brand: Brand | None) -> Dress | None:
    """For a page that stands alone: everything is in it."""
    if brand is None:
        return None
    sign = f"data:image/png;base64,{b64encode(brand.logo).decode()}" if brand.logo else ""
    style = f"background: {brand.band}; color: {brand.text}"
    return Dress(brand.bank, sign, Markup(style))  # noqa: S704  # two colours of a checked form


def quoted(text: str) -> str:
    """A CSS string in which nothing but letters and digits of ASCII stands as itself (CSS Syntax 3, 4.3.7)."""
    return '"' + "".join(each if each.isascii() and each.isalnum() else f"\\{ord(each):x} " for each in text) + '"'


def brand_routes(brand: Callable[[], Brand | None]) -> list[web.RouteDef]:
    """The sign, for whoever sees a page: its address changes with it."""

    async def sign(request: web.Request) -> web.Response:
        now = brand()
        if now is None or not now.logo or now.digest != request.match_info["digest"]:
            raise NotFound("not_found")
        headers = {"Cache-Control": f"public, max-age={YEAR_S}, immutable", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=now.logo, content_type="image/png", headers=headers)

    return [web.get(PATH, sign)]
