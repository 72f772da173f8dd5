"""Pages that stand alone: one file, no script, nothing fetched; every text in them is escaped."""

from functools import cache
from pathlib import Path
from typing import Final

import jinja2

HERE: Final = Path(__file__).parent
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Its style stands inside it; no script runs, nothing is sent anywhere."""


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def alone(template: str, **context: object) -> str:
    return _templates().get_template(template).render({"policy": POLICY, **context})
