"""What the standard itself says of single fields of a merchant-presented code, whatever the scheme.

Source: EMVCo "QR Code Specification for Payment Systems: Merchant-Presented Mode" 1.1, tables 3.1 to 3.8 and 4.x;
UnionPay's account in 15 and 16 as acquirer (8), forwarding institution (8) and merchant (15).
"""

import re
from collections.abc import Mapping
from typing import Final

from terminal.payments.codes.amounts import EMV_AMOUNT_MAX, read_minor
from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.codes.iso import COUNTRIES, CURRENCIES

FORMATS: Final = frozenset({"01", "02"})  # 02: Malaysian codes
_MOST: Final = {
    "59": 25, "60": 15, "61": 10, "64.00": 2, "64.01": 25, "64.02": 15, "62.09": 3, "62.10": 20, "62.11": 3,
    **{f"62.{tag:02d}": 25 for tag in range(1, 9)},
    **{f"{tag:02d}.00": 32 for tag in range(26, 52)},
}  # fmt: skip
_FORMS: Final = {
    "15": re.compile(r".{31}"),
    "16": re.compile(r".{31}"),
    "52": re.compile(r"[0-9]{4}"),
    "62.09": re.compile(r"(?!.*(.).*\1)[AME]+"),
}
_PERCENT: Final = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,2}))?")
_ACCOUNTS: Final = range(2, 52)


def check_fields(values: Mapping[str, str]) -> None:
    """Raises BadCode for what no scheme may have."""
    if values["00"] not in FORMATS:
        raise BadCode(Flaw.FORMAT, "00")
    if values.get("01", "11") not in {"11", "12"}:
        raise BadCode(Flaw.INITIATION, "01")
    for path, value in values.items():
        if len(value) > _MOST.get(path, len(value)):
            raise BadCode(Flaw.OVERLONG, path)
        if path in _FORMS and not _FORMS[path].fullmatch(value):
            raise BadCode(Flaw.VALUE, path)
    if not any(int(path[:2]) in _ACCOUNTS for path in values):
        raise BadCode(Flaw.NO_ACCOUNT)
    for path in ("53", "58"):
        if path not in values:
            raise BadCode(Flaw.MISSING, path)
    if values["53"] not in CURRENCIES:
        raise BadCode(Flaw.CURRENCY, "53")
    if values["58"] not in COUNTRIES:
        raise BadCode(Flaw.COUNTRY, "58")
    _check_amounts(values, CURRENCIES[values["53"]])


def _check_amounts(values: Mapping[str, str], currency: str) -> None:
    for path in ("54", "56"):
        if path in values and (len(values[path]) > EMV_AMOUNT_MAX or not read_minor(values[path], currency)):
            raise BadCode(Flaw.AMOUNT if path == "54" else Flaw.TIP, path)
    tip = values.get("55", "01")
    if tip not in {"01", "02", "03"} or (tip == "02") != ("56" in values) or (tip == "03") != ("57" in values):
        raise BadCode(Flaw.TIP, "55")
    if "57" in values:
        percent = _PERCENT.fullmatch(values["57"])
        if percent is None or not int(percent[1] + (percent[2] or "").ljust(2, "0")):
            raise BadCode(Flaw.TIP, "57")
