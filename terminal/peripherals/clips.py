"""What a voice says as recorded clips: the words of ``phrases`` put together from ``terminal/data/clips``."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Final

import msgspec

from drivers.speaker.phrase import Clip
from terminal.counter.ports import Utterance
from terminal.peripherals.phrases import amount_words, digit_words, leg_words, nearest, voice

CHIMES: Final = ""  # the language of sounds without words
SPELLED: Final = ("zh-CN",)  # written without spaces: a clip holds characters, not words
Words = tuple[str, ...]
Lexicon = Mapping[Words, Clip]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One clip; ``language`` is empty for chimes, whose ``text`` is the kind of utterance."""

    number: int
    language: str
    text: str
    ms: int

    @property
    def clip(self) -> Clip:
        folder = files("terminal").joinpath("data", "clips", self.language or "chimes")
        return Clip(self.number, self.ms, str(folder.joinpath(f"{self.number:04}.wav")))


@cache
def entries() -> tuple[Entry, ...]:
    """Every clip there is, by number."""
    table = tomllib.loads(files("terminal").joinpath("data", "clips", "clips.toml").read_text("utf-8"))
    return tuple(sorted(msgspec.convert(table["clips"], list[Entry]), key=lambda entry: entry.number))


@cache
def lexicon(language: str) -> Lexicon:
    return {words_of(entry.text, language): entry.clip for entry in entries() if entry.language == language}


def chime(kind: str) -> Clip:
    return lexicon(CHIMES)[words_of(kind, CHIMES)]


def words_of(text: str, language: str) -> Words:
    """What is heard of a text: no capitals, no punctuation."""
    found = re.findall(r"\w+", text.casefold())
    return tuple("".join(found)) if language in SPELLED else tuple(found)


def clips_of(text: str, language: str) -> tuple[Clip, ...] | None:
    """The clips that say this text, the longest first that fits; None when a word of it was never recorded."""
    known, words = lexicon(language), words_of(text, language)
    longest = max(map(len, known))
    said: list[Clip] = []
    at = 0
    while at < len(words):
        for size in range(min(longest, len(words) - at), 0, -1):
            clip = known.get(words[at : at + size])
            if clip is not None:
                said.append(clip)
                at += size
                break
        else:
            return None
    return tuple(said)


def phrase_clips(utterance: Utterance) -> tuple[Clip, ...]:
    """Everything a player of clips says: "test" or "training" first, the kind's chime, then the phrase.

    A wallet that was never recorded is left out, and so is an amount that could be said in part only: half an
    amount is another amount.
    """
    language = nearest(utterance.language)
    spoken = voice(language)
    marks = spoken.phrases.test * utterance.test + spoken.phrases.training * utterance.training
    if utterance.kind == "digits":
        said = [clips_of(marks, language), clips_of(digit_words(utterance.digits, language), language)]
        return tuple(clip for part in said for clip in part or ())
    if utterance.kind == "legs":
        heard = [clips_of(each, language) for each in (marks, *leg_words(utterance))]
        return tuple(clip for part in heard for clip in part or ())
    parts = [clips_of(marks, language), (chime(utterance.kind),)]
    fields = {
        "wallet": spoken.wallets.get(utterance.wallet, utterance.wallet),
        "amount": amount_words(utterance.amount, language),
    }
    for literal, field, *_ in Formatter().parse(getattr(spoken.phrases, utterance.kind)):
        parts.append(clips_of(literal, language))
        if field is not None:
            parts.append(clips_of(fields[field], language))
    return tuple(clip for part in parts for clip in part or ())
