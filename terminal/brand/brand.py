"""A bank's own look: its name, colours, sign, hotline, last lines of a receipt and links, as one readable file.

Pure: bytes in, a value or sentences out. The colours of states (waiting, checking, paid, not paid, training) are
no part of it: they mean the same under every bank's name.
"""

import base64
import binascii
import json
import re
import struct
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

LANGUAGES: Final = ("en", "zh-CN", "pt-BR")
FILE_MAX: Final = 512 * 1024  # bytes, a sign as base64 among them
NAME_MAX: Final = 40
TEXT_MAX: Final = 60
FOOTER_MAX: Final = 96  # three lines of the narrowest paper
LINKS_MAX: Final = 6
URL_MAX: Final = 200
CONTRAST_LEAST: Final = 4.5  # WCAG 2.2, success criterion 1.4.3
NEEDED: Final = ("name", "bank", "hotline", "colours", "footer")
KNOWN: Final = (*NEEDED, "hours", "logo", "logo_png", "links")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class BadBrand(ValueError):
    """The file is no brand; every one of ``complaints`` is a sentence."""

    def __init__(self, complaints: tuple[str, ...]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Brand:
    """``band`` and ``text``: "#0b3d91", of the band with the bank's name, readable on each other.

    ``footer``: the last lines of a receipt by language. ``logo``: a PNG as bytes, empty without a sign.
    """

    name: str
    bank: str
    hotline: str
    band: str
    text: str
    footer: Mapping[str, str]
    hours: str = ""
    links: tuple[Link, ...] = ()
    logo: bytes = b""

    @property
    def digest(self) -> str:
        """Of the sign: its address on pages changes with it."""
        return sha256(self.logo).hexdigest()[:12] if self.logo else ""

    @property
    def wide(self) -> float:
        """How many times as wide as high the sign is; 0 without one."""
        if len(self.logo) < 24:
            return 0.0
        width, height = struct.unpack_from(">II", self.logo, 16)  # IHDR (PNG specification, section 11.2.1)
        return width / height if height else 0.0

    def foot(self, language: str) -> tuple[str, ...]:
        """What stands at the end of a receipt, line by line."""
        return tuple(self.footer.get(language, self.footer["en"]).split("\n"))


def contrast(one: str, other: str) -> float:
    """How much brighter the lighter of two "#rrggbb" is: 1 to 21.

    Source: W3C, Web Content Accessibility Guidelines 2.2, "contrast ratio" and "relative luminance".
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def tables(data: bytes) -> dict[str, Any]:
    """The file's tables before anything is known of them. Raises BadBrand."""
    if len(data) > FILE_MAX:
        raise BadBrand((f"The file is longer than {FILE_MAX // 1024} KiB.",))
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of its bytes, its form, a number or a depth without end
        raise BadBrand((f"The file cannot be read as TOML: {error}.",)) from None


def parse(data: bytes) -> Brand:
    """A brand without its sign's file; a kept one holds the sign itself. Raises BadBrand."""
    raw = tables(data)
    if wrong := tuple(_wrong(raw)):
        raise BadBrand(wrong)
    links = tuple(Link(each["title"], each["url"]) for each in raw.get("links", ()))
    return Brand(
        raw["name"],
        raw["bank"],
        raw["hotline"],
        raw["colours"]["band"].lower(),
        raw["colours"]["text"].lower(),
        {language: raw["footer"][language] for language in LANGUAGES},
        raw.get("hours", ""),
        links,
        base64.b64decode(raw.get("logo_png", "")),
    )


def to_bytes(brand: Brand) -> bytes:
    """One file with everything in it, as it is kept: ``parse`` gives the same brand back."""
    rows = [
        ("name", brand.name),
        ("bank", brand.bank),
        ("hotline", brand.hotline),
        ("hours", brand.hours),
        ("logo_png", base64.b64encode(brand.logo).decode()),
    ]
    lines = ["# Kept by `countertop brand apply`; `countertop brand remove` takes it away."]
    lines += [f"{key} = {_quoted(value)}" for key, value in rows if value]
    lines += ["", "[colours]", f"band = {_quoted(brand.band)}", f"text = {_quoted(brand.text)}"]
    lines += ["", "[footer]", *(f"{key} = {_quoted(value)}" for key, value in brand.footer.items())]
    for link in brand.links:
        lines += ["", "[[links]]", f"title = {_quoted(link.title)}", f"url = {_quoted(link.url)}"]
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    """A basic string of TOML; what JSON escapes is escaped there in the same way (TOML 1.0, section "String")."""
    return json.dumps(text, ensure_ascii=False)


# --- what is wrong with a file ------------------------------------------------------------------------------


def _wrong(raw: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name!r} is no part of a brand; it has {', '.join(KNOWN)}." for name in raw if name not in KNOWN)
    yield from (f"{name!r} is missing." for name in NEEDED if name not in raw)
    name = raw.get("name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield f"name: {name!r} is no name; small letters, digits and '-' make one, {NAME_MAX} at most."
    for key in ("bank", "hotline", "hours"):
        yield from _line(key, raw.get(key), TEXT_MAX, needed=key in NEEDED)
    if "colours" in raw:
        yield from _colours(raw["colours"])
    if "footer" in raw:
        yield from _footer(raw["footer"])
    yield from _links(raw.get("links", []))
    if "logo" in raw and not isinstance(raw["logo"], str):
        yield "logo: the name of a PNG file beside this one."
    yield from _sign(raw.get("logo_png", ""))


def _line(where: str, value: Any, longest: int, *, needed: bool = True) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, str) or (needed and not value.strip()):
        yield f"{where}: a text, please, not {value!r}."
    elif len(value) > longest:
        yield f"{where}: {len(value)} characters; {longest} at most."
    elif not value.isprintable():
        yield f"{where}: one line of plain text, without control characters."


def _colours(told: Any) -> Iterator[str]:
    if not isinstance(told, dict) or set(told) != {"band", "text"}:
        yield "colours: a table of 'band' and 'text', such as band = \"#0b3d91\". States keep their own colours."
        return
    sound = True
    for name, value in told.items():
        if not (isinstance(value, str) and _COLOUR.fullmatch(value)):
            sound = False
            yield f'colours: {name} = {value!r} is no colour; write it as "#0b3d91".'
    if sound and (ratio := contrast(told["band"], told["text"])) < CONTRAST_LEAST:
        pair = f"{told['text']} on {told['band']}"
        yield (
            f"colours: {pair} has a contrast of {ratio:.1f}; people need {CONTRAST_LEAST}. "
            "Make one darker or the other lighter."
        )


def _footer(told: Any) -> Iterator[str]:
    if not isinstance(told, dict):
        yield f"footer: a table with one text for each of {', '.join(LANGUAGES)}."
        return
    yield from (f"footer: {each!r} is no language of receipts' footers." for each in told if each not in LANGUAGES)
    for language in LANGUAGES:
        text = told.get(language)
        if text is None:
            yield f"footer: {language} is missing."
            continue
        plain = text.replace("\n", " ") if isinstance(text, str) else text
        yield from _line(f"footer: {language}", plain, FOOTER_MAX)


def _links(told: Any) -> Iterator[str]:
    if not isinstance(told, list) or len(told) > LINKS_MAX:
        yield f"links: at most {LINKS_MAX} tables [[links]]."
        return
    for number, each in enumerate(told, 1):
        if not isinstance(each, dict) or set(each) != {"title", "url"}:
            yield f"links: no. {number} needs 'title' and 'url', and nothing else."
            continue
        yield from _line(f"links: title of no. {number}", each["title"], TEXT_MAX)
        yield from _address(number, each["url"])


def _address(number: int, url: Any) -> Iterator[str]:
    try:
        parts = urlsplit(url) if isinstance(url, str) and url.isprintable() and " " not in url else None
        sound = parts is not None and parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except ValueError:
        sound = False
    if not sound:
        yield f"links: {url!r} of no. {number} is no page of the bank's: its address begins with https://."
    elif len(url) > URL_MAX:
        yield f"links: the address of no. {number} has {len(url)} characters; {URL_MAX} at most."


def _sign(told: Any) -> Iterator[str]:
    try:
        base64.b64decode(told, validate=True)
    except (TypeError, ValueError, binascii.Error):
        yield "logo_png: no base64."
