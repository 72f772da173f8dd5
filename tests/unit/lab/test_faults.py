"""The list of faults: every name can be done in its layer, is explained in every language, refuses nonsense."""

import re

import pytest

from terminal.help.languages import LANGUAGES
from terminal.lab.device_faults import DEVICE_FAULTS
from terminal.lab.faults import Fault, FaultUnknown, Wish, catalogue, find
from terminal.lab.service_process import SIGNALS
from terminal.sandbox.faults import ALL_CALLS, ROWS
from terminal.simulation.lab_scripts import SCRIPTS

FAULTS = list(catalogue().values())
BY_NAME = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.slug)


def of(*layers: str) -> dict[str, Fault]:
    return {fault.slug: fault for fault in FAULTS if fault.layer in layers}


@pytest.mark.row(144)
def test_there_are_sixty_and_the_bank_s_and_the_devices_are_all_there() -> None:
    assert len(FAULTS) >= 60
    assert set(of("provider")) == set(ROWS)
    assert set(of("device", "link")) == set(DEVICE_FAULTS)


def test_the_bank_s_parameters_are_the_sandbox_s_own() -> None:
    for slug, fault in of("provider").items():
        assert fault.params == dict(ROWS[slug].params), slug
        assert fault.run.call in ("", *ALL_CALLS), slug


@BY_NAME
def test_it_is_explained_in_three_languages(fault: Fault) -> None:
    texts = [fault.expected(language) for language in LANGUAGES]
    assert len(set(texts)) == len(LANGUAGES)
    for language, text in zip(LANGUAGES, texts, strict=True):
        assert text == text.strip() != ""
        assert text[-1] in ".。"
        assert len(text) <= 170
        assert bool(re.search("[一-鿿]", text)) == (language == "zh-CN")
        assert text.count("“") == text.count("”")


@BY_NAME
def test_it_can_be_played(fault: Fault) -> None:
    assert re.fullmatch(r"[a-z0-9+]+(-[a-z0-9]+)*", fault.slug)
    assert fault.run.direction in SCRIPTS
    assert set(fault.run.ends) <= {"open", "paid", "cancelled", "expired"}
    assert not fault.run.with_ or fault.run.with_ in ROWS
    assert fault.ids or fault.slug.startswith("plain-")
    if fault.layer == "process":
        assert fault.params["signal"] in SIGNALS
        assert fault.params["when"] in {"now", "code-shown"}


def test_what_mends_by_itself_takes_no_seconds() -> None:
    for slug, fault in of("device", "link").items():
        assert ("seconds" in fault.takes) == (DEVICE_FAULTS[slug].mend is not None), slug


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish("answer-lost"), "near: answer-lost-after-debit"),
        (Wish("paper-out", count=2), "count = 2 is not possible"),
        (Wish("paper-out", seconds=0), "seconds = 0"),
        (Wish("paper-out-mid-slip", params={"bytes": "many"}), "not bytes = 'many'"),
        (Wish("paper-out", params={"bytes": 3}), "not bytes = 3"),
    ],
)
def test_nonsense_is_refused_with_what_is_possible(wish: Wish, said: str) -> None:
    with pytest.raises(FaultUnknown, match=re.escape(said)):
        wish.checked()


def test_virtual_time_is_needed_for_clock_updates_and_scenarios_alone() -> None:
    assert {fault.layer for fault in FAULTS if not fault.on_page} == {"clock", "update", "scenario"}
    assert find("late-pay").run.with_ == "capture-after-close"
