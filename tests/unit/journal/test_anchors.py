"""What no seal inside the journal can show the paper does: yesterday's copy, a log written anew with the keys."""

import shutil
from pathlib import Path

import pytest

from terminal.errors import JournalError
from terminal.journal.place import side
from terminal.journal.sqlite import SqliteJournal
from terminal.journal.verify import verify
from terminal.payments.anchor import Anchor, anchor_of
from terminal.payments.event import Actor, Ledger
from terminal.settlement.business_day import ShopTime
from terminal.settlement.z_report import Reports
from tests.unit.journal.world import KEYS, TickingClock, event, open_at

pytestmark = pytest.mark.row(127)
OWNER = Actor("person", "owner")


async def day(journal: SqliteJournal, *sales: str, counter: str = "1") -> Anchor:
    """Some events of a counter, and the Z that seals them."""
    for each in sales:
        await journal.append([event(each, stream=f"counter:{counter}", kind="note")])
    shop = ShopTime.of("Asia/Shanghai", "04:00")
    reports = Reports(journal, TickingClock(), shop, store="s-1", ledger=Ledger.TEST)
    report = await reports.seal(actor=OWNER, empty=True)
    return reports.z(report.n).anchor


async def test_s52_the_anchors_of_every_day_fit_the_journal_that_printed_them(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        anchors = [await day(journal, "a", "b"), await day(journal, "c", counter="2"), await day(journal)]
    assert [each.n for each in anchors] == [1, 2, 3]
    report = verify(path, KEYS, anchors=[anchors[2], anchors[0], anchors[1], anchors[0]])
    assert (report.sound, report.detail) == (True, "")


async def test_s52_yesterdays_copy_with_its_own_checkpoints_is_whole_but_not_behind_todays_paper(
    tmp_path: Path,
) -> None:
    path, kept = tmp_path / "shop" / "j.db", tmp_path / "kept"
    path.parent.mkdir()
    async with open_at(path) as journal:
        first = await day(journal, "a")
    shutil.copytree(path.parent, kept)
    async with open_at(path) as journal:
        second = await day(journal, "b")
    shutil.rmtree(path.parent)
    shutil.copytree(kept, path.parent)
    assert verify(path, KEYS).sound, "nothing inside of it can tell"
    assert verify(path, KEYS, anchors=[first]).sound
    cut = verify(path, KEYS, anchors=[first, second])
    assert (cut.reason, cut.first_bad) == ("anchor", cut.events + 1)
    assert "Z 2" in cut.detail


async def test_s52_a_journal_written_anew_with_the_keys_does_not_fit_the_paper(tmp_path: Path) -> None:
    async with open_at(tmp_path / "true.db") as journal:
        printed = await day(journal, "a", "b", "c")
    async with open_at(tmp_path / "anew.db") as journal:
        made = await day(journal, "a", "another", "c")
    assert (made.n, made.last) == (printed.n, printed.last), "in every number the same"
    report = verify(tmp_path / "anew.db", KEYS, anchors=[printed])
    assert (report.reason, report.first_bad) == ("anchor", printed.last)
    assert verify(tmp_path / "anew.db", KEYS, anchors=[made]).sound


async def test_s52_a_z_that_names_chains_as_they_never_stood_is_found(tmp_path: Path) -> None:
    """Who has the keys writes a Z that fits the paper over a journal that does not."""
    path, heads = tmp_path / "j.db", {"counter:1": (1, "ab" * 32)}
    async with open_at(path) as journal:
        await journal.append([event("a", kind="note")])
        told = {"counter:1": [1, "ab" * 32]}
        await journal.append([event("z:s-1:1", stream="store:s-1", kind="z_sealed", n=1, last=1, heads=told)])
    report = verify(path, KEYS, anchors=[anchor_of("s-1", 1, 1, heads)])
    assert (report.reason, report.first_bad) == ("anchor", 2)


async def test_s53_a_z_that_nobody_could_print_is_named_as_the_bad_entry(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        await journal.append([event("a", kind="note")])
        await journal.append([event("z:s-1:1", stream="store:s-1", kind="z_sealed", n=1, last=1, heads=7)])
    assert verify(path, KEYS).sound
    report = verify(path, KEYS, anchors=[anchor_of("s-1", 1, 1, {})])
    assert (report.reason, report.first_bad) == ("anchor", 2)


async def test_s52_without_an_anchor_a_deleted_tail_is_still_the_checkpoints_to_find(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    async with open_at(path) as journal:
        anchor = await day(journal, "a")
    side(path, ".checkpoints").unlink()
    assert verify(path, KEYS, anchors=[anchor]).sound, "the paper proves what it covers"
    with pytest.raises(JournalError):
        open_at(path)
