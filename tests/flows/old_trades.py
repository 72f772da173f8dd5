"""Books of two days ago: written into a running sandbox, whose bill of that day is there at once."""

from datetime import date, timedelta

from terminal.sandbox.records import Order, Refund
from terminal.sandbox.server import Sandbox
from terminal.system import SystemClock

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
TODAY = SystemClock().wall_ms() // HOUR_MS // 24
NOON_MS = TODAY * DAY_MS - 2 * DAY_MS + 4 * HOUR_MS  # the day before yesterday, noon in Beijing: its bill is there
DAY = date(1970, 1, 1) + timedelta(days=TODAY - 2)
TYPES = {"wechatpay": ("NATIVE", "MICROPAY"), "alipay": ("PRECREATE", "BARCODE")}


def old_trades(sandbox: Sandbox, wallet: str) -> None:
    """A sale with part of it given back, and one that was reversed."""
    shown, scanned = TYPES[wallet]
    old_trade(sandbox, wallet, shown, "1", 2850)
    old_trade(sandbox, wallet, scanned, "2", 1200)


def old_trade(sandbox: Sandbox, wallet: str, trade_type: str, number: str, total: int) -> None:
    ledger, me = sandbox.bank.ledger, sandbox.bank.keys.merchants[sandbox.bank.home]
    order = Order(me.mchid, me.appid, f"{wallet}-{number}", trade_type, "茶, tea", total, "CNY", "", NOON_MS)
    order.openid = "oTEST-customer-0000000000001"
    ledger.add(order)
    ledger.capture(order, f"4200{number}{wallet:0>23}", NOON_MS + 1000)
    if number == "2":
        ledger.give_back(order, NOON_MS + 2000)
        return
    back = Refund(
        me.mchid,
        f"R-{wallet}",
        f"5030{wallet}",
        order.out_trade_no,
        order.captures[0].transaction_id,
        850,
        total,
        "CNY",
        "",
        NOON_MS + 3000,
    )
    ledger.add_refund(back)
    ledger.finish_refund(back, "SUCCESS", NOON_MS + 4000)
