"""Scenario files: what is shipped is sound in three languages, what is wrong with one is told in sentences."""

import re
from pathlib import Path

import pytest

from terminal.help.languages import LANGUAGES
from terminal.lab.faults import FaultUnknown, cashier_sentences, catalogue, find
from terminal.lab.scenario_files import FOLDER, SIZE_MAX, named, read, shipped
from terminal.lab.scenario_lint import TILL
from terminal.lab.scenarios import TAKES, BadScenario, Scenario
from terminal.simulation.story import PLAYS

SOUND = """
name = "mine"
captured = 1
[title]
en = "A customer pays."
zh-CN = "顾客付款。"
pt-BR = "Um cliente paga."
[expect]
en = "Green."
zh-CN = "变绿。"
pt-BR = "Verde."
[sees]
till = ["waiting", "paid"]
voice = "once"
paper = "slip"
pos = ["sale_opened", "sale_moved:paid"]
cashier = "nothing"
[[step]]
do = "open"
[[step]]
do = "pay"
[[step]]
do = "see"
till = "paid"
"""


def wrong_in(text: str, folder: Path) -> tuple[str, ...]:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    try:
        read(path)
    except BadScenario as bad:
        return bad.complaints
    return ()


@pytest.mark.row(144)
def test_the_shipped_ones_are_sound_and_named_like_their_files() -> None:
    assert len(shipped()) >= 10
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(shipped())
    assert not set(shipped()) & set(catalogue())


@pytest.mark.parametrize("story", shipped().values(), ids=lambda story: story.name)
def test_every_sentence_stands_in_three_languages(story: Scenario) -> None:
    for told in (story.title, story.expect):
        texts = [told.within(language) for language in LANGUAGES]
        assert len(set(texts)) == len(LANGUAGES)
        for language, text in zip(LANGUAGES, texts, strict=True):
            assert text[-1] in ".。"
            assert len(text) <= 170
            assert bool(re.search("[一-鿿]", text)) == (language == "zh-CN")


