"""What a visit leaves on paper: sheet, quick card, safety card, commands, poster, record (rows 5, 96, 99).

Lines like a receipt's, so that the shop's own printer, the page and the PDF show the same. Pure; ``words`` holds
the catalogue's ``sheet.*`` and ``card.*`` texts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from terminal.payments.receipt import Blank, Code, Line, Receipt, Row, Rule
from terminal.visit.legs import Leg

Words = Mapping[str, str]
NAMES: Final = ("quick", "safety")
QUICK: Final = ("quick_1", "quick_2", "quick_3", "quick_4", "quick_5")
SAFETY: Final = ("safety_1", "safety_2", "safety_3", "safety_4", "safety_5", "safety_6")
_GROUP: Final = 16  # characters of a hash on a line


@dataclass(frozen=True, slots=True)
class Told:
    """A leg in words: ``what`` is its name, ``state`` a word, sentence and fix empty where all is well."""

    leg: Leg
    what: str
    state: str
    code: str = ""
    sentence: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """``address`` is where a browser opens the visit; ``code``: the visit's six digits, else empty.

    ``fingerprint``: of the shop's own authority, which a phone compares; empty where none can come in. ``key``: of
    what seals the shop's records.
    """

    shop: str
    terminal: str
    counter: str
    version: str
    address: str
    at: str
    code: str = ""
    minutes: int = 0
    fingerprint: str = ""
    key: str = ""


def sheet(facts: SheetFacts, told: Sequence[Told], words: Words) -> Receipt:
    """Row 96: who this terminal is and which of its legs is dead, with what mends it."""
    lines: list[Line] = _head(facts.shop, words["sheet.title"])
    lines += [
        Row(words["sheet.terminal"], facts.terminal),
        Row(words["sheet.counter"], facts.counter),
        Row(words["sheet.version"], facts.version),
        Row(words["sheet.at"], facts.at),
        Rule(),
    ]
    for each in told:
        lines.append(Row(each.what, each.state, bold=each.leg.state == "dead"))
        if each.sentence:
            lines += [Row(f"{each.code} {each.sentence}".strip()), Row(each.fix), Blank()]
    lines += [
        Rule(),
        Row(words["sheet.open"], align="center"),
        Code(facts.address),
        Row(facts.address, align="center"),
    ]
    if facts.fingerprint:
        lines += [Blank(), Row(words["sheet.compare"], align="center"), Row(facts.fingerprint, align="center")]
    if facts.key:
        lines += [Blank(), Row(words["sheet.key"], align="center"), Row(facts.key, align="center")]
    if facts.code:
        valid = words["sheet.valid"].format(minutes=facts.minutes)
        lines += [
            Blank(),
            Row(words["sheet.code"], align="center"),
            Row(spaced(facts.code), align="center", size=2, bold=True),
            Row(valid, align="center"),
        ]
    return (*lines, Blank(2))


def spaced(code: str) -> str:
    """ "402913" as people read it aloud: "402 913"."""
    return f"{code[:3]} {code[3:]}"


def quick(shop: str, address: str, words: Words) -> Receipt:
    return _steps(shop, words["card.quick_title"], QUICK, words, address)


def safety(shop: str, address: str, words: Words, *, refunds_ask: bool) -> Receipt:
    """``refunds_ask``: a cashier's refund needs the owner's PIN, as this shop's settings have it."""
    more = ("safety_owner",) if refunds_ask else ()
    return _steps(shop, words["card.safety_title"], (*SAFETY, *more), words, address)


def _steps(shop: str, title: str, names: Sequence[str], words: Words, address: str) -> Receipt:
    lines: list[Line] = _head(shop, title)
    for number, name in enumerate(names, 1):
        lines += [Row(f"{number}. {words[f'card.{name}']}"), Blank()]
    lines += [
        Rule(),
        Row(words["card.help"], align="center"),
        Code(address),
        Row(address, align="center"),
        Blank(2),
    ]
    return tuple(lines)


