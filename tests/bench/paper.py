"""Goal 6, what needs no clock on the wire: bytes of a receipt, and the CPU of a code drawn by the host.

First and last byte at the printer are measured in whole sales (``sales``).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from drivers import qr
from drivers.printer.charset import charset_of
from drivers.printer.document import Code, Document, Modules, Row, Rule
from drivers.printer.escpos import native_code, render
from drivers.printer.layout import TextLine, lay_out
from drivers.printer.profile import PrinterProfile, load
from tests.bench.codes import PAYLOADS
from tests.bench.table import Figure, missing
from tests.bench.timing import hottest, interleaved, p50

ROUNDS: Final = 9
_JUMP: Final = 4  # bytes of ESC $ nL nH
_ITEMS: Final = (
    ("珍珠奶茶 大杯 x1", "18.00"),
    ("红烧牛肉面 x1", "32.00"),
    ("小笼包 一笼 x2", "36.00"),
    ("凉拌黄瓜 x1", "12.00"),
    ("酸梅汤 x2", "16.00"),
)


def receipt(code: str) -> Document:
    """25 printed lines of a small Chinese restaurant, and a code."""
    return (
        Row("台面小馆", align="center", size=2, bold=True),
        Row("上海市徐汇区测试路 128 号", align="center"),
        Row("电话 021-5555 0100", align="center"),
        Rule(),
        Row("单号", "0042"),
        Row("柜台", "1"),
        Row("时间", "2026-01-15 12:34:56"),
        Rule(),
        *(Row(name, price) for name, price in _ITEMS),
        Rule(),
        Row("合计", "114.00"),
        Row("优惠", "-14.00"),
        Row("实付", "¥100.00", size=2, bold=True),
        Rule(),
        Row("支付方式", "微信支付"),
        Row("商户单号"),
        Row("01KA2B3C4D5E6F7G8H9JKMNPQR", align="right"),
        Row("交易单号"),
        Row("4200001234202601151234567890", align="right"),
        Rule(),
        Code(code),
        Row("谢谢惠顾，欢迎再来", align="center"),
        Row("请保留小票", align="center"),
    )


def measure(escpos_ms: float | None = None) -> Iterator[Figure]:
    """``escpos_ms``: CPU of python-escpos for the same drawn code, when it was run."""
    profile = load("epson-serial")
    document = receipt(PAYLOADS["wechat"])
    made = sum(map(len, render(document, profile).chunks))
    alone = least(document, profile)
    taken = interleaved({"render": lambda: render(document, profile)}, rounds=ROUNDS, times=20)
    why = [f"{made - alone} bytes are commands: size, weight, alignment, character mode, cut"]
    what = f"receipt of 25 Chinese lines and a code ({p50(taken['render']) * 1e3:.2f} ms CPU)"
    yield Figure(6, what, made, "bytes", "its GB18030 text + native QR", alone, most=1.05, why=why)
    drawing = replace(load("generic-58"), width_dots=384)
    text = PAYLOADS["wechat"]
    taken = interleaved({"drawn": lambda: _drawn(text, drawing)}, rounds=ROUNDS, times=20)
    ours = p50(taken["drawn"]) * 1e3
    if escpos_ms is None:
        yield missing(6, f"code drawn by the host ({ours:.3f} ms CPU)", "python-escpos is run with PEERS=1")
        return
    why = hottest(lambda: _drawn(text, drawing))
    yield Figure(6, "code drawn by the host, CPU", ours, "ms", "python-escpos", escpos_ms, most=1 / 40, why=why)


def _drawn(text: str, profile: PrinterProfile) -> object:
    code = qr.encode(text)
    return render((Code(text, Modules(code.size, code.packed)),), profile)


def least(document: Document, profile: PrinterProfile) -> int:
    """Every printed character in GB18030, the cheaper of blanks and a jump for each gap, line feeds, the code."""
    charset = charset_of(profile, None)
    count = 0
    for line in document:
        match line:
            case Row():
                count += sum(map(_text, lay_out(line, profile.columns, charset)))
            case Rule():
                count += profile.columns + 1
            case Code():
                count += len(native_code(line.text, profile.qr_module)) + 1
    return count


def _text(line: TextLine) -> int:
    text = re.sub(" {5,}", " " * _JUMP, "".join(cell.text for cell in line.cells))
    return len(text.encode("gb18030")) + 1
