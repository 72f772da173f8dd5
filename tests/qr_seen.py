"""QR codes in pictures, read by another's reader (ZXing)."""

import zxingcpp
from PIL import Image


def texts_in(picture: Image.Image) -> list[str]:
    """Of its QR codes alone: in one of a hundred large ones a reader of all kinds finds bars, too."""
    kind = zxingcpp.barcode_formats_from_str("QRCode")
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=kind)]
