"""A day's bills in Alipay's wire format: a zip of two GBK lists whose names are GBK without a flag. Pure.

Source: Alipay Open Platform documentation, alipay.data.dataservice.bill.downloadurl.query, and the lists as
merchants print them. The zip is put together by hand, because zipfile would mark such names as UTF-8 (APPNOTE
4.3.7, 4.3.12).
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from terminal.sandbox.alipay_forms import beijing, yuan
from terminal.sandbox.bill_days import DAY_MS, Movement

TRADE: Final = (
    *(
        "支付宝交易号",
        "商户订单号",
        "业务类型",
        "商品名称",
        "创建时间",
        "完成时间",
        "门店编号",
        "门店名称",
        "操作员",
    ),
    *(
        "终端号",
        "对方账户",
        "订单金额（元）",
        "商家实收（元）",
        "支付宝红包（元）",
        "集分宝（元）",
        "支付宝优惠（元）",
    ),
    *("商家优惠（元）", "券核销金额（元）", "券名称", "商家红包消费金额（元）", "卡消费金额（元）"),
    *("退款批次号/请求号", "服务费（元）", "分润（元）", "备注"),
)
LEDGER: Final = (
    *("账务流水号", "业务流水号", "商户订单号", "商品名称", "发生时间", "对方账号", "收入金额（+元）"),
    *("支出金额（-元）", "账户余额（元）", "交易渠道", "业务类型", "备注"),
)
OPENING: Final = 1_000_000_00  # fen
_DULL: Final = "0.00"
Row = Mapping[str, str]


def trade_bill(day: Sequence[Movement], seller_id: str, start_ms: int) -> bytes:
    """Refunds that came to nothing are not in it."""
    told = [each for each in day if each.status == "SUCCESS"]
    paid = [each for each in told if each.kind == "paid"]
    back = [each for each in told if each.kind != "paid"]
    returned = _signed(-sum(each.amount for each in back))
    sums = (
        f"#交易合计：{len(paid)}笔，商家实收共{yuan(sum(each.amount for each in paid))}元，商家优惠共0.00元",
        f"#退款合计：{len(back)}笔，商家实收退款共{returned}元，商家优惠退款共0.00元",
    )
    return _list("业务明细", seller_id, start_ms, TRADE, [_trade_row(each) for each in told], sums)


def account_ledger(day: Sequence[Movement], seller_id: str, start_ms: int) -> bytes:
    rows: list[Row] = []
    balance, sums = OPENING, {"收入": [0, 0], "支出": [0, 0]}
    for each in day:
        for business, way, amount in _flows(each):
            balance += amount if way == "收入" else -amount
            sums[way] = [sums[way][0] + 1, sums[way][1] + amount]
            rows.append(_flow_row(each, business, way, amount, balance, len(rows)))
    closing = tuple(f"#{way}合计：{sums[way][0]}笔，共{yuan(sums[way][1])}元" for way in ("支出", "收入"))
    return _list("账务明细", seller_id, start_ms, LEDGER, rows, closing)


def _trade_row(each: Movement) -> Row:
    order, sign = each.order, 1 if each.kind == "paid" else -1
    amount = _signed(sign * each.amount)
    return (
        dict.fromkeys(TRADE, "")
        | dict.fromkeys(TRADE[13:18], _DULL)
        | dict.fromkeys(TRADE[19:21], _DULL)
        | {
            "支付宝交易号": each.transaction_id,
            "商户订单号": order.out_trade_no,
            "业务类型": "交易" if sign > 0 else "退款",
            "商品名称": order.description.replace(",", "，"),
            "创建时间": beijing(order.created_ms),
            "完成时间": beijing(each.done_ms or each.at_ms),
            "终端号": order.device_id,
            "对方账户": "tes***@sandbox.test",
            "订单金额（元）": amount,
            "商家实收（元）": amount,
            "退款批次号/请求号": each.refund_no,
            "服务费（元）": _signed(-each.fee),
            "分润（元）": _DULL,
        }
    )


def _flows(each: Movement) -> list[tuple[str, str, int]]:
    if each.kind == "paid":
        flows = [("在线支付", "收入", each.amount), ("收费", "支出", each.fee)]
    elif each.status == "SUCCESS":
        flows = [("交易退款", "支出", each.amount), ("退费", "收入", -each.fee)]
    else:
        flows = []
    return [flow for flow in flows if flow[2]]


def _flow_row(each: Movement, business: str, way: str, amount: int, balance: int, place: int) -> Row:
    return dict.fromkeys(LEDGER, "") | {
        "账务流水号": f"{each.transaction_id[-20:]}{place:06d}",
        "业务流水号": each.transaction_id,
        "商户订单号": each.order.out_trade_no,
        "商品名称": each.order.description.replace(",", "，"),
        "发生时间": beijing(each.done_ms or each.at_ms),
        "对方账号": "tes***@sandbox.test",
        "收入金额（+元）": yuan(amount) if way == "收入" else _DULL,
        "支出金额（-元）": _DULL if way == "收入" else _signed(-amount),
        "账户余额（元）": yuan(balance),
        "交易渠道": "支付宝",
        "业务类型": business,
    }


def _list(
    title: str, seller_id: str, start_ms: int, names: Sequence[str], rows: Sequence[Row], sums: Sequence[str]
) -> bytes:
    rule = "-" * 40
    first, last = (f"{_long(at_ms)} 00:00:00" for at_ms in (start_ms, start_ms + DAY_MS))
    lines = [
        f"#支付宝{title}查询",
        f"#账号：[{seller_id}0156]",
        f"#起始日期：[{first}]   终止日期：[{last}]",
        f"#{rule}{title}列表{rule}",
        ",".join(names),
        *(",".join(f"{row[name]}\t" for name in names) for row in rows),
        f"#{rule}{title}列表结束{rule}",
        *sums,
        f"#导出时间：[{_long(start_ms + DAY_MS)} 09:00:00]",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("gb18030")


def _long(at_ms: int) -> str:
    year, month, day = beijing(at_ms)[:10].split("-")
    return f"{year}年{month}月{day}日"


def _signed(fen: int) -> str:
    return ("-" if fen < 0 else "") + yuan(abs(fen))


def packed(seller_id: str, start_ms: int, title: str, detail: bytes) -> bytes:
    """``title``: 业务明细 or 账务明细."""
    head = f"{seller_id}0156_{beijing(start_ms)[:10].replace('-', '')}_{title}"
    summary = f"#支付宝{title}汇总查询\r\n".encode("gb18030")
    return _zip({f"{head}.csv": detail, f"{head}(汇总).csv": summary})


def _zip(entries: Mapping[str, bytes]) -> bytes:
    out, directory = b"", b""
    for name, content in entries.items():
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        data = squeeze.compress(content) + squeeze.flush()
        raw = name.encode("gbk")
        told = struct.pack(
            "<HHHHHIIIHH", 20, 0, 8, 0, 0x21, zlib.crc32(content), len(data), len(content), len(raw), 0
        )
        directory += (
            b"PK\x01\x02" + struct.pack("<H", 20) + told + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + raw
        )
        out += b"PK\x03\x04" + told + raw + data
    count = len(entries)
    return (
        out + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)
    )
