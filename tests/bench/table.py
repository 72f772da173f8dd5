"""A figure stands beside its limit or peer; the table says which goals were missed, and why."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from rich.console import Console
from rich.table import Table

Verdict = Literal["ok", "MISS", "–"]
_STYLES: Final = {"ok": "green", "MISS": "bold red", "–": "dim"}


@dataclass(slots=True)
class Figure:
    """One measured value and what it is compared with.

    Args:
        goal: number of the goal, 1 to 14.
        ours, beside: in ``unit``; ``beside`` is the limit's or peer's value, None when it was not measured.
        beside_name: what ``beside`` is.
        most, least: bounds of ours / beside; without any the figure is told and not judged.
        good: the verdict, where it is no ratio.
        why: for a miss, where the time goes; for a figure not taken, the reason.
    """

    goal: int
    what: str
    ours: float | None
    unit: str
    beside_name: str = ""
    beside: float | None = None
    most: float | None = None
    least: float | None = None
    good: bool | None = None
    why: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        return self.ours / self.beside if self.ours is not None and self.beside else None

    @property
    def verdict(self) -> Verdict:
        if self.good is not None:
            return "ok" if self.good else "MISS"
        if self.ratio is None or (self.most is None and self.least is None):
            return "–"
        good = (self.most is None or self.ratio <= self.most) and (self.least is None or self.ratio >= self.least)
        return "ok" if good else "MISS"

    def bound(self) -> str:
        if self.most is not None:
            return f"≤ {shown(self.most)}×"
        return f"≥ {shown(self.least)}×" if self.least is not None else ""


def shown(value: float | None) -> str:
    """Three significant digits, without an exponent."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3g}"


def missing(goal: int, what: str, reason: str) -> Figure:
    """A figure that was not taken, said so instead of left out."""
    return Figure(goal, what, None, "", why=[reason])


def show(figures: Sequence[Figure], console: Console, title: str) -> None:
    table = Table(title=title, title_justify="left", expand=False, padding=(0, 1))
    for name in ("goal", "figure", "ours", "limit or peer", "ratio", "wanted", ""):
        table.add_column(name, justify="right" if name in {"goal", "ours", "ratio", "wanted"} else "left")
    for figure in sorted(figures, key=lambda each: each.goal):
        beside = f"{shown(figure.beside)} {figure.unit}  {figure.beside_name}" if figure.beside else ""
        style = _STYLES[figure.verdict]
        table.add_row(
            str(figure.goal),
            figure.what,
            f"{shown(figure.ours)} {figure.unit}" if figure.ours is not None else "not measured",
            beside or figure.beside_name,
            f"{shown(figure.ratio)}×" if figure.ratio is not None else "",
            figure.bound(),
            f"[{style}]{figure.verdict}[/{style}]",
        )
    console.print(table)
    said: dict[tuple[str, ...], list[Figure]] = {}
    for figure in sorted(figures, key=lambda each: each.goal):
        if figure.why and (figure.verdict == "MISS" or figure.ours is None):
            said.setdefault(tuple(figure.why), []).append(figure)
    for lines, about in said.items():
        for figure in about:
            console.print(
                f"[bold]{figure.verdict} {figure.goal}[/bold] {figure.what}", highlight=False, soft_wrap=True
            )
        for line in lines:
            console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)


def save(figures: Sequence[Figure], path: Path, **about: Any) -> None:
    told = [{**asdict(each), "ratio": each.ratio, "verdict": each.verdict} for each in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"about": about, "figures": told}, indent=1, ensure_ascii=False) + "\n")
