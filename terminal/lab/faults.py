"""Every fault and scenario by name: one list for the lab's page, the command and pytest (terminal/data/faults)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from terminal.help.languages import FALLBACK, nearest

FOLDER: Final = Path(__file__).parent.parent / "data" / "faults"
FILES: Final = ("provider", "devices", "process", "scenarios")
Layer = Literal["provider", "device", "link", "process", "update", "clock", "scenario"]
Value = int | str


class FaultUnknown(ValueError):
    """No such name, parameter, count or duration; the text says which. ``near``: names that come close."""

    def __init__(self, text: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.near = near


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """How a headless run provokes it and how it may end.

    Args:
        direction: which script of ``terminal/simulation/lab_scripts.py`` people follow.
        ends: states the sale may end in; ``captured`` how often the bank may have taken the money, -1 any.
        call: for the ``call`` parameter of a bank's fault.
        with_: another fault that makes this one possible.
        heal: virtual seconds after which a device is mended; 0 never.
        exception: kind of exception a person must see, empty for none asked.
        at: whether a device breaks before the sale or with the code on the glass.
    """

    direction: str
    ends: tuple[str, ...]
    captured: int = -1
    call: str = ""
    with_: str = ""
    heal: int = 0
    exception: str = ""
    at: Literal["before", "shown"] = "shown"


class Sees(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the people of the shop see and hear of it, and what the cashier does.

    Args:
        till: words of the till (``payments.sale.Sale.word``), in the order they must come; others may be between.
        voice: whether the amount is said: once, never, or nobody can promise it (``any``).
        paper: a whole slip, none, a whole one marked COPY (``copy``), or what a person is asked about (``any``).
        pos: types of events a POS must get, in this order; others may be between.
        cashier: which sentence of cashier.toml says what to do.
    """

    till: tuple[str, ...]
    voice: Literal["once", "never", "any"]
    paper: Literal["slip", "none", "copy", "any"]
    pos: tuple[str, ...]
    cashier: str


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"zh": "zh-CN", "pt": "pt-BR"}):
    """The same in every language of the product."""

    en: str
    zh: str
    pt: str

    def within(self, language: str) -> str:
        return {"zh-CN": self.zh, "pt-BR": self.pt}.get(nearest(language or FALLBACK), self.en)


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"zh": "zh-CN", "pt": "pt-BR"}):
    """One row. ``takes``: which of count and seconds it can be given."""

    slug: str
    layer: Layer
    ids: tuple[str, ...]
    run: Script
    sees: Sees
    en: str
    zh: str
    pt: str
    takes: tuple[Literal["count", "seconds"], ...] = ()
    params: dict[str, Value] = {}

    def expected(self, language: str) -> str:
        """What the till must do, in one sentence."""
        return Sentence(self.en, self.zh, self.pt).within(language)

    def cashier(self, language: str) -> str:
        """What the cashier does, in one sentence."""
        return cashier_sentences()[self.sees.cashier].within(language)

    @property
    def on_page(self) -> bool:
        """Whether the running lab can do it; the rest needs virtual time (lab run)."""
        return self.layer not in {"clock", "scenario", "update"}


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody switches on."""

    slug: str
    count: int | None = None
    seconds: int | None = None
    params: dict[str, Value] = {}

    def checked(self) -> Fault:
        """The row. Raises FaultUnknown."""
        fault = find(self.slug)
        for name, value in (("count", self.count), ("seconds", self.seconds)):
            if value is not None and (value < 1 or value > 100_000 or name not in fault.takes):
                raise FaultUnknown(f"{self.slug}: {name} = {value} is not possible; it takes {list(fault.takes)}")
        for name, given in self.params.items():
            if type(fault.params.get(name)) is not type(given):
                raise FaultUnknown(f"{self.slug} takes {fault.params}, not {name} = {given!r}")
        return fault


@cache
def cashier_sentences() -> Mapping[str, Sentence]:
    """What a cashier can be asked to do, by name."""
    return msgspec.toml.decode((FOLDER / "cashier.toml").read_bytes(), type=dict[str, Sentence])


@cache
def catalogue() -> Mapping[str, Fault]:
    """All rows by slug, in the order of the files."""
    rows: dict[str, Fault] = {}
    for name in FILES:
        read = msgspec.toml.decode((FOLDER / f"{name}.toml").read_bytes(), type=dict[str, list[Fault]])
        for fault in read["fault"]:
            assert fault.slug not in rows, f"{fault.slug} stands twice"
            rows[fault.slug] = fault
    return rows


def find(slug: str) -> Fault:
    """Raises FaultUnknown with the names that are near."""
    fault = catalogue().get(slug)
    if fault is None:
        import difflib

        near = tuple(difflib.get_close_matches(slug, catalogue(), n=3, cutoff=0.4))
        told = f"no fault or scenario is called {slug!r}; near: {', '.join(near) or 'see countertop lab list'}"
        raise FaultUnknown(told, near)
    return fault
