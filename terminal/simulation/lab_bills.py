"""The next morning in a headless run: the bill is fetched with its fault, then without, and compared."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from terminal.banks.channel import Channel
from terminal.bills.readers import open_bill
from terminal.payments.bill import BillLine, BillRefused, LineKind, LineState, NoBill
from terminal.simulation.lab_shop import LabShop

DAY_MS: Final = 86_400_000
MORNING_MS: Final = 10 * 3_600_000
EXPECTED: Final[Mapping[str, str]] = {
    "bill-not-ready": "not_ready",
    "bill-hash-wrong": "unclear: hash_wrong",
    "bill-truncated": "bill_cut_short",
    "bill-row-missing": "missing",
    "bill-row-extra": "extra",
    "bill-fee-wrong": "fee",
    "bill-status-differs": "taken back",
    "bill-duplicate-row": "twice",
    "bill-download-expired": "unclear: download_http_400",
}
_OTHERS: Final[Mapping[tuple[str, str], str]] = {
    ("alipay", "bill-not-ready"): "unclear: 20000 isp.unknow-error",  # no word of its own for "still being made"
    ("alipay", "bill-hash-wrong"): "unclear: zip_unusable",  # only the archive's own sums say that it is whole
    ("pix", "bill-not-ready"): "unclear: http_503",
    ("pix", "bill-truncated"): "unclear: unreadable: json_unreadable",  # a page of a list, not a file
    ("pix", "bill-row-missing"): "empty",  # it was the day's only Pix
}


async def next_morning(shop: LabShop) -> None:
    """Fetch yesterday's bill twice: what is wrong with the first must be seen, the second must be right."""
    channel = shop.world.service.provider(shop.channel)
    assert isinstance(channel, Channel)
    there_ms = channel.profile.settlement_offset_min * 60_000
    now_ms = shop.world.bank_clock.wall_ms()
    day = (now_ms + there_ms) // DAY_MS
    by_ms = (day + 1) * DAY_MS - there_ms + MORNING_MS - now_ms
    for clock in (shop.world.clock, shop.world.bank_clock):
        clock.jump_wall(by_ms)
    for number in shop.world.bank.captures(shop.world.ring.shop.mchid):
        await channel.query(number)  # its answer brings the bank's new time
    settled = date(1970, 1, 1) + timedelta(days=day)
    slug = shop.fault.slug
    first = _OTHERS.get((shop.channel, slug), EXPECTED[slug])
    for expected in (first, "as the bank's books"):
        found = await _looked_at(shop, channel, settled)
        shop.note("lab", f"the bill of {settled}: {found}")
        shop.oracle.must(found == expected, "I13", f"the bill was {found}, expected {expected}")
    for clock in (shop.world.clock, shop.world.bank_clock):
        clock.jump_wall(-by_ms)


async def _looked_at(shop: LabShop, channel: Channel, day: date) -> str:
    """In one or two words, what the bill says beside the bank's own books."""
    fetched = await channel.fetch_bill(day, "trade", shop.world.folder)
    if isinstance(fetched, NoBill):
        return f"{fetched.why}: {fetched.text}" if fetched.text else fetched.why
    try:
        lines = [line for line in open_bill(fetched.path, fetched.format) if isinstance(line, BillLine)]
    except BillRefused as refused:
        return refused.slug
    books = shop.world.bank.captures(shop.world.ring.shop.mchid)
    told = Counter(line.order_no for line in lines if line.kind is LineKind.PAYMENT)
    back = {line.order_no for line in lines if line.state is LineState.REVOKED or line.kind is LineKind.REFUND}
    if back - set(shop.world.bank.returned(shop.world.ring.shop.mchid)):
        return "taken back"
    if set(told) - set(books):
        return "extra"
    if any(told[number] < len(taken) for number, taken in books.items()):
        return "missing"
    if any(count > len(books[number]) for number, count in told.items()):
        return "twice"
    rate = shop.world.bank.rules.fee_ppm
    paid = [line for line in lines if line.kind is LineKind.PAYMENT]
    if shop.channel != "pix" and any(line.fee_milli != _fee(line.settle_minor, rate) for line in paid):
        return "fee"
    return "as the bank's books"


def _fee(minor: int, ppm: int) -> int:
    """Half up to the smallest unit, in its thousandths."""
    return (minor * ppm + 500_000) // 1_000_000 * 1000
