"""Makes the receipt lines of a sale or refund in its language (frozen when first printed)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from terminal.counter.ports import Provider
from terminal.counter.settings import CounterSettings, House
from terminal.counter.wording import Wording
from terminal.payments.event import Event, Owed
from terminal.payments.merchant_slip import Taking, merchant_slip
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Receipt, Row, from_json
from terminal.payments.sale import Sale
from terminal.payments.slip import Mark, Shop, Words, refund_slip, sale_slip, unverified_slip
from terminal.payments.tax_mark import TaxMark, tax_rows

Titles = Mapping[str, Mapping[str, str]]  # channel or wallet -> language -> name


FREEZE: Final = frozenset({"print_started", "print_stopped", "effect_done"})  # events that may carry its lines


def receipt_id(owed: Owed) -> str:
    """All printings of one receipt share it: ``<attempt>:receipt`` or ``<refund>:receipt``."""
    return str(owed.body.get("receipt", owed.id))


def frozen_lines(events: Iterable[Event], receipt: str) -> Receipt | None:
    """What stands on paper of a receipt, from its sale's events; None: no printing of it was begun.

    The newest lines: a try that touched no paper is made anew, and what may have touched it is only repeated.
    """
    frozen: Receipt | None = None
    for event in events:
        if event.type in FREEZE and event.body.get("receipt") == receipt and "lines" in event.body:
            frozen = from_json(event.body["lines"])
    return frozen


def mark_of(house: House) -> Mark:
    return "training" if house.training else "test" if house.test else ""


def titles_of(providers: Mapping[str, Provider]) -> Titles:
    """By the channels' names and, as evidence and older journals name them, by their profiles'.

    Two channels of one profile, such as accounts at two banks, are told apart by their names.
    """
    found = {each.profile.name: each.profile.titles for each in providers.values()}
    times = Counter(each.profile.name for each in providers.values())
    for name, each in providers.items():
        titles = each.profile.titles
        alone = times[each.profile.name] == 1
        found[name] = titles if alone else {language: f"{title} ({name})" for language, title in titles.items()}
    return found


class BankLines(Protocol):
    """What the bank whose name the shop works under wants on paper."""

    def foot(self, language: str) -> Receipt: ...

    def card(self) -> Receipt: ...

    def sign(self) -> bytes: ...


class NoBank:
    def foot(self, _language: str) -> Receipt:
        return ()

    def card(self) -> Receipt:
        return ()

    def sign(self) -> bytes:
        return b""


class Slips:
    def __init__(self, house: House, wording: Wording, titles: Titles | None = None) -> None:
        self._house, self._wording, self._titles = house, wording, titles or {}
        self.tax: Callable[[Sale, str], TaxMark | None] = lambda _sale, _receipt: None
        self.bank: BankLines = NoBank()
        self.asks: Callable[[Sale], tuple[str, str]] = lambda _sale: ("", "")  # word and code, below a sale's slip

    def method(self, wallet: str, language: str) -> str:
        """The wallet's name as customers of that language know it."""
        names = self._titles.get(wallet, {})
        return names.get(language) or names.get("en") or wallet

    def methods(self, language: str) -> dict[str, str]:
        """Every wallet's name by what an attempt may call it."""
        return {each: self.method(each, language) for each in self._titles}

    def make(self, counter: CounterSettings, sale: Sale, owed: Owed, check_code: str) -> Receipt:
        """``owed`` names the attempt or refund: ``<id>:receipt``, of one that waits ``<id>:queued:receipt``.

        A sale nobody could confirm is named itself: ``<sale>:unverified:receipt``, ``<sale>:claimed:receipt``.
        """
        language = counter.language("receipt")
        receipt = receipt_id(owed)
        subject, _, kind = receipt.removesuffix(":receipt").partition(":")
        words = self._wording.words(language)
        taxed = tax_rows(self.tax(sale, receipt), words)
        shop = Shop(self._house.title, self._house.lines, self._house.store, counter.id)
        money = partial(self._money, language)
        if subject == sale.id:
            when, claimed = self._wording.when(owed.owed_ms or sale.listed_ms, language), kind == "claimed"
            return unverified_slip(
                sale, shop=shop, words=words, money=money, when=when, claimed=claimed, mark=mark_of(self._house)
            )
        refund = next((each for each in sale.refunds if each.id == subject), None)
        at_ms = owed.owed_ms if refund else sale.ended_ms or owed.owed_ms
        when = self._wording.when(at_ms, language)
        if refund is not None:
            return refund_slip(
                sale,
                refund,
                shop=shop,
                words=words,
                money=money,
                when=when,
                copy=0,
                mark=mark_of(self._house),
                check_code=check_code,
                method=self.method(sale.attempt(refund.attempt).provider, language),
                queued_until=self._wording.when(refund.due_ms, language) if kind == "queued" else "",
                foot=(*taxed, *self.bank.foot(language)),
            )
        return sale_slip(
            sale,
            sale.attempt(subject),
            shop=shop,
            words=words,
            money=money,
            when=when,
            copy=0,
            mark=mark_of(self._house),
            check_code=check_code,
            method=self.method(sale.attempt(subject).provider, language),
            methods=lambda each: self.method(each.provider, language),
            foot=(*taxed, *self._foot(sale, words), *self.bank.foot(language)),
        )

    def _money(self, language: str, amount: Money) -> str:
        return self._wording.money(amount, language)

    def _foot(self, sale: Sale, words: Words) -> Receipt:
        """What the shop asks of its customers, where it does: on the slips of payments alone."""
        word, code = self.asks(sale)
        return (Blank(), Row(words[word], align="center"), Code(code)) if code else ()

    def merchant(self, counter: CounterSettings, sale: Sale, taken: Sequence[Taking]) -> Receipt:
        """For the shop's own books, in the cashier's language; ``taken`` with what bills say."""
        language = counter.language("cashier")
        return merchant_slip(
            sale,
            taken,
            shop=Shop(self._house.title, self._house.lines, self._house.store, counter.id),
            words=self._wording.words(language),
            money=lambda amount: self._wording.money(amount, language),
            when=self._wording.when(sale.ended_ms or sale.opened_ms, language),
            mark=mark_of(self._house),
            methods=lambda each: self.method(each.provider, language),
        )

    def late_tax(self, counter: CounterSettings, sale: Sale, receipt: str, lines: Receipt) -> Receipt:
        """What stands below a copy's mark where its frozen lines lack the number, because it came later.

        The number itself is looked for: the words that say it is owed may be another language's or version's.
        """
        mark = self.tax(sale, receipt)
        if mark is None or not mark.number or any(isinstance(x, Row) and x.left == mark.number for x in lines):
            return ()
        return tax_rows(mark, self._wording.words(counter.language("receipt")))

    def copy_mark(self, counter: CounterSettings, copy: int) -> Row:
        word = self._wording.words(counter.language("receipt"))["receipt.copy"]
        return Row(word.format(n=copy), align="center", size=2, bold=True)
