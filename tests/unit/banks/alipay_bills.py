"""Alipay's bills put together for tests from the golden header: GBK lines, and the archive they come in."""

import io
import json
import zipfile
from pathlib import Path

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "alipay_bill.json").read_text())
HEADER: list[str] = GOLDEN["header"].split(",")
LEDGER_HEADER: list[str] = GOLDEN["ledger_header"].split(",")
PID = "2088001921234567"


def payment(yuan: str = "10.00", fee: str = "-0.06", **changes: str) -> dict[str, str]:
    row = dict.fromkeys(HEADER, "") | {
        "支付宝交易号": "2026110122001400001",
        "商户订单号": "ORDER-1",
        "业务类型": "交易",
        "商品名称": "面包",
        "创建时间": "2026-11-01 10:00:00",
        "完成时间": "2026-11-01 10:00:05",
        "订单金额（元）": yuan,
        "商家实收（元）": yuan,
        "服务费（元）": fee,
    }
    return row | changes


def refund(yuan: str = "-4.00", fee: str = "0.02", **changes: str) -> dict[str, str]:
    return payment(yuan, fee, 业务类型="退款") | {"退款批次号/请求号": "R-1"} | changes


def totals(paid: int, received: str, back: int, returned: str) -> tuple[str, str]:
    return (
        f"#交易合计：{paid}笔，商家实收共{received}元，商家优惠共0.00元",
        f"#退款合计：{back}笔，商家实收退款共{returned}元，商家优惠退款共0.00元",
    )


def bill(*rows: dict[str, str], sums: tuple[str, ...] = (), header: list[str] = HEADER) -> list[bytes]:
    """Values are padded with a tab, as in the real files."""
    lines = [*GOLDEN["opening"], ",".join(header)]
    lines += [",".join(f"{row[name]}\t" for name in header) for row in rows]
    lines += [*GOLDEN["closing"], *sums, "#导出时间：[2026年11月02日 10:01:02]"]
    return [f"{line}\r\n".encode("gb18030") for line in lines]


def packed(entries: dict[str, bytes], *, gbk: bool = True) -> bytes:
    """A zip whose entry names are GBK without the flag that would say UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(_Named(name) if gbk else name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class _Named(zipfile.ZipInfo):
    """zipfile itself would write such a name as UTF-8 with its flag."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  # zipfile's own name
        return self.filename.encode("gbk"), self.flag_bits & ~0x800
