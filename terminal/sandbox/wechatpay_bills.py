"""A day's bills in WeChat Pay's wire format. Pure.

Source: WeChat Pay merchant documentation, API v3, "申请交易账单" and "申请资金账单": UTF-8 with a byte order mark,
CRLF, a back-tick before every value, no quoting, fees with five decimals, a summary of two lines.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from terminal.sandbox.alipay_forms import beijing, yuan
from terminal.sandbox.bill_days import Movement

_REFUND_COLUMNS: Final = (
    *("微信退款单号", "商户退款单号", "退款金额", "充值券退款金额"),
    *("退款类型", "退款状态"),
)
ALL: Final = (
    *("交易时间", "公众账号ID", "商户号", "特约商户号", "设备号", "微信订单号", "商户订单号"),
    *("用户标识", "交易类型", "交易状态", "付款银行", "货币种类", "应结订单金额", "代金券金额"),
    *_REFUND_COLUMNS,
    *("商品名称", "商户数据包", "手续费", "费率", "订单金额", "申请退款金额", "费率备注"),
)
_DATES: Final = ("退款申请时间", "退款成功时间")
_SUMS: Final = {
    "应结订单总金额": "应结订单金额",
    "退款总金额": "退款金额",
    "充值券退款总金额": "充值券退款金额",
    "手续费总金额": "手续费",
    "订单总金额": "订单金额",
    "申请退款总金额": "申请退款金额",
}
FUNDS: Final = (
    *("记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型"),
    *("收支金额(元)", "账户结余(元)", "资金变更提交申请人", "备注", "业务凭证号"),
)
OPENING: Final = 1_000_000_00  # fen on the merchant's balance when the day begins
Row = Mapping[str, str]


def columns(bill_type: str) -> tuple[str, ...]:
    """SUCCESS has no refund columns, REFUND has two more."""
    if bill_type == "SUCCESS":
        return tuple(name for name in ALL if name not in (*_REFUND_COLUMNS, "申请退款金额"))
    if bill_type == "REFUND":
        place = ALL.index(_REFUND_COLUMNS[0])
        return (*ALL[:place], *_DATES, *ALL[place:])
    return ALL


def trade_bill(day: Sequence[Movement], bill_type: str, fee_ppm: int) -> bytes:
    """``bill_type``: ALL, SUCCESS or REFUND."""
    wanted = {"SUCCESS": ("paid",), "REFUND": ("refund", "reverse")}.get(bill_type, ("paid", "refund", "reverse"))
    rows = [_row(each, fee_ppm) for each in day if each.kind in wanted]
    names = columns(bill_type)
    sums = [name for name in _SUMS if _SUMS[name] in names]
    told = [str(len(rows))]
    for name in sums:
        total = sum(_hundred_thousandths(row[_SUMS[name]]) for row in rows)
        told.append(_five(total) if name == "手续费总金额" else _five(total)[:-3])
    return _text(names, rows, ("总交易单数", *sums), told)


def fund_flow(day: Sequence[Movement]) -> bytes:
    rows: list[Row] = []
    balance, income, spent, came, went = OPENING, 0, 0, 0, 0
    for each in day:
        for business, way, amount in _flows(each):
            balance += amount if way == "收入" else -amount
            income, came = (income + amount, came + 1) if way == "收入" else (income, came)
            spent, went = (spent + amount, went + 1) if way == "支出" else (spent, went)
            rows.append(_flow_row(each, business, way, amount, balance, len(rows)))
    told = [str(len(rows)), str(came), yuan(income), str(went), yuan(spent)]
    summary = ("资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额")
    return _text(FUNDS, rows, summary, told)


def _flows(each: Movement) -> list[tuple[str, str, int]]:
    """Business, direction, fen. What is not given back yet moves nothing."""
    if each.kind == "paid":
        flows = [("交易", "收入", each.amount), ("扣除交易手续费", "支出", each.fee)]
    elif each.status == "SUCCESS":
        flows = [("退款", "支出", each.amount), ("退还交易手续费", "收入", -each.fee)]
    else:
        flows = []
    return [flow for flow in flows if flow[2]]


def _flow_row(each: Movement, business: str, way: str, amount: int, balance: int, place: int) -> Row:
    at_ms = each.at_ms if each.kind == "paid" else each.done_ms
    return {
        "记账时间": beijing(at_ms),
        "微信支付业务单号": each.number or each.transaction_id,
        "资金流水单号": f"{each.transaction_id[-20:]}{place:06d}",
        "业务名称": business,
        "业务类型": business,
        "收支类型": way,
        "收支金额(元)": yuan(amount),
        "账户结余(元)": yuan(balance),
        "资金变更提交申请人": "system",
        "备注": "TEST",
        "业务凭证号": each.refund_no or each.order.out_trade_no,
    }


def _row(each: Movement, fee_ppm: int) -> Row:
    order, is_back = each.order, each.kind != "paid"
    gross, back = (0, each.amount) if is_back else (each.amount, 0)
    state = {"paid": "SUCCESS", "refund": "REFUND", "reverse": "REVOKED"}[each.kind]
    return {
        "交易时间": beijing(each.at_ms),
        "公众账号ID": order.appid,
        "商户号": order.mchid,
        "特约商户号": "0",
        "设备号": order.device_id,
        "微信订单号": each.transaction_id,
        "商户订单号": order.out_trade_no,
        "用户标识": order.openid,
        "交易类型": order.trade_type,
        "交易状态": state,
        "付款银行": "OTHERS",
        "货币种类": order.currency,
        "应结订单金额": yuan(gross),
        "代金券金额": "0.00",
        "退款申请时间": beijing(each.at_ms) if is_back else "",
        "退款成功时间": beijing(each.done_ms) if each.done_ms else "",
        "微信退款单号": each.number or "0",
        "商户退款单号": each.refund_no or "0",
        "退款金额": yuan(back),
        "充值券退款金额": "0.00",
        "退款类型": "ORIGINAL" if is_back else "",
        "退款状态": each.status if is_back else "",
        "商品名称": _words(order.description),
        "商户数据包": _words(order.attach),
        "手续费": _five(each.fee * 1000),
        "费率": f"{fee_ppm // 10_000}.{fee_ppm % 10_000 // 100:02d}%",
        "订单金额": yuan(gross),
        "申请退款金额": yuan(back),
        "费率备注": "",
    }


def _text(names: Sequence[str], rows: Sequence[Row], summary: Sequence[str], told: Sequence[str]) -> bytes:
    lines = [",".join(names), *("`" + ",`".join(row[name] for name in names) for row in rows)]
    lines += [",".join(summary), "`" + ",`".join(told)]
    return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()


def _words(text: str) -> str:
    """Commas become full-width ones, line ends a space."""
    return " ".join(text.replace(",", "，").split())


def _hundred_thousandths(text: str) -> int:
    whole, _, decimals = text.removeprefix("-").partition(".")
    counted = int(whole) * 100_000 + int(decimals.ljust(5, "0"))
    return -counted if text.startswith("-") else counted


def _five(counted: int) -> str:
    """Hundred-thousandths of a yuan, which are thousandths of a fen."""
    sign = "-" if counted < 0 else ""
    return f"{sign}{abs(counted) // 100_000}.{abs(counted) % 100_000:05d}"
