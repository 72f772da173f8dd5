"""Goal 5: text to QR modules, beside the C++ writer of zxing-cpp and beside qrcode; payloads of six schemes."""

import random
from collections.abc import Iterator
from typing import Final

import qrcode
import zxingcpp

from drivers.qr import Qr, encode, warm
from tests.bench.table import Figure
from tests.bench.timing import geometric, hottest, interleaved, p50

ROUNDS: Final = 9
READ_BACK: Final = 10_000
PAYLOADS: Final = {
    "wechat": "weixin://wxpay/bizpayurl?pr=p4lpSuKzz",
    "alipay": "https://qr.alipay.com/bax03206plhqxmvkczzq600b",
    "emv 138": "00020101021229370016A000000677010111011300660000000005303764540528.505802TH5913COUNTERTOP CO"
    "6007BANGKOK62240120202501010000000000016304ABCD",
    "emv 250": "00020101021226580014COM.EXAMPLE.WWW0118936009180000000012021500000000000001203UME5144"
    "0014ID.CO.QRIS.WWW0215ID10200000000010303UME5204581253033605405150005802ID5916COUNTERTOP KOPI A"
    "6013JAKARTA PUSAT61051011062380114202501010000010716COUNTERTOP 000016304ABCD",
    "pix": "00020101021226830014br.gov.bcb.pix2561api.example.com.br/pix/v2/9d36b84f-c70b-478f-b95c-12729b90ca25"
    "5204000053039865802BR5913COUNTERTOP CO6009SAO PAULO62070503***6304ABCD",
    "upi": "upi://pay?pa=countertop.shop@okexample&pn=Countertop%20Shop&mc=5411&tr=01JABCDEF0123456789ABCDEFG&am=28.50"
    "&cu=INR&mode=15&purpose=00&orgid=159761&sign=MEUCIQDk7mYfF9bJm3pZ0TqR2sV5uX8wYaBcDeFgHiJkLmNoPqIgMTIzNDU2Nzg5"
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI",
}
_PIECES: Final = (
    "0123456789",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:",
    "abcdefghijklmnopqrstuvwxyz?&=_#",
    "收款元微信ç€",
)


def measure() -> Iterator[Figure]:
    warm(range(1, 15))
    searched, fixed, by_qrcode = [], [], []
    for text in PAYLOADS.values():
        taken = interleaved(
            {
                "search": lambda text=text: encode(text),  # type: ignore[misc]  # bound now
                "fixed": lambda text=text: encode(text, mask=2),  # type: ignore[misc]  # the same
                "zxing": lambda text=text: _zxing(text),  # type: ignore[misc]  # the same
            },
            rounds=ROUNDS,
            times=25,
        )
        peer = interleaved({"qrcode": lambda text=text: _qrcode(text)}, rounds=3)  # type: ignore[misc]  # the same
        middle = {name: p50(values) * 1e6 for name, values in (taken | peer).items()}
        searched.append((middle["search"], middle["zxing"]))
        fixed.append((middle["fixed"], middle["zxing"]))
        by_qrcode.append((middle["search"], middle["qrcode"]))
    why = hottest(lambda: [encode(text) for text in PAYLOADS.values() for _ in range(50)])
    for what, pairs, peer_name, most in (
        ("QR code, best mask searched", searched, "zxing-cpp's C++ writer", 0.9),
        ("QR code, mask given", fixed, "zxing-cpp's C++ writer", 0.5),
        ("QR code, best mask searched", by_qrcode, "qrcode", 1 / 20),
    ):
        ours, theirs = geometric(pair[0] for pair in pairs), geometric(pair[1] for pair in pairs)
        yield Figure(5, what, ours, "µs", peer_name, theirs, most=most, why=why)
    yield _versions()
    yield _read_back()


def _zxing(text: str) -> object:
    return zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")


def _qrcode(text: str) -> qrcode.QRCode:
    made = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M)
    made.add_data(text)
    made.make(fit=True)
    return made


def _versions() -> Figure:
    """The finer a code, the older the phone it loses: never finer than qrcode's."""
    ours = [encode(text).version for text in PAYLOADS.values()]
    theirs = [_qrcode(text).version for text in PAYLOADS.values()]
    worst = max(a / b for a, b in zip(ours, theirs, strict=True))
    what = f"QR versions {' '.join(map(str, ours))}, most above qrcode's"
    return Figure(5, what, worst, "", f"qrcode {' '.join(map(str, theirs))}", 1.0, most=1.0)


def _read_back() -> Figure:
    chance = random.Random(5)
    good = 0
    for _ in range(READ_BACK):
        text = "".join(
            "".join(chance.choices(chance.choice(_PIECES), k=chance.randint(1, 24)))
            for _ in range(chance.randint(1, 6))
        )
        good += _read(encode(text)) == text
    return Figure(5, "random codes that zxing-cpp reads back", good, "", "made", READ_BACK, least=1.0)


def _read(code: Qr) -> str:
    """One pixel a module and the quiet zone."""
    side = code.size + 8
    bits = f"{int.from_bytes(code.packed, 'big'):0{len(code.packed) * 8}b}".translate({48: 255, 49: 0})
    dots = bits.encode("latin-1")
    rows = (b"\xff" * 4 + dots[at : at + code.size] + b"\xff" * 4 for at in range(0, code.size**2, code.size))
    image = b"\xff" * 4 * side + b"".join(rows) + b"\xff" * 4 * side
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    found = zxingcpp.read_barcode(memoryview(image).cast("B", (side, side)), formats, is_pure=True)
    return found.text if found else ""
