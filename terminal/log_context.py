"""Which sale, attempt and counter a task works on, for the lines of its log. Ids of ours, nothing of a payer."""

from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Final

_ABOUT: Final[ContextVar[Mapping[str, str]]] = ContextVar("about", default={})  # noqa: B039  # never changed in place


class about:  # noqa: N801  # a verb of its callers; a class, because every step of a sale comes by
    """``with about(sale=…, attempt=…, counter=…)``: lines from here on name them; tasks made here too."""

    __slots__ = ("_ids", "_token")

    def __init__(self, **ids: str) -> None:
        self._ids = ids

    def __enter__(self) -> None:
        self._token = _ABOUT.set({**_ABOUT.get(), **{name: value for name, value in self._ids.items() if value}})

    def __exit__(self, *_raised: object) -> None:
        with suppress(ValueError):  # closed from another context, as thrown-away work is: here nothing was set
            _ABOUT.reset(self._token)


def now_about() -> Mapping[str, str]:
    return _ABOUT.get()
