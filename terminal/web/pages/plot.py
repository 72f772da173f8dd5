"""Plots as SVG text, drawn on the server. Pure: the same figures, the same picture.

Each is a picture with a name and a description for who does not see it, every bar says its value, and a second
series is hatched: no colour is needed to read one. Colours come from the page's own sheet, by class, so that the
picture obeys the strict content policy and both themes. Sources: SVG 2, 5.8 (title and desc); WCAG 2.2, 1.4.1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

WIDE: Final = 560
TALL: Final = 210
TOP: Final = 34  # room for the value above the tallest column
FOOT: Final = 26  # and for the names below
ROW: Final = 46
NAME_MAX: Final = 30  # characters of a name in a picture; the table beside it has all of them
BARS_MAX: Final = 62


@dataclass(frozen=True, slots=True)
class Bar:
    """``value`` gives the size, below zero counts as nothing; ``told`` is what people read.

    Args:
        second: of a second series beside the first; None: there is none.
    """

    name: str
    value: int
    told: str
    second: int | None = None
    second_told: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """``id`` is unique on its page. ``series``: names of the two series, where there are two."""

    id: str
    title: str
    desc: str
    series: tuple[str, str] | None = None


def columns(picture: Picture, bars: Sequence[Bar]) -> Markup:
    """Upright bars, for hours and days in their order. The highest one says its value; all have it as a title."""
    assert len(bars) <= BARS_MAX, len(bars)
    most = _most(bars)
    room = TALL - TOP - FOOT
    step = WIDE // max(len(bars), 1)
    every = 1 if step >= 40 else 2 if step >= 24 else 5  # names that would run into each other are left out
    parts = [_line(TALL - FOOT)]
    peak = max(range(len(bars)), key=lambda at: bars[at].value, default=0)
    for at, bar in enumerate(bars):
        left = at * step
        parts.append(f"<g><title>{_said(bar)}</title>{''.join(_pair(bar, left, step, room, most))}</g>")
        if at % every == 0:
            parts.append(_text(left + step // 2, TALL - 8, bar.name, "middle", "name"))
        if at == peak and bar.value > 0:
            x, anchor = _beside(left, step)
            y = TALL - FOOT - _size(bar.value, most, room) - 8
            parts.append(_text(x, y, bar.told, anchor, "value"))
    return _svg(picture, TALL, parts)


def rows(picture: Picture, bars: Sequence[Bar]) -> Markup:
    """Lying bars, for names: each under its name, with its value at the end of the line."""
    assert len(bars) <= BARS_MAX, len(bars)
    most, parts = _most(bars), []
    for at, bar in enumerate(bars):
        top = at * ROW
        wide = _size(bar.value, most, WIDE)
        parts.append(f"<g><title>{_said(bar)}</title>")
        parts.append(_text(0, top + 18, bar.name, "start", "name"))
        parts.append(_text(WIDE, top + 18, bar.told, "end", "value"))
        parts.append(f'<rect class="track" x="0" y="{top + 25}" width="{WIDE}" height="12" rx="3"/>')
        parts.append(f'<rect class="first" x="0" y="{top + 25}" width="{wide}" height="12" rx="3"/></g>')
    return _svg(picture, max(len(bars), 1) * ROW, parts)


def _most(bars: Sequence[Bar]) -> int:
    return max((each for bar in bars for each in (bar.value, bar.second or 0)), default=0)


def _size(value: int, most: int, room: int) -> int:
    """At least two pixels for anything above nothing: a small sale is no missing one."""
    return max(2, value * room // most) if value > 0 and most > 0 else 0


def _pair(bar: Bar, left: int, step: int, room: int, most: int) -> Iterator[str]:
    gap = max(2, step // 8)
    wide = max(2, step - 2 * gap)
    each = wide // 2 if bar.second is not None else wide
    for at, (kind, value) in enumerate((("first", bar.value), ("second", bar.second or 0))):
        tall = _size(value, most, room)
        if tall:
            x, y = left + gap + at * each, TALL - FOOT - tall
            yield f'<rect class="{kind}" x="{x}" y="{y}" width="{each}" height="{tall}" rx="2"/>'
            if kind == "second":
                yield f'<path class="hatch" d="{_hatch(x, y, each, tall)}"/>'


def _beside(left: int, step: int) -> tuple[int, str]:
    """Where a value stands above its column without leaving the picture, however long it is."""
    if left < WIDE // 3:
        return left, "start"
    return (left + step, "end") if left > WIDE * 2 // 3 else (left + step // 2, "middle")


def _hatch(x: int, y: int, wide: int, tall: int) -> str:
    return "".join(f"M{x} {at}h{wide}" for at in range(y + 4, y + tall, 6))


def _said(bar: Bar) -> Markup:
    second = f", {bar.second_told}" if bar.second_told else ""
    return escape(f"{bar.name}: {bar.told}{second}")


def _line(y: int) -> str:
    return f'<path class="axis" d="M0 {y}.5H{WIDE}"/>'


def _text(x: int, y: int, text: str, anchor: str, kind: str) -> str:
    shown = text if len(text) <= NAME_MAX else text[: NAME_MAX - 1] + "…"
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(shown)}</text>'


def _svg(picture: Picture, tall: int, parts: Sequence[str]) -> Markup:
    name, desc = f"{picture.id}-name", f"{picture.id}-desc"
    head = (
        f'<svg class="plot" viewBox="0 0 {WIDE} {tall}" role="img" '
        f'aria-labelledby="{escape(name)} {escape(desc)}">'
        f'<title id="{escape(name)}">{escape(picture.title)}</title>'
        f'<desc id="{escape(desc)}">{escape(picture.desc)}</desc>'
    )
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704  # every text in it went through escape
