"""What is old enough to go, by the data map's periods (PR8). Pure: it names files and people, others delete."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from terminal.privacy.datamap import DataMap, Place

DAY_MS: Final = 86_400_000
PERSONAL: Final = "personal"  # the kind of the journal's erasable values


@dataclass(frozen=True, slots=True)
class Found:
    """A file by its path below its place; ``changed_ms`` is when it was last written, UTC."""

    place: Place
    path: str
    changed_ms: int


@dataclass(frozen=True, slots=True)
class Due:
    """A file that may be deleted; ``days`` is its period, ``age_days`` how old it is."""

    place: Place
    path: str
    kind: str
    days: int
    age_days: int


def periods(data: DataMap) -> dict[str, int]:
    """Kind -> days, for the kinds that go by age."""
    days = {kind: data.days(kind) for kind in data.kinds}
    return {kind: each for kind, each in days.items() if each}


def due(data: DataMap, found: Iterable[Found], now_ms: int, days: Mapping[str, int]) -> list[Due]:
    """The files past their period. A clock that runs behind deletes nothing; a file on no map stays."""
    gone = []
    for each in found:
        kind = data.file(each.place, each.path)
        if (period := days.get(kind)) is not None and now_ms - each.changed_ms > period * DAY_MS:
            gone.append(Due(each.place, each.path, kind, period, (now_ms - each.changed_ms) // DAY_MS))
    return gone
