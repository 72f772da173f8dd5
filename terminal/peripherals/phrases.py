"""What a voice says: phrases and number grammar from ``terminal/data/voice``, one file per language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from terminal.counter.ports import Utterance
from terminal.payments.money import Money

_FOLDER: Final = Path(__file__).parents[1].joinpath("data", "voice")
LANGUAGES: Final = ("zh-CN", "en", "pt-BR")


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    paid: str
    not_paid: str
    late: str
    checking: str
    unverified: str
    test: str
    training: str


class Legs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is dead of what the terminal stands on; ``ok``: nothing; ``unsure``: not all could be looked at."""

    ok: str
    printer: str
    lan: str
    internet: str
    bank: str
    clock: str
    unsure: str


class Currency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for one and for many; ``part`` for hundredths, or ``tenth`` and ``hundredth`` said one by one."""

    unit: tuple[str, str]
    part: tuple[str, str] | None = None
    tenth: str = ""
    hundredth: str = ""


class Chinese(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="chinese"):
    """Numbers in groups of four digits."""

    digits: tuple[str, ...]
    places: tuple[str, ...]
    groups: tuple[str, ...]
    two: str
    two_before: tuple[str, ...]
    point: str

    def whole(self, number: int, unit: str = "") -> str:
        """``unit`` is what follows, because it decides between 二 and 两."""
        if number == 0:
            return self.digits[0] + unit
        words, rank, zero_due = "", len(self.groups), False
        while rank:
            rank -= 1
            group = number // 10_000**rank % 10_000
            if group == 0:
                zero_due = bool(words)
                continue
            if words and (zero_due or group < 1000):
                words += self.digits[0]
            last = not number % 10_000**rank
            words += self._group(group, self.groups[rank] or unit * (not words), first=not words)
            if self.groups[rank]:
                words += self.groups[rank]
            zero_due = False
            if last:
                break
        return words + unit

    def _group(self, group: int, follows: str, *, first: bool) -> str:
        """One to four digits without leading zeros. 10 to 19 at the very start drop their 一."""
        if group == 2 and follows in self.two_before:
            return self.two
        words, zero_due = "", False
        for place in (3, 2, 1, 0):
            digit = group // 10**place % 10
            if digit == 0:
                zero_due = bool(words)
                continue
            if zero_due:
                words += self.digits[0]
                zero_due = False
            if digit == 1 and place == 1 and first and not words:
                words += self.places[1]
                continue
            two = digit == 2 and place > 0 and self.places[place] in self.two_before
            words += (self.two if two else self.digits[digit]) + self.places[place]
        return words

    def decimal(self, number: int, part: str, name: str) -> str:
        tail = "".join(self.digits[int(digit)] for digit in part.rstrip("0"))
        return self.whole(number, "" if tail else name) + (self.point + tail + name if tail else "")

    def money(self, number: int, part: int, words: Currency) -> str:
        tenths, hundredths = divmod(part, 10)
        text = self.whole(number, words.unit[0]) if number or not part else ""
        if tenths:
            text += self.whole(tenths, words.tenth)
        if hundredths:
            text += self.digits[0] if number and not tenths else ""
            text += self.whole(hundredths, words.hundredth)
        return text


class Western(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="western"):
    """Numbers in groups of three digits; ``scales`` are the words of the groups, for one and for many."""

    below_twenty: tuple[str, ...]
    tens: tuple[str, ...]
    hundreds: tuple[str, ...]
    hundred_alone: str
    tens_link: str
    hundreds_link: str
    scales: tuple[tuple[str, str], ...]
    bare_thousand: bool
    last_link: str
    last_link_scales: int
    last_link_hundreds: bool
    part_link: str
    of: str
    point: str

    def whole(self, number: int) -> str:
        if number == 0:
            return self.below_twenty[0]
        text = ""
        for rank in range(len(self.scales) - 1, -1, -1):
            group = number // 1000**rank % 1000
            if not group:
                continue
            if text:
                text += self.last_link if self._links(group, rank, number) else " "
            text += self._scaled(group, rank)
        return text

    def _links(self, group: int, rank: int, number: int) -> bool:
        """Whether the last spoken group is short enough to be linked: mil e cem, one thousand and five."""
        if number % 1000**rank or rank >= self.last_link_scales:
            return False
        return group < 100 or (self.last_link_hundreds and group % 100 == 0)

    def _scaled(self, group: int, rank: int) -> str:
        if rank == 1 and group == 1 and self.bare_thousand:
            return self.scales[1][0]
        scale = self.scales[rank][group != 1]
        return self._group(group) + (" " + scale if scale else "")

    def _group(self, group: int) -> str:
        if group == 100:
            return self.hundred_alone
        hundreds, rest = divmod(group, 100)
        words = [self.hundreds[hundreds]] if hundreds else []
        if 0 < rest < 20:
            words.append(self.below_twenty[rest])
        elif rest:
            tens, ones = divmod(rest, 10)
            words.append(self.tens[tens] + (self.tens_link + self.below_twenty[ones] if ones else ""))
        return self.hundreds_link.join(words)

    def decimal(self, number: int, part: str, name: str) -> str:
        tail = " ".join(self.below_twenty[int(digit)] for digit in part.rstrip("0"))
        return " ".join(filter(None, (self.whole(number), self.point if tail else "", tail, name)))

    def money(self, number: int, part: int, words: Currency) -> str:
        said = []
        if number or not part:
            of = f" {self.of} " if self.of and number and number % 1_000_000 == 0 else " "
            said.append(self.whole(number) + of + words.unit[number != 1])
        if part and words.part:
            said.append(f"{self.whole(part)} {words.part[part != 1]}")
        return self.part_link.join(said)


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language: ``names`` are currencies said behind a decimal number, others say their code's letters."""

    phrases: Phrases
    legs: Legs
    wallets: dict[str, str]
    numbers: Chinese | Western
    currencies: dict[str, Currency]
    names: dict[str, str]


