"""In which language a page or a call of the lab speaks."""

from typing import Final

from aiohttp import web

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES, PSEUDO, accepted

COOKIE: Final = "language_lab"


def words_of(request: web.Request) -> Catalogue:
    """``?language=``, else what was chosen before, else what the client accepts."""
    chosen = request.query.get("language") or request.cookies.get(COOKIE, "")
    if chosen in {*LANGUAGES, PSEUDO}:
        return Catalogue.load(chosen)
    return Catalogue.load(accepted(request.headers.get("Accept-Language", "")))
