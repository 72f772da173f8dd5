"""A settings pack: how one shop is run, sealed for the next one (row 100). Pure: tables in, tables out.

What goes in is named here, key by key; everything else stays at home: who is paid, keys, secrets, ports, names.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Annotated, Any, Final

import msgspec

from terminal.errors import Conflict, InvalidRequest

FORMAT: Final = 1
WHY_MAX: Final = 200  # characters of a stranger's words on our screens
SHOP_KEYS: Final = (
    *("cut_off", "cashier_totals", "limit_minor", "cashier_refund_minor", "cashier_refund_day_minor"),
    *("pos_refund_minor", "pos_refund_day_minor", "refund_day_minor", "cashier_limit_minor", "pos_limit_minor"),
    *("second_step", "offline", "offline_sale_minor", "offline_day_minor", "excess", "sheet_at_start"),
)
COUNTER_KEYS: Final = ("languages", "kiosk")
DEVICE_KEYS: Final = ("driver", "profile", "baud", "flow")
SPEAKER_KEYS: Final = ("volume", "quiet", "quiet_volume")
ROLES: Final = ("display", "scanner", "printer", "speaker")
Table = Mapping[str, Any]


class _Counter(msgspec.Struct, forbid_unknown_fields=True):
    languages: dict[str, str]
    kiosk: bool
    devices: dict[str, dict[str, Any]]


class Pack(msgspec.Struct, forbid_unknown_fields=True):
    """``connectors``: what the shop it was made in took money with; for people to compare.

    ``brand``: the bank's, as its one file holds it, and not looked at yet; empty without one.
    """

    format: int
    made_ms: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000)]  # until the year 9999, as dates are
    software: str
    currency: str
    zone: str
    shop: dict[str, Any]
    counters: list[_Counter]
    connectors: list[str]
    brand: str = ""


def pack_of(settings: Table, *, made_ms: int, software: str, brand: str = "") -> dict[str, Any]:
    """Of whole settings as plain data, defaults included: the document to be sealed."""
    shop = settings["shop"]
    document = {
        "format": FORMAT,
        "made_ms": made_ms,
        "software": software,
        "currency": shop["currency"],
        "zone": shop["zone"],
        "shop": {key: shop[key] for key in SHOP_KEYS},
        "counters": [
            {**{key: each[key] for key in COUNTER_KEYS}, "devices": _devices(each)}
            for each in settings["counters"]
        ],
        "connectors": sorted({each["connector"] for each in settings["channels"].values()}),
    }
    return {**document, "brand": brand} if brand else document


def _devices(counter: Table) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for role in ROLES:
        if (device := counter.get(role)) is not None:
            keys = (*DEVICE_KEYS, *(SPEAKER_KEYS if role == "speaker" else ()))
            found[role] = {key: device[key] for key in keys if _is_set(key, device.get(key))}
    return found


def _is_set(key: str, value: Any) -> bool:
    """A volume of 0 is mute; a speed of 0 is nobody's."""
    return value not in (None, "") and (key, value) != ("baud", 0)


def read_pack(document: Table) -> Pack:
    """Raises InvalidRequest("pack_unusable")."""
    try:
        pack = msgspec.convert(dict(document), Pack)
    except msgspec.ValidationError as error:
        raise InvalidRequest("pack_unusable", why=str(error)) from None
    if pack.format != FORMAT:
        raise InvalidRequest("pack_unusable", why=f"format {pack.format}")
    if unknown := [*sorted(set(pack.shop) - set(SHOP_KEYS)), *_strange(pack.counters)]:
        raise InvalidRequest("pack_unusable", why=unknown[0][:WHY_MAX])
    return pack


def _strange(counters: Sequence[_Counter]) -> list[str]:
    """Places and keys that no pack carries: a port, a serial number, an address are each shop's own."""
    found = []
    for counter in counters:
        for role, keys in counter.devices.items():
            known = (*DEVICE_KEYS, *(SPEAKER_KEYS if role == "speaker" else ()))
            found += [role] if role not in ROLES else [f"{role}.{key}" for key in keys if key not in known]
    return found


def applied(pack: Pack, table: Table) -> dict[str, Any]:
    """The settings file's table with the pack in it; who is paid and what stands where is the shop's own.

    Raises Conflict as ``suits``.
    """
    suits(pack, table)
    made = deepcopy(dict(table))
    made["shop"] = {**table.get("shop", {}), **pack.shop}
    if pack.counters:
        told = [*pack.counters, *[pack.counters[-1]] * len(made.get("counters", []))]
        made["counters"] = [_counter(each, told[place]) for place, each in enumerate(made.get("counters", []))]
    return made


def suits(pack: Pack, table: Table) -> None:
    """Raises Conflict: ``pack_other_currency``, ``pack_other_region`` with both names."""
    shop = table.get("shop", {})
    ours, zone = shop.get("currency", "CNY"), shop.get("zone", "UTC")
    if pack.currency != ours:
        raise Conflict("pack_other_currency", theirs=pack.currency, ours=ours)
    if _area(pack.zone) != _area(zone):
        raise Conflict("pack_other_region", theirs=pack.zone, ours=zone)


def _area(zone: str) -> str:
    """Continent or ocean of a zone's name: quiet hours and days are the shop's own within one."""
    return zone.partition("/")[0]


def _counter(counter: Table, told: _Counter) -> dict[str, Any]:
    made = {**counter, "languages": told.languages, "kiosk": told.kiosk}
    for role, keys in told.devices.items():
        if role in made:
            own = {key: value for key, value in made[role].items() if key not in SPEAKER_KEYS}
            made[role] = {**keys, **own}  # a device that stands here knows better what it is
    return made


def toml(table: Table) -> str:
    """A settings file of this table: plain values, tables, lists of tables; tomllib reads back the same."""
    return "\n".join(_lines(table, ())) + "\n"


def _lines(table: Table, path: tuple[str, ...]) -> list[str]:
    inner = {key: each for key, each in table.items() if _is_table(each)}
    lines = [f"{_key(key)} = {_value(each)}" for key, each in table.items() if key not in inner]
    for key, each in inner.items():
        name = ".".join(_key(part) for part in (*path, key))
        if isinstance(each, Mapping):
            lines += ["", f"[{name}]", *_lines(each, (*path, key))]
            continue
        for one in each:
            lines += ["", f"[[{name}]]", *_lines(one, (*path, key))]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("-", "").replace("_", "").isalnum() else _text(name)


def _value(value: Any) -> str:
    match value:
        case str():
            return _text(value)
        case bool():
            return "true" if value else "false"
        case datetime.date():  # a time of day, a date and a moment are written alike in TOML
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return str(value)


def _text(value: str) -> str:
    """A basic string: TOML's escapes are JSON's, but for the delete character (TOML 1.0.0, String)."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
