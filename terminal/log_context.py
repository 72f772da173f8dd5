"""Which sale, attempt and counter a task works on, for the lines of its log. Ids of ours, nothing of a payer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final

_ABOUT: Final[ContextVar[Mapping[str, str]]] = ContextVar("about", default={})  # noqa: B039  # never changed in place


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """``with about(sale=…, attempt=…, counter=…)``: lines from here on name them; tasks made here too."""
    token = _ABOUT.set({**_ABOUT.get(), **{name: value for name, value in ids.items() if value}})
    try:
        yield
    finally:
        with suppress(ValueError):  # closed from another context, as thrown-away work is: here nothing was set
            _ABOUT.reset(token)


def now_about() -> Mapping[str, str]:
    return _ABOUT.get()
