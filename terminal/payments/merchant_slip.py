"""The shop's own copy of a sale: what each tender brings after discount, refunds and fee. Pure; no customer's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from terminal.payments.fees import ppm_text, whole_units
from terminal.payments.money import Money
from terminal.payments.receipt import Line, Receipt, Row, Rule
from terminal.payments.sale import Attempt, Sale
from terminal.payments.settled import Settlement
from terminal.payments.slip import Mark, MoneyText, Shop, Words, framed


@dataclass(frozen=True, slots=True)
class Taking:
    """One payment of a sale as the shop's books see it.

    Args:
        discount: what the wallet gave the customer; the shop receives the whole amount due.
        fee: charged, or by the agreed price while no bill has it; of what went back too. None: not known.
        rate: the agreed price, as ``0.60 %``; empty where none was known when the sale was made.
        settled_on: day of the bill it stands in; empty while it is in none, then the fee is expected only.
    """

    attempt: Attempt
    due: Money
    discount: Money
    customer_paid: Money
    given_back: Money
    fee: Money | None
    rate: str
    settled_on: str

    @property
    def receives(self) -> Money | None:
        """Due, less what went back and the fee; None while the fee is not known."""
        return None if self.fee is None else self.due - self.given_back - self.fee


def takings(
    sale: Sale, settled: Mapping[str, Settlement], fee_comes_back: Callable[[str], bool] = lambda _channel: True
) -> tuple[Taking, ...]:
    """Every payment that was captured, in order.

    Args:
        settled: what bills say, by attempt and refund.
        fee_comes_back: whether a channel gives its fee back with a refund, asked while no bill says it.
    """
    return tuple(_taking(sale, each, settled, fee_comes_back) for each in sale.attempts if each.captured)


def _taking(
    sale: Sale, attempt: Attempt, settled: Mapping[str, Settlement], fee_comes_back: Callable[[str], bool]
) -> Taking:
    currency = attempt.amount.currency
    payer = attempt.amount.minor if attempt.payer_minor is None else attempt.payer_minor
    back = [each for each in sale.refunds if each.attempt == attempt.id and each.state == "refunded"]
    fees = [_fee_milli(attempt, attempt.id, attempt.amount.minor, settled)]
    for each in back:
        told = each.id in settled or fee_comes_back(attempt.provider)
        fees.append(_fee_milli(attempt, each.id, -each.amount.minor, settled) if told else 0)
    milli = None if None in fees else sum(each for each in fees if each is not None)
    found = settled.get(attempt.id)
    return Taking(
        attempt,
        attempt.amount,
        Money(max(attempt.amount.minor - payer, 0), currency),
        Money(payer, currency),
        Money(sum(each.amount.minor for each in back), currency),
        None if milli is None else Money(whole_units(milli), currency),
        ppm_text(attempt.fee.rate_ppm) if attempt.fee else "",
        found.day if found else "",
    )


def _fee_milli(attempt: Attempt, subject: str, minor: int, settled: Mapping[str, Settlement]) -> int | None:
    if subject in settled:
        return settled[subject].fee_milli
    return attempt.fee.expected_fee(minor) if attempt.fee else None


def merchant_slip(
    sale: Sale,
    taken: Sequence[Taking],
    *,
    shop: Shop,
    words: Words,
    money: MoneyText,
    when: str,
    mark: Mark,
    methods: Callable[[Attempt], str],
) -> Receipt:
    """``when``: the time of payment as text; ``methods``: how people name an attempt's wallet."""
    body: list[Line] = [Rule()]
    for each in taken:
        body += _lines(each, words, money, methods(each.attempt))
    body.append(Row(words["receipt.merchant_keep"], align="center"))
    title = words["receipt.merchant_title"]
    return framed(sale, body, title=title, shop=shop, words=words, when=when, mark=mark)


def _lines(taking: Taking, words: Words, money: MoneyText, method: str) -> list[Line]:
    lines: list[Line] = [Row(words["receipt.method"], method), Row(words["receipt.amount"], money(taking.due))]
    if taking.discount.minor:
        lines.append(Row(f"{words['receipt.discount']} ({method})", money(_less(taking.discount))))
    if taking.customer_paid != taking.due:
        lines.append(Row(words["receipt.customer_paid"], money(taking.customer_paid)))
    if taking.given_back.minor:
        lines.append(Row(words["receipt.refunded"], money(_less(taking.given_back))))
    fee = words["receipt.fee" if taking.settled_on else "receipt.fee_expected"]
    fee = f"{fee} ({taking.rate})" if taking.rate else fee
    receives = taking.receives
    if taking.fee is None or receives is None:
        lines.append(Row(fee, words["receipt.fee_unknown"]))
    else:
        lines += [Row(fee, money(_less(taking.fee))), Row(words["receipt.receives"], money(receives), bold=True)]
    bill = words["receipt.settled_on"].format(day=taking.settled_on) if taking.settled_on else ""
    return [*lines, Row(bill or words["receipt.not_settled"]), Rule()]


def _less(amount: Money) -> Money:
    return Money(0, amount.currency) - amount
