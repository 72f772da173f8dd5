"""Every fault with every connector: a fixed small part here, all of ``lab run rails`` in test-long."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.simulation.rails import SHIPPED
from terminal.simulation.rails_run import Cell, Outcome, Played, Row, cells, play, play_all, rows, seeds_of
from terminal.simulation.rails_table import legend, page, short
from terminal.simulation.run import simulate
from terminal.simulation.swarm import draw

DOCS = Path(__file__).parents[2] / "docs" / "rails.md"
SEEDS = range(1, 201)


def sound(cell: Cell, *played: Played) -> Outcome:
    return Outcome(cell, played or (Played(1, fired=True, sales=4, blame=""),))


@pytest.fixture
def cell() -> Cell:
    return Cell(Row("no-funds", "bank"), "pix")


@pytest.mark.no_cover  # many worlds of few lines: other tests measure those
@pytest.mark.parametrize("connector", SHIPPED)
def test_i1_to_i8_hold_under_a_choice_of_faults_with_every_connector(connector: str) -> None:
    mine = [each for each in cells(connector) if not each.why_not]
    few = mine[:: len(mine) // 6]
    outcomes = list(play_all(SEEDS, each=1, only=few))
    assert [each.words for each in outcomes if not each.right] == []
    assert len({each.cell.row.layer for each in outcomes}) >= 3


@pytest.mark.slow  # make test-long: a minute and a half on one core
@pytest.mark.row(29, 146)
def test_every_fault_with_every_connector_ends_right() -> None:
    outcomes = list(play_all(SEEDS, jobs=2))
    assert [f"{each.cell.row.slug}: {each.words}" for each in outcomes if not each.right] == []
    assert page(outcomes) == DOCS.read_text(encoding="utf-8"), "make rails writes the page anew"


def test_the_page_has_every_fault_and_says_why_one_cannot_happen() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert "WRONG" not in text
    for row in rows():
        assert f"\n| {row.slug} | {row.layer} |" in text, row.slug
    for each in cells():
        assert not each.why_not or f"– {each.why_not}" in text, each


def test_a_connector_is_spared_only_what_its_profile_cannot_say() -> None:
    spared = {name: {each.row.slug for each in cells(name) if each.why_not} for name in SHIPPED}
    statement = {each.slug for each in rows() if each.layer == "statement"}
    assert spared["wechatpay"] - statement == {"partial-approval"}
    assert spared["alipay"] - statement == {
        "wrong-merchant",
        "wrong-app",
        "partial-approval",
        "notify-before-answer",
        "refund-abnormal",
    }
    assert {"bad-signature", "scanner-double-fire", "pay-queued"} <= spared["pix"]
    assert not statement & spared["any_bank"]


def test_the_same_seed_plays_the_same_sales_and_two_wallets_share_a_counter() -> None:
    for channels in (("alipay", "wechatpay"), ("pix",), ("any_bank",)):
        swarm = replace(draw(5, sales=4), channels=channels)
        first = simulate(5, swarm=swarm)
        assert not first.blame
        assert simulate(5, swarm=swarm).digest == first.digest


def test_a_cell_is_right_only_when_its_fault_happened_and_nobody_is_to_blame(cell: Cell) -> None:
    well, never = Played(1, fired=True, sales=4, blame=""), Played(2, fired=False, sales=4, blame="")
    wrong = Played(7, fired=True, sales=3, blame="I3: twice")
    assert sound(cell, well, never).right
    assert sound(cell, never).words.startswith("never happened | countertop simulate --seed 2 --connector pix")
    assert not sound(cell, never).right
    assert sound(cell, well, wrong).words.startswith("I3: twice | countertop simulate --seed 7 --connector pix")
    assert Outcome(replace(cell, why_not="no bill to fetch")).right


def test_the_table_counts_and_says_what_is_wrong(cell: Cell) -> None:
    there = Outcome(replace(cell, connector="any_bank", why_not="nobody is asked"))
    wrong = sound(cell, Played(7, fired=True, sales=3, blame="I3: twice"))
    assert [short(each) for each in (sound(cell), wrong, there)] == ["4", "WRONG", "– nobody is asked"]
    assert legend([sound(cell), wrong, there]) == "1 of 2 cells right, 1 not applicable; 2 worlds, 7 sales"
    assert "| no-funds | bank | 4 | – nobody is asked |" in page([sound(cell), there])


def test_every_cell_has_seeds_of_its_own_and_some_to_go_on_with() -> None:
    assert seeds_of(3, SEEDS, 0)[:4] == [4, 54, 104, 154]
    assert seeds_of(3, range(9, 10), 0) == [9]
    assert len(set(seeds_of(0, SEEDS, 4))) == 16


def replayed() -> Iterator[Cell]:
    yield next(each for each in cells("pix") if each.row.slug == "no-funds")
    yield next(each for each in cells("alipay") if each.row.slug == "paper-out")


def test_one_cell_can_be_watched_step_by_step() -> None:
    for each in replayed():
        lines: list[str] = []
        assert play(each, 1, lines.append).blame == ""
        assert len(lines) > 20


@pytest.mark.no_cover
def test_a_slip_that_is_in_the_printer_at_the_last_look_is_not_called_lost() -> None:
    """The bank tells the last refund a second before the oracle looks."""
    played = play(Cell(Row("refund-slow", "bank"), "wechatpay"), 13)
    assert (played.fired, played.blame) == (True, "")
