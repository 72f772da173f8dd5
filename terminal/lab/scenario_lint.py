"""What is wrong with a scenario file, in sentences: unknown names, no language, vain hopes."""

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from terminal.help.languages import LANGUAGES
from terminal.lab.faults import FaultUnknown, Wish, cashier_sentences, catalogue
from terminal.lab.scenarios import NEEDS, STEPS_MAX, TAKES, Scenario

RULES: Final = Path(__file__).parent.parent / "data" / "risk.toml"
NEEDED: Final = ("name", "title", "expect", "sees", "step")
TILL: Final = ("waiting", "acting", "checking", "person", "unverified", "claimed", "paid", "not_paid")
STATES: Final = ("open", "checking", "part_paid", "paid", "cancelled", "expired")
VERDICTS: Final = ("yes", "late", "used", "returned", "no", "unknown")
GLASS: Final = ("blank", "code", "text", "result", "idle")
EVENTS: Final = (
    "sale_opened", "sale_moved", "cancel_requested", "part_approved", "switch_requested", "sale_parked",
    "attempt_started", "attempt_moved", "attempt_swept", "evidence_noted", "evidence_refused", "refund_started",
    "refund_moved", "refund_queued", "exception_opened", "exception_closed", "code_shown", "effect_done",
    "voice_ended", "print_started", "print_stopped", "reprint_requested",
)  # fmt: skip
HEARD: Final = 2850  # the amount whose words are listened for
WAIT_MAX_S: Final = 86_400
_LISTS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"ends", "alerts", "channels", "ids"}),
    "sees": frozenset({"till", "pos"}),
    "step": frozenset({"between", "directions"}),
}
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"name", "exception"}),
    "sees": frozenset({"voice", "paper", "cashier"}),
    "step": frozenset({"do", "fault", "till", "glass", "event", "proof", "verdict"}),
}
_BY_PEOPLE: Final = frozenset({"unverified", "claimed"})  # what a person at the till makes of it
_PAYS: Final = ("pay", "pay_late", "show_phone")
_DOUBTS: Final = ("break", "bank_down", "bank_mute", "cancel", "kill", "stop", "cut_power", "clock", "wait")