@pytest.mark.row(144)
def test_every_fault_says_what_is_seen_and_what_the_cashier_does_in_three_languages() -> None:
    used = {fault.sees.cashier for fault in catalogue().values()} | {x.sees.cashier for x in shipped().values()}
    assert used == set(cashier_sentences())
    for fault in catalogue().values():
        assert fault.sees.till
        assert set(fault.sees.till) <= set(TILL)
        assert fault.sees.pos[0] == "sale_opened"
        assert len({fault.cashier(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_every_step_of_the_schema_can_be_played() -> None:
    assert set(PLAYS) == set(TAKES)


def test_a_file_of_one_s_own_is_read_and_named_ones_are_found(tmp_path: Path) -> None:
    assert wrong_in(SOUND, tmp_path) == ()
    mine = named(str(tmp_path / "mine.toml"))
    assert isinstance(mine, Scenario)
    assert mine.as_fault().run.direction == "story"
    assert named("paper-out") == find("paper-out")
    assert named("fat-finger") == shipped()["fat-finger"]
    with pytest.raises(FaultUnknown, match="near: fat-finger"):
        named("fat-fingers")


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('do = "pay"', 'do = "pya"', "step 2: no step is called 'pya'; near: pay"),
        (
            'do = "pay"',
            'do = "break"\nfault = "paper-oot"',
            "step 2: no fault is called 'paper-oot'; near: paper-out",
        ),
        ('do = "pay"', 'do = "break"\nfault = "kill-mid-sale"', "is no fault of a device or the bank"),
        ('do = "pay"', 'do = "break"\nfault = "paper-out"\ncount = 2', "count = 2 is not possible"),
        ('do = "pay"', 'do = "break"', "step 2: 'break' needs 'fault'"),
        ('do = "pay"', 'do = "pay"\nseconds = 3', "step 2: 'pay' has no 'seconds'; it takes nothing"),
        ('do = "pay"', 'do = "wait"', "step 2: 'wait' needs 'seconds'"),
        ('do = "pay"', 'do = "race"\nbetween = ["pay"]', "a race is between two"),
        ('zh-CN = "变绿。"\n', "", "expect: zh-CN is missing"),
        ('pt-BR = "Verde."', 'pt-BR = " "', "expect: pt-BR is missing"),
        (
            'do = "pay"\n',
            'do = "cancel"\n',
            "step 3: the till can never say 'paid' here, for nobody has paid before",
        ),
        ('do = "open"', 'do = "wait"\nseconds = 1', "step 2: 'pay' before any sale was opened"),
        ('till = "paid"', 'till = "payed"', "the till has no word 'payed'; near: paid"),
        ('till = "paid"', "within_s = 3", "'see' says nothing to look for"),
        ('till = "paid"', 'event = "sale_payed"', "no POS gets an event 'sale_payed'"),
        ('till = "paid"', 'glass = "green"', "never 'green'"),
        ('cashier = "nothing"', 'cashier = "dance"', "nobody tells a cashier 'dance'"),
        ('till = ["waiting", "paid"]', 'till = ["waiting", "green"]', "sees: the till has no word 'green'"),
        ('do = "open"', 'do = "open"\namount_minor = 100', "listens for the last sale alone"),
        ("captured = 1", "captured = 1\ncolour = 3", "'colour' is no part of a scenario"),
        ("captured = 1", 'ends = ["gone"]', "a sale cannot end as 'gone'"),
        ('name = "mine"', "", "'name' is missing"),
        ("captured = 1", 'alerts = ["refund_son"]', "the shop has no rule 'refund_son'; near: refund_soon"),
        ("captured = 1", 'captured = "one"', "Expected `int`"),
        ("captured = 1", "ends = 3", "'ends' is a list of words"),
        ("captured = 1", "alerts = 5", "'alerts' is a list of words"),
        ("captured = 1", 'channels = "wechatpay"', "'channels' is a list of words"),
        ('do = "pay"', 'do = ["pay"]', "step 2: 'do' is a word, not ['pay']"),
        ('do = "pay"', 'do = "race"\nbetween = 3', "step 2: 'between' is a list of words"),
        ('do = "pay"', 'do = "break"\nfault = 7', "step 2: 'fault' is a word, not 7"),
        ('till = ["waiting", "paid"]', "till = 3", "sees: 'till' is a list of words"),
        ('cashier = "nothing"', "cashier = [1]", "sees: 'cashier' is a word, not [1]"),
        ('do = "pay"', 'do = "wait"\nseconds = -5', "step 2: 'wait' takes 1 to 86400 seconds"),
        ('do = "pay"', 'do = "wait"\nseconds = 9000000000', "step 2: 'wait' takes 1 to 86400 seconds"),
        ('do = "open"', 'do = "open"\namount_minor = -9', "Expected `int` >= 1"),
        ('till = "paid"', 'till = "paid"\nwithin_s = 0', "Expected `int` >= 1"),
        ("[title]", "[title", "it cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(was: str, becomes: str, said: str, tmp_path: Path) -> None:
    assert was in SOUND
    complaints = wrong_in(SOUND.replace(was, becomes, 1) if was != 'till = "paid"' else last(becomes), tmp_path)
    assert any(said in each for each in complaints), complaints
    assert all(each.endswith(".") for each in complaints)


def last(becomes: str) -> str:
    head, _, tail = SOUND.rpartition('till = "paid"')
    return head + becomes + tail


def test_all_that_is_wrong_is_told_at_once_and_a_huge_file_is_refused(tmp_path: Path) -> None:
    text = SOUND.replace('do = "pay"', 'do = "pya"').replace('cashier = "nothing"', 'cashier = "dance"')
    assert len(wrong_in(text, tmp_path)) >= 2
    assert "longer than" in wrong_in(SOUND + "#" * SIZE_MAX, tmp_path)[0]
    assert "1 to 200" in wrong_in("step = []\n" + SOUND[: SOUND.index("[[step]]")], tmp_path)[0]
