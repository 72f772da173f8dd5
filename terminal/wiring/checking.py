"""What of the settings can be known without starting: countertop config check."""

from collections.abc import Callable
from functools import partial

from terminal.bills.statement_folder import check_mappings
from terminal.counter.slips import Slips
from terminal.errors import BadSettings
from terminal.help.wording import CatalogueWording
from terminal.settings import Loaded
from terminal.system import SystemClock, SystemEntropy
from terminal.wiring.channels import channel_of
from terminal.wiring.door_checks import check_door
from terminal.wiring.fitting import maker
from terminal.wiring.goods import goods_of
from terminal.wiring.house import check_currency, house_of, pepper_of, wording_of
from terminal.wiring.observing import collector_of
from terminal.wiring.stores import place_of
from terminal.wiring.tax import link_of


def check_settings(loaded: Loaded, report: Callable[[BadSettings], None]) -> None:
    """What can be known without starting: keys readable, channels and devices buildable."""
    clock, house = SystemClock(), house_of(loaded)
    slips = Slips(house, CatalogueWording("UTC"), {})
    parts = (pepper_of, wording_of, check_currency, check_mappings, link_of)
    checks: list[Callable[[], object]] = [partial(each, loaded) for each in parts]
    checks += [partial(place_of, loaded)] if loaded.settings.journal.store == "postgres" else []
    checks += [partial(channel_of, loaded, name, clock, SystemEntropy()) for name in loaded.settings.channels]
    checks += [partial(collector_of, loaded)] if loaded.settings.traces.endpoint else []
    checks += [partial(check_door, loaded, name) for name in loaded.settings.doors]
    checks.append(partial(goods_of, loaded))
    make = maker(loaded, house, clock, slips)
    checks += [partial(make, each, None, None) for each in loaded.settings.counters]
    for check in checks:
        try:
            check()
        except BadSettings as error:
            report(error)
