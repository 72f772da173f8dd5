"""Region packs: TOML in ``data/regions``, checked against ``Pack`` with unknown keys refused."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from terminal.errors import BadSettings
from terminal.payments.codes.consumer import KnownCodes
from terminal.payments.codes.pack import Pack, contradictions

FOLDER: Final = Path(__file__).parent / "data" / "regions"
_NAME: Final = re.compile(r"[a-z]{2,8}")


def region_names(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in folder.glob("*.toml")))


@cache
def known_codes() -> KnownCodes:
    """Customers' codes and card numbers of every shipped pack: a traveller's wallet has a name everywhere."""
    packs = [load_region(name) for name in region_names()]
    return KnownCodes(
        tuple(wallet for pack in packs for wallet in pack.wallets),
        tuple(card for pack in packs for card in pack.cards),
    )


def load_region(name: str, *, folder: Path = FOLDER) -> Pack:
    """The pack of this region. Raises BadSettings: ``profile_unknown``; ``profile_unusable`` with the reason."""
    if not _NAME.fullmatch(name) or not (file := folder / f"{name}.toml").is_file():
        raise BadSettings("profile_unknown", name=name)
    try:
        pack = msgspec.toml.decode(file.read_bytes(), type=Pack)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise BadSettings("profile_unusable", file=file.name, why=str(error)) from error
    if pack.region != name:
        raise BadSettings("profile_unusable", file=file.name, why=f"region: {pack.region}")
    if why := next(contradictions(pack), ""):
        raise BadSettings("profile_unusable", file=file.name, why=why)
    return pack
