"""``countertop conformance new``: a connector in a package of its own, red until its steps are written."""

import re
from pathlib import Path
from typing import Final

TEMPLATES: Final = Path(__file__).parents[1] / "data" / "connector_template"
NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,31}")
FILES: Final = {  # where each template goes
    "connector": "countertop_{name}/connector.py",
    "profile": "countertop_{name}/profile.toml",
    "peer": "countertop_{name}/peer.py",
    "offer": "countertop_{name}/offer.py",
    "test": "tests/test_conformance.py",
    "readme": "README.md",
    "pyproject": "pyproject.toml",
}
EMPTY: Final = ("countertop_{name}/__init__.py", "countertop_{name}/py.typed")


class CannotStart(Exception):
    """The text says why, for the person who typed it."""


def start(name: str, folder: Path) -> Path:
    """Write the package ``countertop_NAME`` into a new folder.

    Raises:
        CannotStart: a name that cannot be one, or a folder that is there or cannot be made.
    """
    if not NAME.fullmatch(name):
        raise CannotStart(f"{name!r} is no name of a connector: 2 to 32 small letters, digits and _.")
    try:
        folder.mkdir(parents=True)
        for place, text in files(name).items():
            file = folder / place
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
    except FileExistsError:
        raise CannotStart(f"{folder} is there already; nothing was changed.") from None
    except OSError as error:
        raise CannotStart(f"{folder} cannot be made: {error.strerror}.") from None
    return folder


def files(name: str) -> dict[str, str]:
    """Every file's text by its place in the package."""
    made = {place.format(name=name): "" for place in EMPTY}
    for template, place in FILES.items():
        text = (TEMPLATES / f"{template}.txt").read_text("utf-8")
        made[place.format(name=name)] = text.replace("@name@", name).replace("@Name@", _camel(name))
    return made


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
