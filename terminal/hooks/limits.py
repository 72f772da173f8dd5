"""The numbers of outgoing webhooks, as data."""

from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec

FILE: Final = Path(__file__).parent.parent / "data" / "hooks.toml"
Positive = Annotated[int, msgspec.Meta(ge=1)]


class HookLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``pauses_s``: after one failure, two, …; the last for all further ones. Bytes, seconds, hours by name."""

    pauses_s: Annotated[tuple[Positive, ...], msgspec.Meta(min_length=1)]
    jitter_percent: Annotated[int, msgspec.Meta(ge=0, le=50)]
    give_up_h: Positive
    connect_s: Positive
    answer_s: Positive
    answer_bytes: Positive
    endpoints: Positive
    letters: Positive
    note_s: Positive
    secret_bytes: Annotated[int, msgspec.Meta(ge=24, le=64)]

    @property
    def give_up_ms(self) -> int:
        return self.give_up_h * 3_600_000


@cache
def hook_limits() -> HookLimits:
    """The shipped numbers, read once. A damaged file is a damaged installation: msgspec's error escapes."""
    return msgspec.toml.decode(FILE.read_bytes(), type=HookLimits)
