"""docs/integrate/errors.md: every error code by symptom and by area, written from the registry."""

import sys
from pathlib import Path
from typing import Final

from terminal.help.languages import FALLBACK
from terminal.help.registry import registry
from terminal.help.search import symptoms, table

PAGE: Final = Path(__file__).parents[1] / "docs" / "integrate" / "errors.md"
HEAD: Final = """# Error codes

Made by `make errors` from the registry that screens, paper, API and commands read; do not edit.

Every refusal of the API is a problem document (RFC 9457) with `slug`, which programs read, and `code`, which is
printed on screens and slips. Neither is ever reused. The running service has the same pages in three languages at
`/help`, with a search (`/help?q=paper`) and a page for each code (`/help/P-01`); on the command line:
`countertop help P-01`.

## By what is seen
"""


def page() -> str:
    rows = registry()
    parts = [HEAD, "| seen | codes, the likeliest first |", "| --- | --- |"]
    for each in symptoms().values():
        codes = ", ".join(f"[{rows.errors[slug].code}](#{slug})" for slug in each.errors)
        parts.append(f"| {each.en} | {codes} |")
    for area in sorted(rows.areas):
        parts += [f"\n## {area}: {rows.areas[area][FALLBACK]}\n"]
        parts += ["| code | slug | status | what happened | what to do |", "| --- | --- | --- | --- | --- |"]
        for code, slug, status, happened, fix in table():
            if code[0] == area:
                anchor = f'<a id="{slug}"></a>'
                parts.append(f"| {anchor}{code} | `{slug}` | {status} | {_cell(happened)} | {_cell(fix)} |")
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name} is written\n")