def nearest(language: str) -> str:
    """This language, its nearest relative, or English."""
    main = language.partition("-")[0].lower()
    return next((known for known in LANGUAGES if known.partition("-")[0] == main), "en")


@cache
def voice(language: str) -> Voice:
    """The voice of the nearest language."""
    text = _FOLDER.joinpath(f"{nearest(language)}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Voice)


def amount_words(amount: Money, language: str) -> str:
    """The amount as people say it: 二十八元五角, vinte e oito reais e cinquenta centavos."""
    assert amount.minor >= 0, "only amounts received are spoken"
    spoken = voice(language)
    number, part = divmod(amount.minor, 10**amount.exponent)
    words = spoken.currencies.get(amount.currency)
    if words and amount.exponent in (0, 2):
        return spoken.numbers.money(number, part, words)
    name = spoken.names.get(amount.currency, " ".join(amount.currency))
    digits = str(part).rjust(amount.exponent, "0") if amount.exponent else ""
    return spoken.numbers.decimal(number, digits, name)


def digit_words(digits: str, language: str) -> str:
    """Digits one by one, as a telephone number is read: 四七一一; four, seven, one, one."""
    numbers = voice(language).numbers
    if isinstance(numbers, Chinese):
        return "".join(numbers.digits[int(digit)] for digit in digits)
    return ", ".join(numbers.below_twenty[int(digit)] for digit in digits)


def leg_words(utterance: Utterance) -> list[str]:
    """One sentence a leg, in the order in which they are mended."""
    legs = voice(utterance.language).legs
    return [str(getattr(legs, each)) for each in utterance.legs]


def phrase(utterance: Utterance, *, wallet_title: str = "") -> str:
    """Everything the speaker says for this utterance; "test" or "training" come first.

    Args:
        wallet_title: the wallet's name in this language from its channel profile, when there is one.
    """
    spoken = voice(utterance.language)
    marks = (spoken.phrases.test * utterance.test) + (spoken.phrases.training * utterance.training)
    if utterance.kind == "digits":
        return marks + digit_words(utterance.digits, utterance.language)
    if utterance.kind == "legs":
        return marks + ". ".join(leg_words(utterance))
    said: str = getattr(spoken.phrases, utterance.kind)
    wallet = wallet_title or spoken.wallets.get(utterance.wallet, utterance.wallet)
    return marks + said.format(wallet=wallet, amount=amount_words(utterance.amount, utterance.language))
