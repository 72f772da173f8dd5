"""The counter's wording port, filled from the catalogues."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from terminal.help.catalogue import Catalogue
from terminal.payments.money import Money


@cache
def _words(language: str) -> Mapping[str, str]:
    return MappingProxyType(Catalogue.load(language).section("receipt", "refund", "report"))


class CatalogueWording:
    """``zone``: the store's time zone for dates on paper."""

    def __init__(self, zone: str = "UTC") -> None:
        self._zone = ZoneInfo(zone)

    def words(self, language: str) -> Mapping[str, str]:
        return _words(language)

    def money(self, amount: Money, language: str) -> str:
        return Catalogue.load(language).money(amount, paper=True)

    def when(self, wall_ms: int, language: str) -> str:
        return Catalogue.load(language).date_time(wall_ms, self._zone)
