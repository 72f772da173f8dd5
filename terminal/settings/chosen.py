"""What was chosen on the set-up page: ``devices.toml`` in the state folder, above the settings file."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.errors import BadSettings
from terminal.settings.pieces import piece
from terminal.settings.tables import DEVICE_TABLES, CounterTable, DeviceTable, Settings
from terminal.settings.toml_file import read_tables
from terminal.whole_file import write_whole

CHOSEN_FILE: Final = "devices.toml"

Chosen = dict[str, dict[str, DeviceTable]]
"""Counter -> role -> what was chosen on the set-up page; an empty port: nothing stands there."""


def chosen(state: Path, problems: list[BadSettings]) -> Chosen:
    """What ``devices.toml`` in the state folder says; the program writes it, and a person may take it away."""
    path = state / CHOSEN_FILE
    try:
        table = _by_role(read_tables(path).get("counters", {}))
    except BadSettings as error:
        if error.slug != "config_missing":  # of a folder that cannot be there the journal tells
            problems.append(error)
        return {}
    except ValueError as error:
        problems.append(BadSettings("config_unreadable", path=str(path), why=str(error)))
        return {}
    found: Chosen = {}
    for counter, roles in table.items():
        for role, value in roles.items():
            where = f"{CHOSEN_FILE}: counters.{counter}.{role}"
            if role not in DEVICE_TABLES:
                problems.append(BadSettings("config_unknown_key", key=where))
            elif (chosen_piece := piece(where, value, DeviceTable, problems)) is not None:
                found.setdefault(counter, {})[role] = chosen_piece
    return found


def _by_role(counters: object) -> dict[str, dict[str, Any]]:
    """Raises ValueError: no tables of counters and roles."""
    return msgspec.convert(counters, dict[str, dict[str, Any]])


def with_chosen(settings: Settings, choices: Chosen) -> Settings:
    """The settings as they are with what was chosen later; counters that are gone are passed over."""
    counters = tuple(_chosen_for(counter, choices.get(counter.id, {})) for counter in settings.counters)
    return msgspec.structs.replace(settings, counters=counters)


def _chosen_for(counter: CounterTable, roles: dict[str, DeviceTable]) -> CounterTable:
    for role, table in roles.items():
        counter = with_device(counter, role, table)
    return counter


def with_device(counter: CounterTable, role: str, table: DeviceTable) -> CounterTable:
    """This device in this role; what the settings say beside it, such as volume or logo, stays."""
    if not table.port:
        return msgspec.structs.replace(counter, **{role: None})
    kind = DEVICE_TABLES[role]
    before = getattr(counter, role)
    kept = {} if before is None else {name: getattr(before, name) for name in kind.__struct_fields__}
    return msgspec.structs.replace(counter, **{role: kind(**{**kept, **msgspec.structs.asdict(table)})})


def write_chosen(state: Path, choices: Chosen) -> None:
    """Whole or not at all, and durable. Raises OSError."""
    lines = ["# Chosen on the set-up page. It stands above the settings file; delete a table to undo it."]
    for counter, roles in sorted(choices.items()):
        for role, table in sorted(roles.items()):
            lines += ["", f"[counters.{json.dumps(counter)}.{role}]"]
            values = msgspec.structs.asdict(table)
            lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    write_whole(state / CHOSEN_FILE, ("\n".join(lines) + "\n").encode(), 0o600)
