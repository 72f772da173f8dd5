"""What of a sale is still to be asked for."""

from terminal.payments.money import Money
from terminal.payments.sale import Sale


def remaining(sale: Sale) -> Money:
    """What the next attempt is about: the first share that is not paid."""
    minor = next((x for share, x in enumerate(sale.shares) if not sale.share_paid(share)), sale.amount.minor)
    return Money(minor, sale.amount.currency)
