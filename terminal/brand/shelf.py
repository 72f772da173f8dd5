"""Where the shop's brand is kept: one file of the state folder, whole or not there; a backup takes it along.

Whoever shows something asks again each time, and a changed file is seen without a restart.
"""

import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Final

from drivers.printer.bitmap import Bitmap
from terminal.brand.brand import FILE_MAX, BadBrand, Brand, parse, tables, to_bytes
from terminal.brand.logo import BYTES_MAX, UNREADABLE
from terminal.brand.logo import kept as kept_sign
from terminal.whole_file import Owner, sync_folder, write_whole

FILE: Final = "brand.toml"
SHIPPED: Final = Path(__file__).parent.parent / "data" / "brands"
SIZES_MAX: Final = 8
Seen = tuple[int, int, int]


class BrandShelf:
    """Args:
    state: the shop's state folder.
    """

    def __init__(self, state: Path) -> None:
        self.folder, self._path = state, state / FILE
        self._seen: Seen | None = None
        self._brand: Brand | None = None
        self._dots: dict[tuple[str, int, int], Bitmap | None] = {}

    def __call__(self) -> Brand | None:
        """The one that is applied now, None without; a file that is damaged counts as none."""
        try:
            told = self._path.stat()
        except OSError:
            self._seen = self._brand = None
            return None
        seen = (told.st_mtime_ns, told.st_size, told.st_ino)
        if seen != self._seen:
            self._seen, self._brand = seen, _read(self._path)
        return self._brand

    def text(self) -> str:
        """Its one file, the sign in it, for a pack; empty without a brand."""
        brand = self()
        return to_bytes(brand).decode() if brand else ""

    def dots(self, width: int, height: int) -> Bitmap | None:
        """The sign in black and white, no larger than that; None without one, or where it is damaged."""
        brand = self()
        if brand is None or not brand.logo:
            return None
        key = (brand.digest, width, height)
        if key not in self._dots:
            from drivers.raster import picture

            if len(self._dots) >= SIZES_MAX:
                self._dots.clear()
            try:
                self._dots[key] = picture(BytesIO(brand.logo), width, height)
            except UNREADABLE:
                self._dots[key] = None
        return self._dots[key]

    def keep(self, brand: Brand) -> None:
        """Durable on return, never half; whose the folder is, his is the file. Raises OSError."""
        folder = self._path.parent.stat()
        owner = Owner(folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None
        write_whole(self._path, to_bytes(brand), 0o600, owner)

    def remove(self) -> bool:
        """Whether there was one. Raises OSError."""
        if not self._path.exists():
            return False
        self._path.unlink()
        sync_folder(self._path.parent)
        return True


def no_brand() -> Brand | None:
    return None


def read_brand(name: str) -> Brand:
    """A shipped brand by name, or a file of one's own (a path that ends in .toml), with its sign.

    Raises:
        BadBrand: every trouble in a sentence; OSError: it cannot be read.
    """
    path = Path(name) if name.endswith(".toml") else SHIPPED / f"{name}.toml"
    if not name.endswith(".toml") and (Path(name).name != name or not path.is_file()):
        there = ", ".join(each.stem for each in sorted(SHIPPED.glob("*.toml")))
        raise BadBrand((f"No brand is called {name!r}; there are: {there}. Your own is a file NAME.toml.",))
    data = _bytes(path, FILE_MAX)
    if sign := tables(data).get("logo", ""):
        return replace(parse(data), logo=kept_sign(_sign_of(path, sign)))
    return brand_of(data)


def brand_of(data: bytes) -> Brand:
    """One that came from elsewhere, as one file: its sign is read anew. Raises BadBrand."""
    brand = parse(data)
    return replace(brand, logo=kept_sign(brand.logo)) if brand.logo else brand


def _sign_of(path: Path, sign: str) -> bytes:
    """Only beside the brand's own file. Raises BadBrand, OSError."""
    if Path(sign).name != sign or not sign.endswith(".png"):
        raise BadBrand((f"logo: {sign!r} is no PNG file beside the brand's own file.",))
    if not (path.parent / sign).is_file():
        raise BadBrand((f"logo: there is no file {sign!r} beside the brand's own file.",))
    return _bytes(path.parent / sign, BYTES_MAX)


def _bytes(path: Path, longest: int) -> bytes:
    with path.open("rb") as file:
        return file.read(longest + 1)


def _read(path: Path) -> Brand | None:
    try:
        return parse(_bytes(path, FILE_MAX))
    except (OSError, BadBrand):
        return None
