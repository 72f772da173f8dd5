"""Bodies and answers of the terminal's sheet, the visit code and the cards."""

from typing import Annotated, Literal

import msgspec

from terminal.web.shapes.form import Code, Form, Label, Name, Pin


class SheetQuery(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``counter``: whose printer is looked at; empty: the first one's."""

    counter: Annotated[str, msgspec.Meta(max_length=32)] = ""


class SheetPrint(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``printed``: on this counter's paper; ``said``: its legs by the counter's voice."""

    counter: Name
    printed: bool = True
    said: bool = False


class NewVisitCode(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``hours``: how long the visitor's login lives. ``printed``, ``said``: at this counter, by its devices."""

    counter: Name
    hours: Annotated[int, msgspec.Meta(ge=1, le=336)] = 8
    printed: bool = False
    said: bool = False


class VisitSignIn(Form, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``label``: the visitor's name; ``pin``: of their own choice, for their login alone."""

    code: Code
    label: Label
    pin: Pin


class LegView(msgspec.Struct, frozen=True):
    """``code``, ``sentence`` and ``fix`` are empty where all is well; ``of``: whose bank, for people."""

    name: Literal["printer", "lan", "internet", "bank", "clock"]
    of: str
    state: Literal["ok", "dead", "cannot_tell"]
    slug: str
    code: str
    sentence: str
    fix: str


class SheetView(msgspec.Struct, frozen=True):
    shop: str
    terminal: str
    counter: str
    version: str
    address: str
    legs: list[LegView]


class VisitCode(msgspec.Struct, frozen=True):
    """``printed``: "" where it was, else why not, a slug; ``said``: the speaker said its digits."""

    code: str
    valid_s: int
    hours: int
    address: str
    picture: str
    printed: str
    said: bool