def complaints(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Every one that can be found at once, wrong kinds alone: the rest needs sound ones. None: it is sound."""
    return tuple(dict.fromkeys(_kinds(raw))) or tuple(dict.fromkeys(_found(raw)))


def _kinds(raw: Mapping[str, Any]) -> Iterator[str]:
    tables = [("", "", raw), ("sees", "sees: ", raw.get("sees"))]
    if isinstance(steps := raw.get("step"), list):
        tables += [("step", f"step {number}: ", step) for number, step in enumerate(steps, 1)]
    for what, where, table in tables:
        if not isinstance(table, dict):
            continue  # it is told later what should stand there
        for name in _LISTS[what] & table.keys():
            if not isinstance(table[name], list) or not all(isinstance(each, str) for each in table[name]):
                yield f'{where}{name!r} is a list of words, as ["a", "b"].'
        for name in _WORDS[what] & table.keys():
            if not isinstance(table[name], str):
                yield f"{where}{name!r} is a word, not {table[name]!r}."


def _found(raw: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name for field in msgspec.structs.fields(Scenario)}
    for name in raw.keys() - known:
        yield f"{name!r} is no part of a scenario{_near(name, known)}."
    for name in NEEDED:
        if name not in raw:
            yield f"{name!r} is missing."
    for name in ("title", "expect"):
        yield from _languages(name, raw.get(name))
    yield from _sees(raw.get("sees"))
    for state in raw.get("ends", ()):
        if state not in STATES:
            yield f"ends: a sale cannot end as {state!r}; it ends as {', '.join(STATES)}."
    for rule in raw.get("alerts", ()):
        if rule not in _rules():
            yield f"alerts: the shop has no rule {rule!r}{_near(str(rule), _rules())}."
    steps = raw.get("step")
    if not isinstance(steps, list) or not steps or len(steps) > STEPS_MAX:
        yield f"a scenario has 1 to {STEPS_MAX} tables [[step]]."
        return
    for number, step in enumerate(steps, 1):
        for sentence in _step(step):
            yield f"step {number}: {sentence}"
    yield from _hopeless(raw, [step for step in steps if isinstance(step, dict)])
    try:
        msgspec.convert(raw, Scenario)
    except msgspec.ValidationError as wrong:
        yield f"{wrong}."


def _languages(name: str, told: Any) -> Iterator[str]:
    if not isinstance(told, dict):
        yield f"{name!r} is a table with one sentence for each of {', '.join(LANGUAGES)}."
        return
    for language in LANGUAGES:
        if not str(told.get(language, "")).strip():
            yield f"{name}: {language} is missing."


def _sees(told: Any) -> Iterator[str]:
    if not isinstance(told, dict):
        return
    for word in told.get("till", ()):
        if word not in TILL:
            yield f"sees: the till has no word {word!r}{_near(word, TILL)}."
    for event in told.get("pos", ()):
        yield from _event("sees", event)
    if (cashier := told.get("cashier")) not in cashier_sentences():
        yield f"sees: nobody tells a cashier {cashier!r}{_near(str(cashier), cashier_sentences())}."


def _event(where: str, event: str) -> Iterator[str]:
    if str(event).partition(":")[0] not in EVENTS:
        yield f"{where}: no POS gets an event {event!r}{_near(str(event), EVENTS)}."


def _step(step: Any) -> Iterator[str]:
    if not isinstance(step, dict) or step.get("do") not in TAKES:
        said = step.get("do") if isinstance(step, dict) else step
        yield f"no step is called {said!r}{_near(str(said), TAKES)}."
        return
    do = step["do"]
    for name in step.keys() - {"do", "tell", *TAKES[do]}:
        yield f"{do!r} has no {name!r}; it takes {', '.join(TAKES[do]) or 'nothing'}."
    for name in NEEDS.get(do, ()):
        if not step.get(name):
            yield f"{do!r} needs {name!r}."
    if do == "wait" and isinstance(seconds := step.get("seconds"), int) and not 0 < seconds <= WAIT_MAX_S:
        yield f"'wait' takes 1 to {WAIT_MAX_S} seconds."
    if do in ("break", "mend") and (fault := step.get("fault")):
        yield from _fault(do, str(fault), step)
    if do == "race" and len(step.get("between", ())) != 2:
        yield "a race is between two of pay, show_phone, cancel."
    if do == "see":
        yield from _see(step)
    if "tell" in step:
        yield from _languages("tell", step["tell"])


def _fault(do: str, name: str, step: Mapping[str, Any]) -> Iterator[str]:
    row = catalogue().get(name)
    if row is None:
        yield f"no fault is called {name!r}{_near(name, catalogue())}."
    elif row.layer not in ("provider", "device", "link"):
        yield f"{name!r} is no fault of a device or the bank: write its steps ({', '.join(TAKES)})."
    elif do == "break":
        try:
            Wish(name, step.get("count"), None, step.get("params", {})).checked()
        except (FaultUnknown, TypeError) as wrong:
            yield f"{wrong}."


def _see(step: Mapping[str, Any]) -> Iterator[str]:
    if not step.keys() & {"till", "glass", "event", "slips", "said", "verdict"}:
        yield "'see' says nothing to look for: till, glass, event, slips, said or verdict."
    if (word := step.get("till")) and word not in TILL:
        yield f"the till has no word {word!r}{_near(str(word), TILL)}."
    if (glass := step.get("glass")) and glass not in GLASS:
        yield f"the glass shows {', '.join(GLASS)}, never {glass!r}."
    if event := step.get("event"):
        yield from _event("see", event)
    if (verdict := step.get("verdict")) and verdict not in VERDICTS:
        yield f"a proof is answered with {', '.join(VERDICTS)}, never {verdict!r}."


def _hopeless(raw: Mapping[str, Any], steps: list[dict[str, Any]]) -> Iterator[str]:
    """Hopes that no run can fulfil, by what has happened before them."""
    can: set[str] = set()
    for number, step in enumerate(steps, 1):
        do = step.get("do")
        if "waiting" not in can and do in (*_PAYS, "cancel", "refund", "scan_glass", "race"):
            yield f"step {number}: {do!r} before any sale was opened."
        if step.get("verdict") and all(each.get("do") != "check_proof" for each in steps[: number - 1]):
            yield f"step {number}: a verdict before any proof was checked."
        can |= _words_after(step, can)
        if do == "see":
            yield from (f"step {number}: {why}" for why in _vain(step, can))
    if isinstance(told := raw.get("sees"), dict):
        yield from (f"sees: {why}" for why in _vain_at_the_end(told, steps, can))


def _words_after(step: Mapping[str, Any], before: set[str]) -> set[str]:
    """Words the till may say from this step on."""
    acts = {step.get("do"), *step.get("between", ())}
    words = {"waiting"} if "open" in acts else set()
    if acts & set(_PAYS):
        words |= {"paid", "acting", "checking", "person", "not_paid"}
    if acts & set(_DOUBTS) and "waiting" in before:
        words |= {"checking", "not_paid", "person"}
    return words


def _vain(step: Mapping[str, Any], can: set[str]) -> Iterator[str]:
    word = step.get("till", "")
    if word in ("paid", "acting") and word not in can:
        yield f"the till can never say {word!r} here, for nobody has paid before."
    elif word in TILL and word not in can | _BY_PEOPLE:
        yield f"the till can never say {word!r} here."
    if (step.get("said") or step.get("slips")) and "paid" not in can:
        yield "nothing is said or printed here, for nobody has paid before."


def _vain_at_the_end(told: Mapping[str, Any], steps: list[dict[str, Any]], can: set[str]) -> Iterator[str]:
    for word in told.get("till", ()):
        if word in TILL and word not in can | _BY_PEOPLE | {"not_paid"}:  # the cashier cancels what stays open
            yield f"the till can never say {word!r} in this story."
    amounts = [step.get("amount_minor", HEARD) for step in steps if step.get("do") == "open"]
    if told.get("voice") == "once" and amounts and (amounts[-1] != HEARD or amounts.count(HEARD) > 1):
        yield f"voice = 'once' listens for the last sale alone: give it {HEARD}, and no other sale."
    if "paid" not in can and (told.get("voice") == "once" or told.get("paper") in ("slip", "copy")):
        yield "nothing is said or printed in this story, for nobody pays."


@cache
def _rules() -> frozenset[str]:
    """The names of the rules of risk, from their own table."""
    return frozenset(tomllib.loads(RULES.read_text("utf-8"))["rules"])


def _near(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"; near: {', '.join(near)}" if near else ""
