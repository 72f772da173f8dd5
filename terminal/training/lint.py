"""What is wrong with a lesson file, in sentences."""

import errno
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from terminal.given_file import read_given
from terminal.training.lesson import (
    ACTS,
    ALWAYS,
    FOLDER,
    FROM_PAGES,
    LANGUAGES,
    WITHOUT_ACTION_S,
    Lesson,
    Step,
    Texts,
    decode,
)
from terminal.training.video import unfit

FAULTS: Final = FOLDER.parent / "faults" / "provider.toml"
SEEN: Final = ("opened", "paid", "checking", "ended", "refund", "overridden")
SENTENCE_MAX: Final = 240
FILE_MAX: Final = 64 * 1024


def complaints(path: Path) -> tuple[str, ...]:
    """Every one that can be found at once; none: it can be practised. Raises OSError: no such plain file."""
    try:
        read = decode(read_given(path, FILE_MAX).decode())
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return (f"a lesson has at most {FILE_MAX} bytes.",)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return (f"this is not TOML: {error}.",)
    except msgspec.ValidationError as error:
        return (f"{str(error).rstrip('.')}.",)
    video = unfit(path.parent, read.video) if read.video else ()
    return (*_found(read, path.stem), *video)


def _found(lesson: Lesson, name: str) -> Iterator[str]:
    if lesson.id != name:
        yield f"id is {lesson.id!r}, the file is called {name!r}."
    yield from _texts("title", lesson.title)
    if not lesson.audience:
        yield "for: name shopkeeper or bank_staff."
    if not lesson.amounts_minor or min(lesson.amounts_minor) < 1:
        yield "amounts_minor: one amount or more, none below 1."
    if not lesson.rules:
        yield "rules: without one nothing a trainee does is wrong."
    if not lesson.steps:
        yield "a lesson has one table [[steps]] or more."
        return
    if lesson.par_s > lesson.limit_s:
        yield f"par_s is {lesson.par_s}, all steps together last {lesson.limit_s} s."
    if not any(step.wrong for step in lesson.steps):
        yield "no step says what a wrong trainee does: nobody could test the rules."
    for number, step in enumerate(lesson.steps, 1):
        for sentence in _step(lesson, step):
            yield f"step {number}: {sentence}"


def _step(lesson: Lesson, step: Step) -> Iterator[str]:
    yield from _texts("fast", step.fast)
    yield from _texts("calm", step.calm)
    if step.says:
        yield from _texts("says", step.says)
    if not 0 < step.limit_s <= WITHOUT_ACTION_S:
        yield f"limit_s is {step.limit_s}: nobody waits longer than {WITHOUT_ACTION_S} s without doing something."
    if not step.done:
        yield "done: say what ends the step."
    if not step.right:
        yield "right: a step without an act of the trainee is a lecture."
    known = {*SEEN, *ACTS}
    buttons = {*ALWAYS, *lesson.acts, *FROM_PAGES}
    for each in (each for way in step.ways() for each in way):
        if each not in known:
            yield f"done: nothing is called {each!r}; known are {', '.join(sorted(known))}."
        elif each in ACTS and each not in buttons:
            yield f"done: {each!r} is no button of this lesson; name it in acts."
    for play in step.plays:
        if play.do == "break" and play.fault not in faults():
            yield f"plays: no fault of the bank is called {play.fault!r}."
        if play.after_s >= step.limit_s:
            yield f"plays: {play.do} after {play.after_s} s comes after the step's end."


def _texts(name: str, texts: Texts) -> Iterator[str]:
    for language in LANGUAGES:
        text = texts.get(language, "")
        if not text.strip():
            yield f"{name}: {language} is missing."
        elif len(text) > SENTENCE_MAX:
            yield f"{name}: {language} has {len(text)} characters; {SENTENCE_MAX} fit a screen."
    for language in texts.keys() - set(LANGUAGES):
        yield f"{name}: {language} is not one of {', '.join(LANGUAGES)}."


@cache
def faults() -> frozenset[str]:
    """Slugs of the bank's side."""
    read = tomllib.loads(FAULTS.read_text("utf-8"))
    rows = next(each for each in read.values() if isinstance(each, list))
    return frozenset(str(each["slug"]) for each in rows)
