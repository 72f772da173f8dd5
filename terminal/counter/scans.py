"""What a scanner read: whose payment code it is, or what to tell the cashier instead. Codes stay in memory."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from terminal.counter.book import Book
from terminal.counter.ports import Provider
from terminal.errors import InvalidRequest, NotFound
from terminal.payments.codes.consumer import CardNumber, KnownCodes, OtherWallet, recognise
from terminal.payments.event import Actor
from terminal.payments.sale import Sale
from terminal.payments.scan import CardData, Link, MerchantCode, OwnSlip, PaymentRule, Product, Wallet, classify

_REFUSALS: Final = {
    Product: "code_product",
    MerchantCode: "code_merchant",
    Link: "code_link",
    CardData: "code_card_data",
    CardNumber: "code_card_data",
    OwnSlip: "code_receipt",
}


FirstLook = Callable[[str, str, Actor], Awaitable[bool | None]]
"""(counter, scan, by whom): good or bad where it is no customer's payment code but a check; None: it is for us."""


async def nobodys(_counter: str, _scan: str, _actor: Actor) -> bool | None:
    return None


def channel_of_code(scan: str, providers: Mapping[str, Provider], known: KnownCodes) -> tuple[str, str]:
    """The name of the channel the scanned code pays with, and the code without the scanner's own marks.

    Raises:
        InvalidRequest: as ``wallet_of``.
    """
    return wallet_of(scan, _rules(providers), known)


def _rules(providers: Mapping[str, Provider]) -> list[PaymentRule]:
    return [
        PaymentRule(name, each.profile.pull_prefixes, each.profile.pull_lengths)
        for name, each in providers.items()
        if each.profile.pull
    ]


def wallet_of(scan: str, rules: Sequence[PaymentRule], known: KnownCodes) -> tuple[str, str]:
    """Raises InvalidRequest.

    ``code_product``, ``code_merchant``, ``code_link``, ``code_card_data``, ``code_other_wallet`` or
    ``code_not_payment``.
    """
    found = recognise(scan, rules, known)
    if isinstance(found, Wallet):
        return found.provider, found.code
    if isinstance(found, OtherWallet):
        raise InvalidRequest("code_other_wallet", wallet=found.title)
    raise InvalidRequest(_REFUSALS.get(type(found), "code_not_payment"))


def product_of(scan: str, providers: Mapping[str, Provider], known: KnownCodes) -> str | None:
    """A product's number; None: the scan is anything else, perhaps a payment code of whatever wallet."""
    found = recognise(scan, _rules(providers), known)
    return found.ean if isinstance(found, Product) else None


def slip_of(scan: str) -> OwnSlip | None:
    """The look-up text of a receipt; None: the scan is anything else, perhaps a payment code."""
    found = classify(scan, ())
    return found if isinstance(found, OwnSlip) else None


def sale_of_slip(book: Book, scan: str) -> Sale:
    """The sale a receipt belongs to. Raises InvalidRequest("code_not_payment"), NotFound("receipt_unknown")."""
    slip = slip_of(scan)
    if slip is None:
        raise InvalidRequest("code_not_payment")
    try:
        return book.sale(slip.sale)
    except NotFound:
        raise NotFound("receipt_unknown") from None
