"""Every case in order: what any connector must pass before live money."""

from typing import Final

from terminal.conformance.cases import (
    amounts,
    hostile,
    links,
    notifications,
    orders,
    origins,
    paces,
    pays,
    queries,
    refunds,
    secrets_kept,
    times,
    undoes,
)
from terminal.conformance.kit import Case, Group

GROUPS: Final[tuple[Group, ...]] = tuple(
    each.GROUP
    for each in (
        orders,
        pays,
        queries,
        undoes,
        refunds,
        notifications,
        origins,
        times,
        amounts,
        links,
        paces,
        hostile,
        secrets_kept,
    )
)
ALL_CASES: Final[tuple[Case, ...]] = tuple(each for group in GROUPS for each in group.cases)
LEAST: Final = 60  # cases that apply to a provider with both directions and signatures
