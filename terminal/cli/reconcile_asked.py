"""What ``countertop reconcile`` was asked, the same by a service and beside none."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """``form``: the file's format by name, empty to go by its bytes."""

    channel: str
    day: date
    file: Path | None
    form: str


def about_day(reports: list[Told], day: date) -> str:
    """The day to tell of: what the files were about, else the one asked for."""
    return str(next((each["day"] for each in reports if each["day"]), day.isoformat()))
