"""What a scanner read: whose payment code it is, or what to tell the cashier instead. Codes stay in memory."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from terminal.counter.ports import Provider, Scanner
from terminal.errors import InvalidRequest, NotFound, TerminalError
from terminal.payments.codes.consumer import CardNumber, KnownCodes, OtherWallet, recognise
from terminal.payments.event import Actor, NewEvent
from terminal.payments.sale import Sale
from terminal.payments.scan import CardData, Link, MerchantCode, OwnSlip, PaymentRule, Product, Wallet, classify

if TYPE_CHECKING:
    from terminal.counter.lane import Lane
    from terminal.counter.service import Service

log = logging.getLogger(__name__)
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


def sale_of_slip(service: "Service", scan: str) -> Sale:
    """The sale a receipt belongs to. Raises InvalidRequest("code_not_payment"), NotFound("receipt_unknown")."""
    slip = slip_of(scan)
    if slip is None:
        raise InvalidRequest("code_not_payment")
    try:
        return service.book.sale(slip.sale)
    except NotFound:
        raise NotFound("receipt_unknown") from None


async def take_scans(service: "Service", lane: "Lane", scanner: Scanner) -> None:
    """Every scan of this counter's scanner while there is one. A refusal is beeped and shown, never kept (C5)."""
    actor = Actor("device", f"{lane.id}/scanner")
    async for scan in scanner.scans():
        try:
            if command := service.commands.name(scan.text):
                await service.commands.act(lane, command, actor)
            elif lane.current is None and slip_of(scan.text):
                lane.find(sale_of_slip(service, scan.text))
            elif (good := await service.first_look(lane.id, scan.text, actor)) is not None:
                await scanner.feedback(good=good)
                continue
            elif lane.current is None and lane.products.wanted and (ean := _product_here(service, scan.text)):
                lane.products.offer(ean)
            else:
                await service.checkout.take_scan(lane.id, scan.text, actor=actor)
        except TerminalError as refused:
            log.info("scan on counter %s: %s", lane.id, refused.slug)
            lane.tell(refused)
            body = {"slug": refused.slug}
            await service.feed.append([NewEvent(f"counter:{lane.id}", "scan_refused", lane.id, actor, body)])
            await scanner.feedback(good=False)
        else:
            await scanner.feedback(good=True)


def _product_here(service: "Service", scan: str) -> str | None:
    return product_of(scan, service.providers(), service.house.known)
