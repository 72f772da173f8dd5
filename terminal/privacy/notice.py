"""The notice for customers and for the owner's page: made from the map and the real settings (PR7, PR13, PR15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from terminal.privacy.datamap import DataMap


@dataclass(frozen=True, slots=True)
class Provider:
    """A channel of the settings; ``region`` is its own, where its table names one."""

    title: str
    connector: str
    region: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)  # per language; ``title`` where there is none


@dataclass(frozen=True, slots=True)
class Kept:
    what: str
    base: str
    time: str
    readers: str


def kept(data: DataMap, person: str, language: str) -> list[Kept]:
    """What is kept of ``payer`` or ``staff``, once a kind."""
    return [
        Kept(
            each.purpose.say(language),
            data.bases[each.base].say(language),
            data.keeps[each.keep].say(language),
            ", ".join(data.readers[reader].say(language) for reader in each.readers),
        )
        for each in data.kinds.values()
        if each.person == person
    ]


def providers_told(data: DataMap, providers: Sequence[Provider], language: str) -> list[tuple[str, str]]:
    """Every company that hears of a payment, and where it is."""
    return [
        (each.titles.get(language, each.title), data.place(each.connector, each.region).say(language))
        for each in providers
    ]


def breach_notice(
    data: DataMap,
    providers: Sequence[Provider],
    language: str,
    *,
    shop: str,
    since: str,
    until: str,
    payments: int,
    staff: int,
) -> str:
    """The text to finish by hand; what a program can know is filled in."""
    kinds = dict.fromkeys(each.what for person in ("payer", "staff") for each in kept(data, person, language))
    named = ", ".join(f"{title} ({place})" for title, place in providers_told(data, providers, language))
    return data.breach.say(language).format(
        shop=shop,
        since=since,
        until=until,
        payments=payments,
        staff=staff,
        kinds="; ".join(kinds),
        providers=named or "-",
    )
