"""What a receipt says, line by line, in words handed in. Pure: the same facts, the same paper.

``words`` holds the catalogue's ``receipt.*`` texts. What people and tills typed becomes one line of plain text, as
slips are read as text too. Making it safe for a device's control codes is the work of the device's codec as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hmac import digest
from typing import Final, Literal

from terminal.payments.lines import ONE, SaleLine
from terminal.payments.money import Money
from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule
from terminal.payments.sale import Attempt, Refund, Sale
from terminal.payments.typed import one_line

LOOKUP: Final = "CT:S-"  # before a sale's id in the slip's code: a command of the till's own scanner grammar
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another one, no U: no words
_CODE_LENGTH: Final = 4

_BACK: Final = {"refund": "receipt.refunded", "void": "receipt.voided", "queued": "receipt.to_refund"}

Words = Mapping[str, str]
MoneyText = Callable[[Money], str]


Mark = Literal["", "test", "training"]
"""Why no money moves; empty where it does."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The head of every slip: name, further lines (address, tax number), then where the sale was made."""

    name: str
    lines: tuple[str, ...] = ()
    store: str = ""
    counter: str = ""


def check_code(sale_id: str, key: bytes) -> str:
    """Four characters that tie a slip to the screens: a copied picture of another payment has others (S65).

    Keyed: who knows a sale's id, which slips and links show, cannot make the code of a sale that is not paid.
    """
    number = int.from_bytes(digest(key, sale_id.encode(), "sha256"))
    code = ""
    for _ in range(_CODE_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        code += _LETTERS[letter]
    return code


def is_check_code(text: str) -> bool:
    """Whether it could be one, with no word on whether it is any payment's."""
    return len(text) == _CODE_LENGTH and all(each in _LETTERS for each in text)


def sale_slip(
    sale: Sale,
    attempt: Attempt,
    *,
    shop: Shop,
    words: Words,
    money: MoneyText,
    when: str,
    copy: int,
    mark: Mark,
    check_code: str,
    method: str = "",
    methods: Callable[[Attempt], str] = lambda each: each.wallet or each.provider,
    foot: Receipt = (),
) -> Receipt:
    """The receipt of one paid attempt: the whole sale, one share of it, or all tenders where one approved a part.

    Args:
        when: the time of payment as text.
        copy: 0 = original, n prints COPY n.
        method, methods: how people name the wallet, and that of any attempt of the sale; its id where empty.
        foot: what stands below everything but the mark.
    """
    body: list[Line] = [
        *_head(shop, words, words["receipt.title"], copy),
        *_pairs(
            (words["receipt.sale_no"], _sale_no(sale)),
            (words["receipt.order_no"], one_line(sale.order_no)),
            (words["receipt.reference"], one_line(sale.reference)),
            (words["receipt.counter"], _place(shop)),
            (words["receipt.time"], when),
        ),
        Rule(),
        *([Row(one_line(sale.title))] if sale.title else []),
        *_lines(sale.lines, sale.amount.currency, words, money),
        *_what_was_paid(sale, attempt, method or attempt.wallet or attempt.provider, methods, words, money),
        Rule(),
        Row(words["receipt.check"], check_code, bold=True),
        Code(LOOKUP + sale.id),
        Row(words["receipt.thank_you"], align="center"),
        Row(words["receipt.keep"], align="center"),
        *foot,
    ]
    return _marked(body, words, mark)


def receipted(sale: Sale) -> list[Attempt]:
    """What pays a sale and has a receipt: an order that came too much is to be given back, and has none.

    One whose own money was taken twice keeps its receipt: what it was paid with first stands.
    """
    excess = {each.id for each in sale.exceptions if each.kind == "excess"}
    return [each for each in sale.attempts if each.pays and f"{each.id}:excess" not in excess]


def refund_slip(
    sale: Sale,
    refund: Refund,
    *,
    shop: Shop,
    words: Words,
    money: MoneyText,
    when: str,
    copy: int,
    mark: Mark,
    check_code: str = "",
    method: str = "",
    queued_until: str = "",
    foot: Receipt = (),
) -> Receipt:
    """The receipt of money that went back; it names the refund and the payment it came from.

    Args:
        queued_until: nothing went back yet: it says when the refund will be sent, as text.
    """
    attempt = sale.attempt(refund.attempt)
    kind = "queued" if queued_until else "void" if refund.way == "void" else "refund"
    told = [Row(words["receipt.queued_until"].format(when=queued_until), bold=True)] if queued_until else []
    body: list[Line] = [
        *_head(shop, words, words[f"receipt.{kind}_title"], copy),
        *_pairs(
            (words["receipt.refund_of"], _sale_no(sale)),
            (words["receipt.order_no"], one_line(sale.order_no)),
            (words["receipt.counter"], _place(shop)),
            (words["receipt.time"], when),
        ),
        Rule(),
        *_lines([sale.lines[line - 1] for line in refund.lines], refund.amount.currency, words, money),
        Row(words[_BACK[kind]], money(refund.amount), size=2, bold=True),
        *told,
        Row(words["receipt.method"], method or attempt.wallet or attempt.provider),
        *_long(words["receipt.reason"], one_line(refund.reason)),
        *_long(words["receipt.refund_no"], refund.id),
        *_long(words["receipt.bank_refund_no"], refund.provider_refund),
        *_long(words["receipt.bank_no"], attempt.provider_txn),
        Rule(),
        *_pairs((words["receipt.check"], check_code)),
        Code(LOOKUP + sale.id),
        *foot,
    ]
    return _marked(body, words, mark)


def unverified_slip(
    sale: Sale, *, shop: Shop, words: Words, money: MoneyText, when: str, claimed: bool, mark: Mark
) -> Receipt:
    """For the customer of a sale that nobody could confirm: it says so first and last, and never "paid"."""
    unproven = Row(words["receipt.unverified"], align="center", bold=True)
    body: list[Line] = [
        *_head(shop, words, words["receipt.unverified_title"], 0),
        unproven,
        Rule(),
        *_pairs(
            (words["receipt.sale_no"], _sale_no(sale)),
            (words["receipt.order_no"], one_line(sale.order_no)),
            (words["receipt.reference"], one_line(sale.reference)),
            (words["receipt.counter"], _place(shop)),
            (words["receipt.time"], when),
        ),
        Rule(),
        *([Row(one_line(sale.title))] if sale.title else []),
        *_lines(sale.lines, sale.amount.currency, words, money),
        Row(words["receipt.amount"], money(sale.amount), size=2, bold=True),
        *(_long(words["receipt.claimed_as"], one_line(sale.claimed_as)) if claimed else []),
        Rule(),
        Code(LOOKUP + sale.id),
        unproven,
    ]
    return _marked(body, words, mark)


def framed(
    sale: Sale, body: Sequence[Line], *, title: str, shop: Shop, words: Words, when: str, mark: Mark
) -> Receipt:
    """Head and the sale's numbers above ``body``: for a slip of the shop's own."""
    pairs = _pairs(
        (words["receipt.sale_no"], _sale_no(sale)),
        (words["receipt.order_no"], one_line(sale.order_no)),
        (words["receipt.reference"], one_line(sale.reference)),
        (words["receipt.counter"], _place(shop)),
        (words["receipt.time"], when),
    )
    return _marked([*_head(shop, words, title, 0), *pairs, *body], words, mark)


def _head(shop: Shop, words: Words, title: str, copy: int) -> list[Line]:
    lines: list[Line] = [Row(shop.name, align="center", size=2, bold=True)]
    lines += [Row(line, align="center") for line in shop.lines]
    lines.append(Row(title, align="center"))
    if copy:
        lines.append(Row(words["receipt.copy"].format(n=copy), align="center", size=2, bold=True))
    return [*lines, Rule()]


def _lines(lines: Sequence[SaleLine], currency: str, words: Words, money: MoneyText) -> list[Line]:
    """What was sold, or went back; below it stands what was paid for it."""
    rows = [row for each in lines for row in _of_line(each, currency, words, money)]
    return [*rows, Rule()] if rows else []


def _of_line(line: SaleLine, currency: str, words: Words, money: MoneyText) -> list[Line]:
    """Name and amount; in further rows how many at which price, and what was taken off."""
    gross = f"{money(Money(line.gross_minor, currency))} {line.tax}".strip()
    if line.quantity_milli == ONE:
        rows: list[Line] = [Row(one_line(line.name), gross)]
    else:
        quantity = line.quantity.replace(".", words["receipt.decimal_mark"])
        rows = [Row(one_line(line.name)), Row(f"  {quantity} x {money(Money(line.unit_minor, currency))}", gross)]
    if line.discount_minor:
        rows.append(Row(f"  {words['receipt.discount']}", money(Money(-line.discount_minor, currency))))
    return rows


def _what_was_paid(
    sale: Sale,
    attempt: Attempt,
    wallet: str,
    methods: Callable[[Attempt], str],
    words: Words,
    money: MoneyText,
) -> list[Line]:
    if tenders := _tenders(sale):
        return _all_tenders(sale, tenders, methods, words, money)
    return [
        *_amounts(sale, attempt, wallet, words, money),
        Row(words["receipt.method"], wallet),
        *_long(words["receipt.bank_no"], attempt.provider_txn),
    ]


def _amounts(sale: Sale, attempt: Attempt, wallet: str, words: Words, money: MoneyText) -> list[Line]:
    """Due, what the wallet gave to it, what the customer paid; the shop receives the amount due."""
    lines: list[Line] = []
    if len(sale.shares) > 1:
        lines.append(Row(words["receipt.total"], money(sale.amount)))
    lines += _of_payer(attempt, wallet, words, money)
    return [*lines, Row(words["receipt.paid"], money(attempt.amount), size=2, bold=True)]


def _of_payer(attempt: Attempt, wallet: str, words: Words, money: MoneyText) -> list[Line]:
    """What the customer paid, where that is not what was due."""
    payer = attempt.payer_minor
    if payer is None or payer == attempt.amount.minor:
        return []
    paid = Money(payer, attempt.amount.currency)
    lines: list[Line] = [Row(words["receipt.amount"], money(attempt.amount))]
    if payer < attempt.amount.minor:
        lines.append(Row(f"{words['receipt.discount']} ({wallet})", money(paid - attempt.amount)))
    return [*lines, Row(words["receipt.customer_paid"], money(paid))]


def _tenders(sale: Sale) -> list[Attempt]:
    """What pays a sale of which some channel approved a part only; nothing for all others."""
    paying = receipted(sale)
    return paying if any(each.asked_minor for each in paying) else []


def _all_tenders(
    sale: Sale, tenders: list[Attempt], methods: Callable[[Attempt], str], words: Words, money: MoneyText
) -> list[Line]:
    """The total, each tender with its bank's number, what was paid, and what is missing while something is."""
    lines: list[Line] = [Row(words["receipt.total"], money(sale.amount)), Rule()]
    for each in tenders:
        whole = Row(words["receipt.customer_paid"], money(each.amount))
        lines += [
            Row(words["receipt.method"], methods(each)),
            *(_of_payer(each, methods(each), words, money) or [whole]),
            *_long(words["receipt.bank_no"], each.provider_txn),
        ]
    paid = Money(sum(each.amount.minor for each in tenders), sale.amount.currency)
    lines += [Rule(), Row(words["receipt.paid"], money(paid), size=2, bold=True)]
    if paid.minor < sale.amount.minor:
        lines.append(Row(words["receipt.still_to_pay"], money(sale.amount - paid), bold=True))
    return lines


def _sale_no(sale: Sale) -> str:
    return f"{sale.no:04}"


def _place(shop: Shop) -> str:
    return " / ".join(part for part in (shop.store, shop.counter) if part)


def _pairs(*pairs: tuple[str, str]) -> list[Line]:
    return [Row(name, value) for name, value in pairs if value]


def _long(name: str, value: str) -> list[Line]:
    """A provider's number is as long as narrow paper is wide: it gets a line of its own."""
    return [Row(name), Row(value, align="right")] if value else []


def _marked(body: list[Line], words: Words, mark: Mark) -> Receipt:
    """What moves no money says so first and last, so that no half of one passes for a receipt (I25)."""
    if not mark:
        return tuple(body)
    row = Row(words[f"receipt.{mark}"], align="center", size=2, bold=True)
    return (row, Blank(), *body, Blank(), row)
