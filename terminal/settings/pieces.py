"""One value or table of a file, read so that one mistake does not hide the next."""

from functools import cache
from typing import Any, get_args

import msgspec
from msgspec.structs import FieldInfo

from terminal.errors import BadSettings
from terminal.settings.channel_tables import Table


def piece(where: str, value: object, kind: Any, problems: list[BadSettings]) -> Any:
    """One value or table. A table is read key by key, so that one wrong key does not hide the next."""
    table = next(
        (each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, Table)), None
    )
    if table is not None and isinstance(value, dict):
        before = len(problems)
        fields = _fields(table)
        for name, inner in value.items():
            if name in fields:
                piece(f"{where}.{name}", inner, fields[name].type, problems)
            else:
                problems.append(BadSettings("config_unknown_key", key=f"{where}.{name}"))
        missing = [name for name, field in fields.items() if field.required and name not in value]
        problems += [BadSettings("config_key_missing", key=f"{where}.{name}") for name in missing]
        if len(problems) > before:
            return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        problems.append(_problem(where, str(error)))
        return None


@cache
def _fields(table: type[Table]) -> dict[str, FieldInfo]:
    """Looked up once: a chain's settings name the same kinds of table a thousand times."""
    return {field.name: field for field in msgspec.structs.fields(table)}


def _problem(where: str, message: str) -> BadSettings:
    """msgspec names what it wanted, and the path inside a list or dict."""
    what, _, path = message.partition(" - at `$")
    return BadSettings("config_value_wrong", key=where + path.rstrip("`"), why=what)
