"""The shop that is visited: what a visit looks at, and what its record and proofs say of the settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.counter.ports import Clock, Entropy, Ids
from terminal.counter.service import Service
from terminal.people.service import People
from terminal.settings import Loaded
from terminal.settings.channel_tables import payee
from terminal.web.network import has_way_out
from terminal.web.shapes.devices import CounterPlaces
from terminal.wiring.stores import keys_folder

_SHOWN: Final = 4  # last characters of an account
_MASKED: Final = "…"


@dataclass(frozen=True, slots=True)
class Site:
    """What a visit looks at.

    Args:
        state, keys: folders of this service.
        places: every counter's devices with health and newest test.
        payees: who gets a channel's money, masked.
        shop, policy: facts of the settings for record and proof; plain JSON without floats.
        network: whether this machine has a way out; None where that cannot be known.
        settings: gives the whole settings as plain data, of which a pack takes what is nobody's.
    """

    service: Service
    people: People
    state: Path
    keys: Path
    machine: tuple[Clock, Entropy, Ids]
    places: Callable[[], Sequence[CounterPlaces]]
    payees: Mapping[str, str]
    shop: Mapping[str, Any]
    policy: Mapping[str, Any] = field(default_factory=dict)
    network: Callable[[], bool | None] = lambda: None
    settings: Callable[[], Mapping[str, Any]] = dict


def site_of(
    loaded: Loaded,
    service: Service,
    people: People,
    places: Callable[[], Sequence[CounterPlaces]],
    machine: tuple[Clock, Entropy, Ids],
) -> Site:
    """The shop of the settings."""
    settings = loaded.settings
    return Site(
        *(service, people, loaded.state, keys_folder(loaded), machine, places),
        payees={name: masked(payee(table)) for name, table in settings.channels.items()},
        shop=shop_facts(loaded),
        policy=policy_facts(loaded),
        network=has_way_out,
        settings=partial(msgspec.to_builtins, settings),  # a chain's are long, and hardly ever asked for
    )


def shop_facts(loaded: Loaded) -> dict[str, Any]:
    shop = loaded.settings.shop
    return {
        "merchant": shop.merchant,
        "store": shop.store,
        "title": shop.title,
        "currency": shop.currency,
        "zone": shop.zone,
        "mode": loaded.settings.mode,
    }


def policy_facts(loaded: Loaded) -> dict[str, Any]:
    """What was agreed with the owner: who may give back how much, quiet hours, what leaves the shop."""
    shop, settings = loaded.settings.shop, loaded.settings
    speakers = {each.id: each.speaker.quiet for each in settings.counters if each.speaker is not None}
    return {
        "cashier_refund_minor": shop.cashier_refund_minor,
        "cashier_refund_day_minor": shop.cashier_refund_day_minor,
        "refund_day_minor": shop.refund_day_minor,
        "cashier_limit_minor": shop.cashier_limit_minor,
        "limit_minor": shop.limit_minor,
        "second_step": shop.second_step,
        "offline": shop.offline,
        "excess": shop.excess,
        "quiet": {counter: list(quiet) for counter, quiet in speakers.items() if quiet},
        "sent": {"traces": bool(settings.traces.endpoint), "metrics_port": settings.metrics.port},
    }


def masked(told: str) -> str:
    """Accounts as a record may show them: the last characters of each."""
    found: dict[str, Any] = msgspec.json.decode(told) if told else {}
    return " ".join(_last(value) for name, value in sorted(found.items()))


def _last(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_last(each) for _, each in sorted(value.items()))
    text = str(value)
    return _MASKED + text[-_SHOWN:] if len(text) > _SHOWN else _MASKED
