"""docs/risk.md says what the data says; every rule and answer has its words in every language."""

from pathlib import Path
from typing import get_args

import pytest

from terminal.counter.holds import What
from terminal.help.catalogue import Catalogue
from terminal.help.languages import LANGUAGES
from terminal.risk.alerts import OpenAlert
from terminal.risk.payee import Field
from terminal.risk.proof import Verdict
from terminal.risk.rules import Alert
from terminal.risk.stickers import Result
from terminal.risk.table import RULES, STICKER, Offer, risk_table
from terminal.risk.words import letter, rule_told, sentence, title
from tests.unit.risk.shop_days import alerts, watcher
from tests.unit.risk.test_rules import HANDFUL, TRICKS

PAGE = (Path(__file__).parents[3] / "docs" / "risk.md").read_text("utf-8")
STICKER_FACTS: dict[str, str | int] = {"who": "EVIL TEA · SHOP-99 · Pix", "counter": "1", "sticker": "Door"}


def table() -> str:
    """The page's table of rules, as the data has them."""
    words, data = Catalogue.load("en"), risk_table()
    rows = ["| rule | speaks when | limit | learned | told to | offers |", "| --- | --- | --- | --- | --- | --- |"]
    for rule in RULES:
        x = data.rule(rule)
        span = f"{x.floor} to {x.ceiling}" if x.learns else f"{x.floor}"
        told = "every till" if x.till else "owner"
        offers = ", ".join(f"`{each}`" for each in x.offers)
        means = rule_told(rule, data, words)
        rows.append(f"| `{rule}` | {means} | {span} | {'yes' if x.learns else 'no'} | {told} | {offers} |")
    return "\n".join(rows)


def opened(alert: Alert) -> OpenAlert:
    return OpenAlert("K1", alert.rule, alert.why, alert.about, alert.count, alert.limit, alert.facts, alert.at_ms)


def every_alert() -> list[OpenAlert]:
    found = [opened(told) for trick in TRICKS.values() for told in alerts(watcher(), trick())]
    found += [OpenAlert("K2", STICKER, why, "d", 1, 1, STICKER_FACTS, 1) for why in ("instead", "strange")]
    wrong: dict[str, str | int] = {"field": "amount", "number": "A1"}
    found.append(OpenAlert("K3", "forged", "field", "A1", 1, 1, wrong, 1))
    for why in ("refused", "probe", "hint"):
        found.append(OpenAlert("K4", "flood", why, "w", 60, 60, {"channel": "w", "minutes": 10}, 1))
    night: dict[str, str | int] = {"hour": 3, "counter": "1", "days": 9}
    return [*found, OpenAlert("K5", "out_of_hours", "sale", "1", 1, 1, night, 1)]


@pytest.mark.row(118)
def test_the_page_has_the_table_of_the_data_and_the_promise_of_the_tests() -> None:
    assert table() in PAGE
    assert f"at most {HANDFUL} alerts" in PAGE


@pytest.mark.row(118)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_a_sentence_with_its_facts_in_every_language(language: str) -> None:
    words = Catalogue.load(language)
    for alert in every_alert():
        told = sentence(alert, words, lambda actor: f"<{actor}>", lambda channel: f"«{channel}»")
        assert "…" not in told, (alert.rule, told)
        assert title(alert, words)
        if "field" in alert.facts:
            assert words.text(f"timeline.field_{alert.facts['field']}") in told, (
                "not the field's name in our programs"
            )
        if alert.about.startswith("person:"):
            assert f"<{alert.about}>" in told, "who it is about is named"
    seen = {alert.rule for alert in every_alert()}
    assert seen == {*RULES, STICKER}


@pytest.mark.row(23, 119, 120)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_offer_and_field_has_its_words(language: str) -> None:
    known = Catalogue.load(language).names()
    wanted = {f"risk.do_{each}" for each in (*get_args(Offer), "seen")}
    wanted |= {f"risk.hold_{each}" for each in get_args(What)}
    wanted |= {
        f"risk.{part}_{each}" for each in get_args(Verdict) for part in ("proof", "proof_todo", "proof_told")
    }
    wanted |= {f"risk.sticker_{each}" for each in get_args(Result)}
    wanted |= {f"risk.sticker_{part}_{each}" for each in get_args(Result) for part in ("told", "todo")}
    wanted |= {f"risk.field_{each}" for each in get_args(Field)}
    wanted |= {f"risk.what_{each}" for each in ("link", "product", "receipt", "command", "customer", "other")}
    assert wanted - known == set()


@pytest.mark.row(120)
def test_the_letter_names_shop_merchant_time_reason_and_every_fact() -> None:
    alert = OpenAlert("K2", STICKER, "instead", "d", 1, 1, STICKER_FACTS, 1)
    lines = letter(
        alert, Catalogue.load("en"), name=str, method=str, shop="Tea", merchant="1900000109", when="2026-03-02"
    )
    text = "\n".join(lines)
    for fact in ("Tea", "1900000109", "2026-03-02", "EVIL TEA", "Door", "K2"):
        assert fact in text
