"""Presets of shops: small readable files, one of which six answers propose; every value may be changed afterwards.

A preset names keys of the settings and never an account, a key or a port. Amounts are written for money with two
decimals and scaled to the shop's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from terminal.errors import NotFound
from terminal.payments.currencies import EXPONENTS

FOLDER: Final = Path(__file__).parent.parent / "data" / "presets"
WRITTEN_FOR: Final = 2  # decimals
Value = str | int | bool
Sells = Literal["stall", "convenience", "restaurant", "pharmacy", "other"]
Peak = Literal["under_20", "under_60", "over_60"]  # customers in the busiest hour
YesNo = Literal["yes", "no"]
Internet = Literal["cable", "wifi", "mobile"]
Works = Literal["alone", "family", "staff"]


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The six questions: what is sold, how many come at once, printer, scanner, internet, who works here."""

    sells: Sells
    peak: Peak
    printer: YesNo
    scanner: YesNo
    internet: Internet
    works: Works


QUESTIONS: Final = Answers.__struct_fields__


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    en: str
    zh: str = msgspec.field(name="zh-CN")
    pt: str = msgspec.field(name="pt-BR")

    def of(self, language: str) -> str:
        return {"zh-CN": self.zh, "pt-BR": self.pt}.get(language, self.en)


class Fits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers that are wanted; an empty list takes every one."""

    sells: tuple[Sells, ...] = ()
    peak: tuple[Peak, ...] = ()
    printer: tuple[YesNo, ...] = ()
    scanner: tuple[YesNo, ...] = ()
    internet: tuple[Internet, ...] = ()
    works: tuple[Works, ...] = ()

    def fits(self, answers: Answers) -> bool:
        wanted = ((getattr(self, name), getattr(answers, name)) for name in QUESTIONS)
        return all(not any_of or given in any_of for any_of, given in wanted)


class When(Fits, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """With these answers the preset says something more, and these keys of [shop] are other ones."""

    says: Texts
    shop: dict[str, Value] = {}


class CounterPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``quiet``: from, until; empty: the voice is never silent. ``kiosk``: the till has its own page only."""

    quiet: tuple[str, ...] = ()
    kiosk: bool = False


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rank``: of several that fit the lowest is proposed. ``shop``: keys of [shop] in the settings."""

    name: str
    rank: int
    title: Texts
    why: Texts
    devices: tuple[Literal["display", "scanner", "printer", "speaker"], ...]
    fits: tuple[Fits, ...]
    shop: dict[str, Value]
    counter: CounterPart = CounterPart()
    when: tuple[When, ...] = ()

    def settings(self, currency: str, answers: Answers | None = None) -> dict[str, Value]:
        """Of [shop]; amounts in the smallest unit of ``currency``."""
        more = {} if answers is None else {k: v for x in self.when if x.fits(answers) for k, v in x.shop.items()}
        return {name: _scaled(name, value, currency) for name, value in {**self.shop, **more}.items()}


@dataclass(frozen=True, slots=True)
class Proposal:
    """``says``: why this one, and what these answers add, one sentence each."""

    preset: Preset
    says: tuple[Texts, ...]


@cache
def presets() -> Mapping[str, Preset]:
    """The shipped ones by name. A damaged one is a damaged installation: msgspec's error escapes."""
    read = (msgspec.toml.decode(each.read_bytes(), type=Preset) for each in FOLDER.glob("*.toml"))
    return {each.name: each for each in sorted(read, key=lambda each: each.rank)}


def preset(name: str) -> Preset:
    """Raises NotFound("preset_unknown")."""
    found = presets().get(name)
    if found is None:
        raise NotFound("preset_unknown", name=name[:40])
    return found


def propose(answers: Answers) -> Proposal:
    """Always one: a test walks every possible answer."""
    found = next(each for each in presets().values() if any(fits.fits(answers) for fits in each.fits))
    return Proposal(found, (found.why, *(each.says for each in found.when if each.fits(answers))))


def answers_of(told: Mapping[str, Any]) -> Answers | str:
    """The six answers among what a page told, or which of them is missing or unknown."""
    given = {name: told[name] for name in QUESTIONS if name in told}
    if missing := [name for name in QUESTIONS if name not in given]:
        return missing[0]
    try:
        return msgspec.convert(given, Answers)
    except msgspec.ValidationError as error:
        return str(error)


def proposed(told: Mapping[str, Any], currency: str) -> dict[str, Any] | str:
    """A proof's part: answers, the preset and its values, plain JSON; or which answer is missing."""
    answers = answers_of(told)
    if isinstance(answers, str):
        return answers
    found = propose(answers)
    return {
        "answers": msgspec.to_builtins(answers),
        "preset": found.preset.name,
        "title": msgspec.to_builtins(found.preset.title),
        "says": [msgspec.to_builtins(each) for each in found.says],
        "shop": found.preset.settings(currency, answers),
        "counter": msgspec.to_builtins(found.preset.counter),
        "devices": list(found.preset.devices),
    }


def _scaled(name: str, value: Value, currency: str) -> Value:
    if not name.endswith("_minor") or not isinstance(value, int):
        return value
    shift: int = EXPONENTS[currency] - WRITTEN_FOR
    scaled: int = value * 10**shift if shift >= 0 else value // 10**-shift
    return scaled
