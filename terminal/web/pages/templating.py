"""The templates of all pages. Their engine comes with the first page: where only tills speak by the API, never."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from markupsafe import Markup

if TYPE_CHECKING:
    import jinja2

FOLDER: Final = Path(__file__).parents[1] / "templates"


def template(name: str) -> "jinja2.Template":
    return _templates().get_template(name)


@cache
def _templates() -> "jinja2.Environment":
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["data"] = _data
    return made


def _data(value: object) -> Markup:
    """A value as JSON inside a script element of type application/json: no text in it can end the element."""
    text = msgspec.json.encode(value).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  # escaped
