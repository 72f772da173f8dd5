"""A replay as a scenario file and as a test: TOML that people can read and change, and pytest around it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from terminal.simulation.field import LAST_CODE_S, Act, Happened, Replay
from terminal.simulation.lab_told import pos_events

GAP_MS: Final = 400  # two acts nearer than this follow each other at once
TOLD: Final = ("sale_moved", "exception_opened", "evidence_refused", "print_stopped")


def scenario_text(made: Replay, events: Sequence[Happened], name: str) -> str:
    """The file's text; ``read`` of terminal/lab/scenarios.py takes it."""
    ends = [str(each.body["to"]) for each in events if each.type == "sale_moved"] or ["open"]
    pos = [each for each in pos_events(events) if each.partition(":")[0] in TOLD]
    kinds = [str(each.body["kind"]) for each in events if each.type == "exception_opened"]
    what = "A sale as it went in a shop.", "一笔门店中的真实交易。", "Uma venda como foi numa loja."
    hope = "The till says the same words.", "收银台显示相同的文字。", "O caixa diz as mesmas palavras."
    end = {"checking": "open", "part_paid": "open"}.get(ends[-1], ends[-1])
    lines = [
        "# Made by `countertop lab replay` from a recording; not as it was in the shop:",
        *(f"# - {each}" for each in made.untold),
        f"name = {_text(name)}",
        f"ends = {_text([end])}",
        *([f"exception = {_text(kinds[0])}"] if kinds else []),
        *_languages("title", what),
        *_languages("expect", hope),
        "",
        "[sees]",
        f"till = {_text(made.words)}",
        'voice = "any"',
        f"paper = {_text(_paper(events))}",
        f"pos = {_text(['sale_opened', *pos])}",
        'cashier = "keep_goods"',
    ]
    for step in steps_of(made.acts):
        lines += ["", "[[step]]", *(f"{key} = {_text(value)}" for key, value in step.items())]
    return "\n".join(lines) + "\n"


def steps_of(acts: Sequence[Act]) -> Iterator[Mapping[str, Any]]:
    """In their order, with the waits between them in whole seconds."""
    now_ms = 0
    for act in sorted(acts, key=lambda each: (each.ms, each.rank)):
        seconds = min(round((act.ms - now_ms) / 1000), LAST_CODE_S)
        if act.ms - now_ms > GAP_MS and seconds:
            yield {"do": "wait", "seconds": seconds}
            now_ms += seconds * 1000
        yield act.step


def test_text(scenario: str, words: Sequence[str], name: str, source: str) -> str:
    """A whole test module; it needs nothing but this package and pytest."""
    assert "'''" not in scenario
    return f'''"""{source}, replayed: the till says what it said in the shop. Made by `countertop lab replay`."""

from pathlib import Path

from terminal.lab.scenario_files import read
from terminal.simulation.lab_run import play

WORDS = {tuple(words)!r}
SCENARIO = r\'\'\'
{scenario}\'\'\'


def test_{name.replace("-", "_")}_goes_as_it_went_in_the_shop(tmp_path: Path) -> None:
    file, folder = tmp_path / "field.toml", tmp_path / "run"
    file.write_text(SCENARIO, "utf-8")
    folder.mkdir()
    verdict = play(read(file), folder)
    assert verdict.words == WORDS
    assert verdict.wrong == ()
    assert verdict.fired
'''


def _paper(events: Sequence[Happened]) -> str:
    """What came out, as the sale's own events tell."""
    ended = [
        each.body.get("outcome")
        for each in events
        if each.type == "effect_done" and each.body["kind"] == "receipt"
    ]
    started = [each.body.get("copy", 0) for each in events if each.type == "print_started"]
    if not started and not ended:
        return "none"
    if ended and ended[-1] in ("confirmed", "processed") and started:
        return "copy" if started[-1] else "slip"
    return "any"


def _languages(name: str, texts: tuple[str, str, str]) -> list[str]:
    keys = ("en", "zh-CN", "pt-BR")
    return ["", f"[{name}]", *(f"{key} = {_text(text)}" for key, text in zip(keys, texts, strict=True))]


def _text(value: Any) -> str:
    """A TOML value; its strings, numbers and lists are JSON's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_text(inner)}" for key, inner in value.items()) + " }"
    return msgspec.json.encode(value).decode()
