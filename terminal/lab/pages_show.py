"""The roadshow's page: phone, glass and till large, one sentence a step, and four keys for whoever speaks."""

from pathlib import Path
from typing import Any, Final

import jinja2
from aiohttp import web

from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES, PSEUDO
from terminal.lab.answers import answered, body_of
from terminal.lab.control_shapes import Ask
from terminal.lab.laboratory import Laboratory
from terminal.lab.language import COOKIE, words_of
from terminal.lab.show import Press, Show

HERE: Final = Path(__file__).parent
PATH: Final = "/lab/show"
STATIC: Final = {"show.js": "text/javascript", "show.css": "text/css"}
SECTIONS: Final = ("state", "lab")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Pressed(Ask, frozen=True):
    key: Press


class ShowPages:
    def __init__(self, show: Show, lab: Laboratory) -> None:
        self._show, self._lab = show, lab
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(PATH, self._page),
            web.get(f"{PATH}/static/{{name:show\\.(?:js|css)}}", self._static),
            web.get(f"{PATH}/state", answered(self._state)),
            web.post(f"{PATH}/press", answered(self._press)),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        words = words_of(request)
        html = self._templates.get_template("show.html").render(
            t=words.text,
            language=words.language,
            languages=[(each, Catalogue.load(each).text("language.name")) for each in LANGUAGES],
            words=words.section(*SECTIONS),
        )
        answer = web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})
        if (chosen := request.query.get("language", "")) in {*LANGUAGES, PSEUDO}:
            answer.set_cookie(COOKIE, chosen, httponly=True, samesite="Strict", path="/lab", max_age=31_536_000)
        return answer

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.Response(text=(HERE / "static" / name).read_text(), content_type=STATIC[name])

    async def _state(self, _: web.Request) -> dict[str, Any]:
        display = self._lab.stand.display
        glass = {"version": display.painted, "screen": self._lab.stand.screen, "text": display.text}
        return {**self._show.told(), "glass": glass}

    async def _press(self, request: web.Request) -> dict[str, Any]:
        self._show.press((await body_of(request, Pressed)).key)
        return self._show.told()
