"""How loud a counter speaks, and when it is quiet: hours of the shop's zone. Screens say all of it anyway."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo


class VolumeTable(Protocol):
    """Part of a speaker's settings."""

    @property
    def volume(self) -> int | None: ...
    @property
    def quiet(self) -> tuple[str, str] | None: ...
    @property
    def quiet_volume(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Loudness:
    """Args:
    volume: in percent; None: the speaker profile's own.
    quiet: from, until ("22:00", "07:00"), the end not included; None: never.
    quiet_volume: in percent, in these hours; 0: nothing is spoken.
    """

    volume: int | None = None
    quiet: tuple[time, time] | None = None
    quiet_volume: int = 0
    zone: ZoneInfo | None = None

    @classmethod
    def of(cls, table: VolumeTable, zone: str) -> "Loudness":
        """Raises ValueError: an hour or the zone cannot be read."""
        if table.quiet is None:
            return cls(table.volume)
        try:
            place = ZoneInfo(zone)
        except KeyError:
            raise ValueError(f"no time zone {zone!r}") from None
        begin, end = (time.fromisoformat(text) for text in table.quiet)
        return cls(table.volume, (begin, end), table.quiet_volume, place)

    def is_quiet(self, wall_ms: int) -> bool:
        """Whether the clock on the shop's wall stands in the quiet hours."""
        if self.quiet is None:
            return False
        now = datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(self.zone).time()
        begin, end = self.quiet
        return begin <= now < end if begin <= end else now >= begin or now < end

    def at(self, wall_ms: int) -> int | None:
        """Percent now; None: the profile's own."""
        return self.quiet_volume if self.is_quiet(wall_ms) else self.volume

    @property
    def hours(self) -> str:
        return "" if self.quiet is None else "-".join(f"{each:%H:%M}" for each in self.quiet)
