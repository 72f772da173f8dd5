"""The rules' numbers as data: floors, ceilings and times, from ``data/risk.toml``, unknown keys refused."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

FILE: Final = Path(__file__).parent.parent / "data" / "risk.toml"
Offer = Literal["refunds_pin", "refunds_locked", "channel_paused", "notify_bank"]


class RuleNumbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one rule counts to.

    Args:
        floor, ceiling: the least and the most its limit can be.
        learns: the limit follows the shop's own days; else it is the floor.
        within_s: a sliding time in seconds; 0: a business day.
        soon_s: of a refund after its payment; near_percent: of the limit an amount may be just below.
        till: every till is told, not the owner alone.
    """

    floor: int
    ceiling: int
    learns: bool = True
    within_s: int = 0
    soon_s: int = 0
    near_percent: int = 100
    till: bool = False
    offers: tuple[Offer, ...] = ()


class Learning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: int
    days_least: int
    more_percent: int


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field a rule, so that a rule without numbers is no rule table."""

    refund_soon: RuleNumbers
    refunds_many: RuleNumbers
    out_of_hours: RuleNumbers
    forged: RuleNumbers
    code_again: RuleNumbers
    equal_amounts: RuleNumbers
    unverified_cap: RuleNumbers
    cancels_after_shown: RuleNumbers
    below_limit: RuleNumbers
    overrides: RuleNumbers
    device_swap: RuleNumbers
    flood: RuleNumbers


class PayLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prefix: str
    title: str


class RiskTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    learning: Learning
    rules: Rules
    links: tuple[PayLink, ...] = ()

    def rule(self, name: str) -> RuleNumbers:
        found: RuleNumbers = getattr(self.rules, name)
        return found


RULES: Final = Rules.__struct_fields__
STICKER: Final = "sticker"  # no rule of the journal: what a scan at the wall found


@cache
def risk_table() -> RiskTable:
    """The shipped table, read once. A damaged one is a damaged installation: msgspec's error escapes."""
    return msgspec.toml.decode(FILE.read_bytes(), type=RiskTable)
