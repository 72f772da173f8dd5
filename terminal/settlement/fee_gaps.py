"""Fees that are not the agreed ones: a thousand lines at the wrong rate are one difference, in one sentence."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from terminal.payments.fees import FeeRule, ppm_text, rate_text, whole_units
from terminal.settlement.differences import Difference, Kind
from terminal.settlement.matching import FeeGap


@dataclass(slots=True)
class _Sum:
    rule: FeeRule
    lines: int = 0
    settle_minor: int = 0
    charged_milli: int = 0
    expected_milli: int = 0


@dataclass(slots=True)
class FeeGaps:
    """Summed by rule, and a holiday's apart: ``free`` was promised there."""

    _sums: dict[tuple[str, bool], _Sum] = field(default_factory=dict)

    def add(self, gap: FeeGap) -> None:
        found = self._sums.setdefault((gap.rule.id, gap.holiday), _Sum(gap.rule))
        found.lines += 1
        found.settle_minor += gap.settle_minor
        found.charged_milli += gap.charged_milli
        found.expected_milli += gap.expected_milli

    def differences(self, channel: str, day: str, currency: str = "") -> Iterator[Difference]:
        for (rule, holiday), found in sorted(self._sums.items()):
            agreed = "0.00 %" if holiday else ppm_text(found.rule.rate_ppm)
            yield Difference(
                kind=Kind.FEE,
                channel=channel,
                key=f"{day}/{rule}{'/free' if holiday else ''}",
                day=day,
                currency=currency,
                here_minor=whole_units(found.expected_milli),
                there_minor=whole_units(found.charged_milli),
                facts={
                    "number": rule,
                    "lines": found.lines,
                    "charged": rate_text(found.charged_milli, found.settle_minor),
                    "agreed": agreed,
                    **({"free": 1} if holiday else {}),
                    "charged_milli": found.charged_milli,
                    "expected_milli": found.expected_milli,
                },
            )