def commands(shop: str, keys: Sequence[tuple[str, str]], words: Words) -> Receipt:
    """The barcodes that act like keys (row 5). ``keys``: what each does, and the text it holds."""
    lines: list[Line] = [*_head(shop, words["card.commands_title"]), Row(words["card.commands_told"]), Blank()]
    for what, text in keys:
        lines += [Row(what, align="center", size=2, bold=True), Code(text), Blank()]
    return tuple(lines)


def poster(shop: str, method: str, text: str, words: Words) -> Receipt:
    """The shop's own static code. ``text`` is what the bank gave, to the letter."""
    return (
        Row(shop, align="center", size=2, bold=True),
        Blank(),
        Row(words["card.scan_to_pay"], align="center", size=2, bold=True),
        Row(method, align="center"),
        Blank(),
        Code(text),
        Blank(),
        Row(words["card.check_name"].format(shop=shop), align="center"),
        Row(words["card.show_screen"], align="center"),
        Blank(2),
    )


def record_page(
    document: Mapping[str, Any],
    digest: str,
    key: str,
    words: Words,
    when: Callable[[int], str],
    why: Callable[[str, Mapping[str, Any]], str],
) -> Receipt:
    """The acceptance record for people; what counts is the sealed file, of which this page has the hash.

    Args:
        words: of ``card.*``, ``wizard.*``, ``bar.*`` and ``people.*``.
        why: a failure's slug and facts as a sentence.
    """
    shop = document.get("shop")
    name = str(shop.get("title", "")) if isinstance(shop, dict) else str(shop or "")
    lines: list[Line] = _head(name, words["card.record_title"])
    visit = document["visit"]
    lines += [
        Row(words["card.begun"], when(visit["begun_ms"])),
        Row(words["card.accepted"], when(document["accepted_ms"])),
        Row(words["card.seconds"], _minutes(visit["seconds"])),
        Rule(),
    ]
    for each in document["steps"]:
        state = words[f"card.{each['result']}"]
        lines.append(Row(words[f"wizard.{each['step']}"], f"{state} {_minutes(each['seconds'])}"))
        if each["cause"]:
            lines.append(Row(why(each["cause"], each["proof"].get("facts", {}))))
    lines += [Row(words[f"wizard.{each}"], words["card.not_done"]) for each in document["left_out"]]
    lines += [Rule(), *_devices(document.get("devices"), words), Row(words["card.signed"], bold=True)]
    for each in document["signers"]:
        role = words.get(f"people.role_{each['role']}", each["role"])
        lines.append(Row(f"{each['name']} ({role})", when(each["at_ms"])))
    lines += [Rule(), Row(words["card.hash"])]
    lines += [Row(digest[at : at + _GROUP], align="center") for at in range(0, len(digest), _GROUP)]
    return (*lines, Row(words["card.key"]), Row(key, align="center"), Blank(2))


def _devices(devices: object, words: Words) -> list[Line]:
    """Whatever the record says of each: what it is and how its test went, below it number and port."""
    rows = [each for each in devices if isinstance(each, dict)] if isinstance(devices, list) else []
    lines: list[Line] = []
    for each in rows:
        role, result = str(each.get("role", "")), str(each.get("result", ""))
        named = (words.get(f"bar.{role}", role), *(str(each.get(name, "")) for name in ("counter", "model")))
        lines.append(Row(" ".join(filter(None, named)), words.get(f"card.{result}", result)))
        if more := " ".join(str(each[name]) for name in ("serial", "port") if each.get(name)):
            lines.append(Row(f"  {more}"))
    return [*lines, Rule()] if lines else []


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _head(shop: str, title: str) -> list[Line]:
    return [
        Row(shop, align="center", size=2, bold=True),
        Row(title, align="center", bold=True),
        Rule(),
    ]
