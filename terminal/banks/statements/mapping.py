"""How one bank writes its CSV statement, as a TOML table: names of columns, dates, signs, encoding."""

from typing import Annotated, Final, Literal

import msgspec

from terminal.errors import BadSettings
from terminal.payments.currencies import EXPONENTS

MAPPING_MAX: Final = 64 * 1024  # bytes


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The columns' names as they stand in the header line; empty: the file has none such.

    Either ``amount`` or both ``credit`` and ``debit``. ``references``: every column that may carry the order's
    reference, the most trusted first. ``balance``: of the account after each line; it is recalculated.
    """

    date: str
    references: tuple[str, ...]
    amount: str = ""
    credit: str = ""
    debit: str = ""
    mark: str = ""
    currency: str = ""
    bank_reference: str = ""
    balance: str = ""


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bank's file.

    Args:
        skip: lines before the header line; until: what the first cell after the last line begins with.
        dates: the order of day, month and year; group: what parts thousands.
        credit_marks: of the column ``mark``, what says that money came in; anything else went out.
    """

    account: str
    columns: Columns
    currency: str = ""
    encoding: Literal["utf-8", "latin-1", "cp1252", "gbk", "gb18030", "big5"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    skip: Annotated[int, msgspec.Meta(ge=0, le=200)] = 0
    until: str = ""
    dates: Literal["ymd", "dmy", "mdy"] = "ymd"
    decimal: Literal[".", ","] = "."
    group: Literal["", ".", ",", " ", "'"] = ""
    credit_marks: tuple[str, ...] = ()


def read_mapping(text: bytes, name: str) -> Mapping:
    """Raises BadSettings ``mapping_unusable`` with the file and what to change."""
    if len(text) > MAPPING_MAX:
        raise BadSettings("mapping_unusable", file=name, why=f"longer than {MAPPING_MAX // 1024} KiB")
    try:
        mapping = msgspec.toml.decode(text, type=Mapping)
    except RecursionError:
        raise BadSettings("mapping_unusable", file=name, why="tables or lists too deep in each other") from None
    except ValueError as error:  # of its bytes, its form, or a number without end; msgspec's are ValueErrors too
        raise BadSettings("mapping_unusable", file=name, why=str(error)) from error
    if why := _contradiction(mapping):
        raise BadSettings("mapping_unusable", file=name, why=why)
    return mapping


def _contradiction(mapping: Mapping) -> str:
    columns = mapping.columns
    two = bool(columns.credit) and bool(columns.debit)
    checks = {
        "columns: either amount, or credit and debit": bool(columns.amount) != two
        and two == bool(columns.credit or columns.debit),
        "columns.references: name at least one": bool(columns.references),
        "currency: neither a value nor a column": bool(mapping.currency) != bool(columns.currency),
        "currency: not in ISO 4217": not mapping.currency or mapping.currency in EXPONENTS,
        "credit_marks: the column mark needs them": bool(columns.mark) == bool(mapping.credit_marks),
        "decimal and group: the same sign": mapping.decimal != mapping.group,
    }
    return next((why for why, good in checks.items() if not good), "")
