"""Cuts the fonts of terminal/data/fonts out of the Debian packages fonts-noto-cjk and fonts-dejavu-core.

Devanagari, Thai and Arabic come from the PyPI packages fontpkg-noto-sans-devanagari, fontpkg-noto-sans-thai and
fontpkg-noto-sans-arabic, a file each, because a device opens only what its text needs.

Run by hand, with fonttools, pillow and those packages installed, when a script or a sign is added:
``python docs/fonts/make_fonts.py``, or ``… shaped`` for the last three alone. Nothing of the product imports it.
"""

import struct
import sys
import unicodedata
import zlib
from importlib import resources
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parents[2] / "terminal" / "data" / "fonts"
CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
LATIN = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
NARROW = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf")  # clear on a small glass
BOLD = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
BOLD_SIGNS = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf")
BOLD_SC = 2  # place of the simplified Chinese face in its collection
MONO_SC = "NotoSansMonoCJKsc"  # half-width Latin beside full-width Chinese: the grid of a receipt


ASCENT, DESCENT = 0.95, 0.25  # a box of 6 dots for letters of 5: the printers' and the painter's proportion


def gb2312() -> set[int]:
    """Every character of GB 2312-80, by its two bytes."""
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(char) for pair in pairs if (char := pair.decode("gb2312", "ignore"))}


def big5() -> set[int]:
    """The frequently used characters of Big5 (level 1): the names of shops that write traditional Chinese."""
    cells = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    pairs = (bytes((row, cell)) for row in range(0xA4, 0xC7) for cell in cells)
    return {ord(char) for pair in pairs if (char := pair.decode("big5", "ignore"))}


def latin() -> set[int]:
    """ASCII, Latin-1, Latin Extended-A, the letters of pinyin, Cyrillic of code page 866."""
    wanted = {*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x1CD, 0x1DD), 0x218, 0x219, 0x21A, 0x21B}
    return wanted | {ord(bytes((value,)).decode("cp866")) for value in range(0x80, 0x100)}


def signs() -> set[int]:
    """Currencies, punctuation, and what the catalogues use beside letters."""
    currency = {code for code in range(0x20A0, 0x20C1) if unicodedata.category(chr(code)) == "Sc"}
    marks = {*range(0x2010, 0x2027), 0x2030, 0x2122, 0x2190, 0x2192, 0x2713, 0xFF0D, 0xFFFD}
    return currency | marks | {0x0E3F, 0xFFE5}


def cut(font: TTFont, characters: set[int], target: Path) -> None:
    options = subset.Options()
    options.hinting = False  # drawn black and white at a few sizes: hints are half of the file
    options.layout_features = []
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.notdef_outline = True
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "GPOS", "GSUB", "GDEF", "DSIG", "FFTM"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters)
    worker.subset(font)
    font.recalcTimestamp = False  # the same fonts give the same file
    em = font["head"].unitsPerEm
    above, below = round(em * ASCENT), round(em * DESCENT)
    font["hhea"].ascent, font["hhea"].descent, font["hhea"].lineGap = above, -below, 0
    font["OS/2"].sTypoAscender, font["OS/2"].sTypoDescender, font["OS/2"].sTypoLineGap = above, -below, 0
    font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = above, below
    font.save(target)


AMOUNT = "0123456789.,- $¥€£₹₩฿₫₱p" + "".join(map(chr, range(ord("A"), ord("Z") + 1)))
HEIGHTS = (14, 18, 24, 32, 40, 52, 68, 92)


def digits(target: Path) -> None:
    """Amounts as ready dots: records of code point, height, width (``<HBB``) and rows, all compressed."""
    records = bytearray()
    for height in HEIGHTS:
        font = ImageFont.truetype(str(BOLD), round(height / 0.93), index=BOLD_SC)
        signs = ImageFont.truetype(str(BOLD_SIGNS), round(height / 0.93))
        top = font.getbbox("$", anchor="ls")[1]
        for char in AMOUNT:
            face = signs if char in "₹₩฿₫₱" else font
            width = round(face.getlength(char))
            dots = Image.new("L", (width, height), 0)
            ImageDraw.Draw(dots).text((0, -top), char, fill=255, font=face, anchor="ls")
            rows = dots.point([0] * 128 + [255] * 128, "1").tobytes()
            records += struct.pack("<HBB", ord(char), height, width) + rows
    target.write_bytes(zlib.compress(bytes(records), 9))


SHAPED = {  # package, font of all weights, code points; digits and marks beside the letters, in the same design
    "NotoSansDevanagari": ("fontpkg_noto_sans_devanagari", {*range(0x900, 0x980), 0x200C, 0x200D, 0x25CC, 0x20B9}),
    "NotoSansThai": ("fontpkg_noto_sans_thai", {*range(0xE01, 0xE5C), 0x25CC}),
    "NotoSansArabic": (
        "fontpkg_noto_sans_arabic",
        {*range(0x600, 0x616), *range(0x61B, 0x6D6), *range(0x6F0, 0x700), 0x200C, 0x200D, 0x25CC},
    ),
}  # fmt: skip
WEIGHT = 500  # medium: thin strokes of a regular weight break on thermal paper


def shaped(name: str, package: str, characters: set[int]) -> None:
    """One weight with every rule of joining and stacking; printers draw it through HarfBuzz."""
    files = resources.files(package) / "files"
    font = TTFont(next(Path(str(each)) for each in files.iterdir() if each.name.endswith(".ttf")))
    axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes} | {"wght": WEIGHT}
    font = instantiateVariableFont(font, axes)
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["*"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.notdef_outline = True
    worker = subset.Subsetter(options)
    worker.populate(unicodes=characters | {0x20})
    worker.subset(font)
    font.recalcTimestamp = False
    font.save(HERE / f"{name}.ttf")


def main() -> None:
    for name, (package, characters) in SHAPED.items():
        shaped(name, package, characters)
    if sys.argv[1:] == ["shaped"]:
        return
    mono = next(font for font in TTCollection(CJK).fonts if font["name"].getDebugName(6).startswith(MONO_SC))
    cut(mono, gb2312() | big5() | latin() | signs(), HERE / "NotoSansMonoCJKsc-Common.otf")
    digits(HERE / "digits.bin")
    cut(TTFont(NARROW), latin() | signs(), HERE / "DejaVuSansCondensed-Bold-Latin.ttf")
    cut(TTFont(LATIN), latin() | signs(), HERE / "DejaVuSansMono-Latin.ttf")


if __name__ == "__main__":
    main()
