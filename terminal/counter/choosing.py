"""Which channel of a counter takes an amount: limits and trouble are told before a code is shown (row 38)."""

from collections.abc import Collection

from terminal.counter.day_limits import DayLimits
from terminal.counter.floor import Floor
from terminal.counter.lane import Lane
from terminal.counter.ports import Provider
from terminal.errors import InvalidRequest, TerminalError, Unavailable
from terminal.payments.money import Money


def unavailable(provider: Provider) -> Unavailable:
    """Why no new sale starts at this provider, with what its sentence mentions."""
    slug = provider.trouble()
    if slug == "clock_off":
        return Unavailable(slug, seconds=round(abs(provider.clock_offset_s)))
    return Unavailable(slug)


class Choosing:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.days = DayLimits(floor.book, floor.feed, floor.channel)

    def first(self, lane: Lane, amount: Money, *, sale: str = "", push: bool = False) -> str:
        """The first channel of the counter that can. Raises what the last that cannot gave as its reason.

        Args:
            sale: whose amount it is, where that sale has begun: what it has under way is given up or paid first.
            push: a code is to be shown: channels that only take the customer's are passed over.
        """
        self._whole(amount)
        refused: TerminalError = InvalidRequest("currency_not_taken", currency=amount.currency)
        for name in lane.settings.channels:
            no = self.refusal(name, amount, sale)
            if push and not self._floor.provider(name).profile.push:
                no = InvalidRequest("channel_not_here", channel=name)
            if no is None:
                return name
            refused = refused if no.slug == "currency_not_taken" else no
        raise refused

    def named(self, lane: Lane, channel: str, amount: Money, *, sale: str = "") -> str:
        """This one and no other. Raises why it cannot; ``channel_not_here``: it shows no codes at this counter."""
        self._whole(amount)
        if channel not in lane.settings.channels or not self._floor.provider(channel).profile.push:
            raise InvalidRequest("channel_not_here", channel=channel)
        if no := self.refusal(channel, amount, sale):
            raise no
        return channel

    def others(self, lane: Lane, amount: Money, tried: Collection[str], sale: str) -> list[str]:
        """Those that could show a code now and were not tried, in the counter's order."""
        if self._floor.stopping:
            return []
        return [
            name
            for name in lane.settings.channels
            if name not in tried
            and self._floor.provider(name).profile.push
            and self.refusal(name, amount, sale) is None
        ]

    def refusal(self, channel: str, amount: Money, sale: str = "") -> TerminalError | None:
        """Why this channel takes no such amount now; ``sale``: whose, where it has begun."""
        provider = self._floor.provider(channel)
        profile = provider.profile
        if amount.currency not in profile.currencies:
            return InvalidRequest("currency_not_taken", currency=amount.currency)
        if amount.minor < profile.min_minor:
            least = Money(profile.min_minor, amount.currency).plain()
            return InvalidRequest("amount_under_limit", limit=least)
        if amount.minor > profile.max_minor:
            return InvalidRequest("amount_over_limit", limit=Money(profile.max_minor, amount.currency).plain())
        if self._floor.holds.paused(channel):
            return Unavailable("channel_paused", channel=channel)
        if self._floor.accounts.waits(channel):
            return Unavailable("account_waits", channel=channel)
        if provider.trouble():
            return unavailable(provider)
        left = self.days.left_minor(channel, provider, but=sale)
        if left is None or amount.minor <= left:
            return None
        return InvalidRequest("day_limit_reached", left=Money(left, amount.currency).plain())

    def _whole(self, amount: Money) -> None:
        if self._floor.stopping:
            raise Unavailable("stopping")
        if amount.minor > self._floor.house.limit_minor:
            limit = Money(self._floor.house.limit_minor, amount.currency).plain()
            raise InvalidRequest("amount_over_limit", limit=limit)
