"""A complaint: its number, its steps, its time; every step that is in no row is refused."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from terminal.care.cases import MOVES, CaseState
from terminal.care.paper import CaseFacts, case_slip, plain
from terminal.errors import Conflict, NotFound
from terminal.help.catalogue import Catalogue
from terminal.payments.event import NewEvent
from terminal.payments.receipt import Code
from tests.unit.care.shop import MEI, Shop, story


def test_numbers_count_up_over_a_restart_and_one_complaint_is_one_case(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        first = await shop.cases.open("sale-1", "1", "double", MEI, note="says twice")
        assert (first.no, first.state, first.sale) == (1, CaseState.OPEN, "sale-1")
        assert first.due_ms == first.opened_ms + 48 * 3_600_000
        assert await shop.cases.open("sale-1", "1", "double", MEI) == first
        other = await shop.cases.open("sale-1", "1", "refund", MEI)
        shop.power_cut()
        third = await shop.cases.open("sale-2", "1", "double", MEI)
        assert (other.no, third.no) == (2, 3)
        assert [case.no for case in shop.cases.cases()] == [3, 2, 1]
        assert [case.no for case in shop.cases.cases(before=third.number, limit=1)] == [2]
        assert shop.cases.case("0001") == shop.cases.case(first.id) == first
        await shop.cases.move(first.id, CaseState.CLOSED, MEI)
        assert (await shop.cases.open("sale-1", "1", "double", MEI)).no == 4

    story(tmp_path, tell)


def test_it_waits_is_answered_closed_and_opened_again_with_a_new_time(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        case = await shop.cases.open("sale-1", "1", "not_received", MEI)
        await shop.cases.move("1", CaseState.WAITING, MEI, note="bank asked")
        shop.skip(49 * 3600)
        assert shop.cases.late() == [(1, case.due_ms)]
        await shop.cases.move("1", CaseState.ANSWERED, MEI)
        assert shop.cases.late() == []
        closed = await shop.cases.move("1", CaseState.CLOSED, MEI)
        assert await shop.cases.move("1", CaseState.CLOSED, MEI) == closed
        again = await shop.cases.move("1", CaseState.OPEN, MEI, note="came back")
        assert again.due_ms == shop.clock.wall_ms() + 48 * 3_600_000 > case.due_ms
        assert [(each.state.value, each.note) for each in again.moves] == [
            ("open", ""),
            ("waiting_for_bank", "bank asked"),
            ("answered", ""),
            ("closed", ""),
            ("open", "came back"),
        ]

    story(tmp_path, tell)


def test_a_complaint_whose_row_an_older_program_wrote_is_late_like_any_other(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        due_ms = shop.clock.wall_ms() + 3_600_000
        told: dict[str, Any] = {
            **{"no": 1, "sale": "sale-1", "counter": "1", "reason": "double", "note": "", "due_ms": due_ms},
            "index": {"summary": {"kind": "case", "final": True, "no": 1, "state": "open"}, "claims": []},
        }
        await shop.journal.append([NewEvent("store:s-1", "case_opened", "case:old", MEI, told)])
        assert shop.cases.late() == []
        shop.skip(7200)
        assert shop.cases.late() == [(1, due_ms)]

    story(tmp_path, tell)


@pytest.mark.parametrize(("state", "to"), [pair for pair in product(CaseState, CaseState) if pair[0] != pair[1]])
def test_every_step_is_a_row_or_refused(tmp_path: Path, state: CaseState, to: CaseState) -> None:
    async def tell(shop: Shop) -> None:
        await shop.cases.open("sale-1", "1", "other", MEI)
        if state is not CaseState.OPEN:
            await shop.cases.move("1", state, MEI)
        if to in MOVES[state]:
            assert (await shop.cases.move("1", to, MEI)).state is to
        else:
            before = shop.types()
            with pytest.raises(Conflict, match="case_move_wrong"):
                await shop.cases.move("1", to, MEI)
            assert shop.types() == before

    story(tmp_path, tell)


@pytest.mark.parametrize("name", ["7", "0", "nothing", "", "9" * 40, "١"])
def test_bad_input_a_case_that_is_not_there(tmp_path: Path, name: str) -> None:
    async def tell(shop: Shop) -> None:
        with pytest.raises(NotFound, match="case_unknown"):
            shop.cases.case(name)

    story(tmp_path, tell)


def test_the_slip_names_number_state_time_and_whom_to_call_and_no_customer(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        case = await shop.cases.open("sale-1", "1", "double", MEI, note="Mr. Li, 138 0013 8000")
        facts = CaseFacts("Tea 茶", "0042", "2026-02-01 10:00", "2026-01-30 10:00", "95588", "CT:S-sale-1", "TEST")
        slip = case_slip(case, facts, Catalogue.load("en").text)
        text = plain(slip)
        for said in ("TEST", "0001", "0042", "2026-02-01 10:00", "95588", "Paid twice"):
            assert said in text
        assert "138 0013" not in text
        assert Code("CT:S-sale-1") in slip
        bare = plain(case_slip(case, CaseFacts("Tea", "0042", "d", "o"), Catalogue.load("zh-CN").text))
        assert "重复" in bare

    story(tmp_path, tell)
