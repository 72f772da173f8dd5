"""Pages that stand alone: one file, no script, nothing fetched; every text in them is escaped."""

from typing import Final

from terminal.web.pages import templating

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Its style stands inside it; no script runs, nothing is sent anywhere."""


def alone(template: str, **context: object) -> str:
    return templating.template(template).render({"policy": POLICY, **context})
