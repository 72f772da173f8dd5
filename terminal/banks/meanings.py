"""What a provider's refusal means to us, and the Answer it becomes: the same for every provider's tables."""

import re
from enum import Enum
from typing import Final

from terminal.payments.notice import Accepted, Answer, NotThere, Paying, Refusal, Refused, Unclear

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.\- ]{1,80}")


class Other(Enum):
    """Verified error answers that are no refusal."""

    PAYING = "paying"
    NOT_THERE = "not_there"
    DONE_BEFORE = "done_before"  # what was asked for holds already
    ASK = "ask"  # it may have happened: only a query tells
    SLOWER = "slower"


Meaning = Refusal | Other


def answer_to(meaning: Meaning | None, code: str, words: str, retry_after_s: float | None) -> Answer:
    """The Answer to a verified error; ``code`` is told where it means no more than "ask"."""
    match meaning:
        case Refusal() as why:
            return Refused(why, words)
        case Other.PAYING:
            return Paying()
        case Other.NOT_THERE:
            return NotThere()
        case Other.DONE_BEFORE:
            return Accepted()
        case Other.SLOWER:
            return Unclear("rate_limited", retry_after_s)
        case _:
            return Unclear(f"code {code}" if _PLAIN.fullmatch(code) else "code unreadable", retry_after_s)
