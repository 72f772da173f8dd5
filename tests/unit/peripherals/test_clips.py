"""Recorded clips say exactly the words of the phrases: every amount, every wallet, in order, nothing left out."""

import random
from pathlib import Path
from typing import Literal, get_args

import pytest

from drivers.speaker import wav
from drivers.speaker.phrase import Clip
from drivers.speaker.profile import load_profile
from terminal.counter.ports import Utterance
from terminal.payments.money import Money
from terminal.peripherals.clips import chime, clips_of, entries, phrase_clips, words_of
from terminal.peripherals.phrases import LANGUAGES, amount_words, phrase

Kind = Literal["paid", "not_paid", "late", "checking", "unverified"]
KINDS: tuple[Kind, ...] = get_args(Kind)
BY_NUMBER = {entry.number: entry for entry in entries()}
SHORTEST_MS = 201  # players tell an end twice within 200 ms
HOME = {"zh-CN": "CNY", "en": "USD", "pt-BR": "BRL"}


def words(clips: tuple[Clip, ...], language: str) -> tuple[str, ...]:
    """What a person hears, chimes left out."""
    heard = [BY_NUMBER[clip.number] for clip in clips]
    return tuple(word for each in heard if each.language for word in words_of(each.text, language))


def amounts(language: str) -> list[int]:
    """Edges of 0.01 to 9 999 999.99 and some hundreds between."""
    chance = random.Random(language)
    edges = [10**power * digit + step for power in range(9) for digit in (1, 2, 9) for step in (-1, 0, 1)]
    drawn = [chance.randrange(1, 10 ** chance.randrange(1, 10)) for _ in range(400)]
    return [minor for minor in (*edges, *range(1, 300), *drawn, 999_999_999) if 0 < minor < 10**9]


@pytest.mark.no_cover  # many rounds through lines that others measure
@pytest.mark.row(51)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("currency", ["CNY", "BRL", "USD", "EUR", "JPY"])
def test_every_amount_is_said_word_for_word(language: str, currency: str) -> None:
    clips_max = min(load_profile(name).clips_max for name in ("dfplayer", "jq8900", "audio"))
    for minor in amounts(language):
        text = amount_words(Money(minor, currency), language)
        clips = clips_of(text, language)
        assert clips is not None, text
        assert words(clips, language) == words_of(text, language)
        assert len(clips) <= clips_max - 8, "with test, training, chime, wallet and verb"


@pytest.mark.row(50, 51)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wallet", ["wechatpay", "alipay", "unionpay"])
def test_clips_and_text_say_the_same_with_the_kinds_chime(kind: Kind, language: str, wallet: str) -> None:
    utterance = Utterance(kind, Money(2850, HOME[language]), wallet, language, test=False)
    clips = phrase_clips(utterance)
    assert clips[0] == chime(kind)
    assert words(clips, language) == words_of(phrase(utterance), language)


@pytest.mark.row(51)
@pytest.mark.parametrize("language", LANGUAGES)
def test_i25_test_and_training_are_heard_before_chime_and_amount(language: str) -> None:
    plain = Utterance("paid", Money(2850, "CNY"), "alipay", language, test=False)
    marked = Utterance("paid", Money(2850, "CNY"), "alipay", language, test=True, training=True)
    assert words(phrase_clips(marked), language) == words_of(phrase(marked), language)
    assert phrase_clips(marked)[2:] == phrase_clips(plain)


@pytest.mark.row(50)
def test_success_failure_late_money_doubt_and_what_nobody_confirmed_sound_different() -> None:
    files = {Path(chime(kind).file).read_bytes() for kind in KINDS}
    assert len(files) == len(KINDS)


def test_an_unknown_wallet_is_left_out_and_an_amount_is_said_whole_or_not_at_all() -> None:
    unknown = Utterance("paid", Money(200, "CNY"), "shop-pay", "en", test=False)
    assert words(phrase_clips(unknown), "en") == ("received", "two", "yuan")
    letters = Utterance("paid", Money(1250, "KWD"), "alipay", "en", test=False)
    assert words(phrase_clips(letters), "en") == ("alipay", "received")
    assert clips_of("two zorkmids", "en") is None


def test_the_longest_recording_that_fits_is_taken() -> None:
    clips = clips_of("two hundred and five", "en")
    assert clips is not None
    assert [BY_NUMBER[clip.number].text for clip in clips] == ["two hundred", "and", "five"]


@pytest.mark.parametrize("wish", ["pt", "xx", "zh"])
def test_a_language_falls_to_its_nearest(wish: str) -> None:
    near = {"pt": "pt-BR", "xx": "en", "zh": "zh-CN"}[wish]
    one, other = (Utterance("paid", Money(200, "CNY"), "alipay", each, test=False) for each in (wish, near))
    assert phrase_clips(one) == phrase_clips(other)


def test_every_recording_is_a_sound_of_the_length_its_list_says() -> None:
    rates = set()
    for entry in entries():
        sound = wav.read(Path(entry.clip.file).read_bytes())
        rates.add(sound.rate)
        assert len(sound.samples) * 1000 // sound.rate == entry.ms
        assert entry.ms >= SHORTEST_MS
        assert max(sound.samples) > 200, f"{entry.text} is hardly heard"
    assert len(rates) == 1


def test_numbers_name_one_clip_each_and_fit_every_card() -> None:
    assert len(BY_NUMBER) == len(entries())
    assert all(1 <= number <= min(3000, 36 * 36 - 1) for number in BY_NUMBER)


def test_all_recordings_together_stay_small() -> None:
    assert sum(Path(entry.clip.file).stat().st_size for entry in entries()) <= 1_900_000


@pytest.mark.row(96)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_leg_is_recorded_and_said_as_it_is_written(language: str) -> None:
    every = ("ok", "printer", "lan", "internet", "bank", "clock", "unsure")
    for legs in [(each,) for each in every] + [("printer", "bank", "clock")]:
        utterance = Utterance("legs", Money(0, "CNY"), "", language, test=True, legs=legs)
        clips = phrase_clips(utterance)
        assert len(clips) == 1 + len(legs), "a word of it was never recorded"
        assert words(clips, language) == words_of(phrase(utterance), language)
