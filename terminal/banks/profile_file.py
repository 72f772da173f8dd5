"""Channel profiles: TOML in ``profiles/``, checked against ``Profile`` with unknown keys refused."""

import re
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from terminal.errors import BadSettings
from terminal.payments.currencies import EXPONENTS
from terminal.payments.notice import Refusal
from terminal.payments.profile import Profile

FOLDER: Final = Path(__file__).parent / "profiles"
_HOUR: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_NAME: Final = re.compile(r"[a-z0-9_]{1,32}")


def load_profile(name: str, *, folder: Path = FOLDER) -> Profile:
    """The profile called ``name``. Raises BadSettings: ``profile_unknown`` or as ``read_profile``."""
    if not _NAME.fullmatch(name) or not (file := folder / f"{name}.toml").is_file():
        raise BadSettings("profile_unknown", name=name)
    return read_profile(file)


def read_profile(file: Path) -> Profile:
    """Raises BadSettings ``profile_unusable`` with the place and the reason."""
    try:
        profile = msgspec.toml.decode(file.read_bytes(), type=Profile)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise BadSettings("profile_unusable", file=file.name, why=str(error)) from error
    if why := _contradiction(profile):
        raise BadSettings("profile_unusable", file=file.name, why=why)
    return profile


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _contradiction(profile: Profile) -> str:
    """What the types cannot say; empty when the profile makes sense."""
    waits = msgspec.structs.astuple(profile.timings)
    flat = [wait for part in waits for wait in (part if isinstance(part, tuple) else (part,))]
    checks = {
        "currencies: not in ISO 4217": all(code in EXPONENTS for code in profile.currencies),
        "push or pull: neither": profile.push or profile.pull,
        "code_prefixes: empty, no code could be shown": profile.code_prefixes or not profile.push,
        "pull_prefixes or pull_lengths: empty": (profile.pull_prefixes and profile.pull_lengths)
        or not profile.pull,
        "min_minor and max_minor: no amount fits": 1 <= profile.min_minor <= profile.max_minor,
        "queries_per_s: not above 0": profile.queries_per_s > 0,
        "timings: a wait is negative or endless": all(0 <= wait < float("inf") for wait in flat),
        "timings: connect_s and answer_s must be above 0": profile.timings.connect_s > 0
        and profile.timings.answer_s > 0,
        "payout: no working days": profile.payout is None or profile.payout.usable,
        "refund_zone: no such time zone": _is_zone(profile.refund_zone),
        "refund_hours: not HH:MM": all(_HOUR.fullmatch(each) for each in profile.refund_hours or ()),
        "refund_retry: no such refusal": set(profile.refund_retry) <= {each.value for each in Refusal},
        "titles: none in English": "en" in profile.titles,
    }
    return next((why for why, good in checks.items() if not good), "")
