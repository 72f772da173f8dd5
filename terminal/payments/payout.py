"""When a provider pays out what it settled: working days, free weekdays and feasts as data. Pure."""

from datetime import date, timedelta
from typing import Final

import msgspec

_DAY: Final = timedelta(days=1)
_LOOK_MAX: Final = 366  # days until a due one is found


class PayoutDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a channel's profile.

    Args:
        after_days: working days after a settlement day, then its money leaves the provider.
        bank_days: so many more until the shop's bank has booked it.
        weekdays: ISO weekdays that are working days, Monday is 1; none: nothing comes by itself, nothing is late.
        free_days: feasts, which are none.
    """

    after_days: int = 1
    bank_days: int = 1
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    free_days: tuple[date, ...] = ()

    @property
    def usable(self) -> bool:
        known = set(self.weekdays) <= set(range(1, 8))
        return known and 0 <= self.after_days <= 31 and 0 <= self.bank_days <= 31

    def due(self, day: date, *, at_bank: bool = False) -> date | None:
        """The last day on which the money of ``day`` should be there: out of the balance, or in the bank."""
        if not self.weekdays:
            return None
        left, at = self.after_days + (self.bank_days if at_bank else 0), day
        for _ in range(_LOOK_MAX):
            if not left:
                break
            at += _DAY
            left -= at.isoweekday() in self.weekdays and at not in self.free_days
        return at
