"""Begun, step by step, stopped and resumed at any of them, accepted by two people, over a real journal."""

import asyncio
from pathlib import Path

import pytest

from terminal.errors import Conflict, NotFound
from terminal.visit.record import Signer
from terminal.visit.seal import check, digest
from terminal.visit.steps import NEEDED, Step
from tests.unit.visit.shop import MEI, OFFICER, SIGNERS, Shop, story

pytestmark = pytest.mark.row(99, 101)


def test_a_step_is_durable_before_the_next_and_its_seconds_are_counted(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        visit = await shop.desk.begin(OFFICER)
        shop.desk.begin_step(visit.id, Step.SHEET)
        shop.skip(41)
        visit = await shop.desk.end_step(visit.id, Step.SHEET, "passed", OFFICER, proof={"legs": ["bank"]})
        shop.power_cut()
        again = shop.desk.open_visit()
        assert again == visit
        done = again.steps[Step.SHEET]
        assert (done.result, done.seconds, done.proof, done.actor) == (
            *("passed", 41, {"legs": ["bank"]}),
            "person:officer",
        )
        assert again.next_step() is Step.QUESTIONS

    story(tmp_path, tell)


def test_a_power_cut_at_every_step_loses_at_most_the_one_under_way(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        visit = await shop.desk.begin(OFFICER)
        for step in Step:
            if step is Step.ACCEPTANCE:
                continue
            shop.desk.begin_step(visit.id, step)
            shop.power_cut()
            with pytest.raises(Conflict, match="visit_step_not_begun"):
                await shop.desk.end_step(visit.id, step, "passed", OFFICER)
            assert (await shop.desk.begin(OFFICER)).id == visit.id, "who comes back goes on"
            visit = await shop.passed(visit, step)
        record = await shop.desk.accept(visit.id, SIGNERS, MEI)
        shop.power_cut()
        assert shop.desk.visit(visit.id).record == digest(record)
        assert shop.desk.open_visit() is None

    story(tmp_path, tell)


def test_a_step_ends_once_and_only_after_it_began(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        visit = await shop.desk.begin(OFFICER)
        with pytest.raises(Conflict, match="visit_step_not_begun"):
            await shop.desk.end_step(visit.id, Step.CENT, "passed", OFFICER)
        visit = await shop.passed(visit, Step.CENT)
        before = shop.types()
        with pytest.raises(Conflict, match="visit_step_not_begun"):
            await shop.desk.end_step(visit.id, Step.CENT, "failed", OFFICER)
        with pytest.raises(Conflict, match="visit_accept_instead"):
            await shop.desk.end_step(visit.id, Step.ACCEPTANCE, "passed", OFFICER)
        assert shop.types() == before, "what was refused left something behind"

    story(tmp_path, tell)


def test_the_last_result_counts_and_how_often_it_took(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        visit = await shop.desk.begin(OFFICER)
        shop.desk.begin_step(visit.id, Step.IDENTITY)
        visit = await shop.desk.end_step(
            visit.id, Step.IDENTITY, "failed", OFFICER, cause="visit_keys_refused", proof={"channel": "wechatpay"}
        )
        assert visit.next_step() is Step.SHEET
        visit = await shop.passed(visit, Step.SHEET)
        assert visit.missing() == (Step.IDENTITY, Step.PEOPLE, Step.CENT), "failed is not done"
        visit = await shop.passed(visit, Step.IDENTITY)
        done = visit.steps[Step.IDENTITY]
        assert (done.result, done.cause, done.tries) == ("passed", "", 2)

    story(tmp_path, tell)


async def refused(shop: Shop, visit: str, signers: tuple[Signer, ...]) -> str:
    with pytest.raises(Conflict) as told:
        await shop.desk.accept(visit, signers, MEI)
    assert not shop.kept
    return f"{told.value.slug} {told.value.facts.get('steps', '')}".strip()


def test_nobody_accepts_what_was_not_proven_nor_alone_nor_without_an_owner(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        visit = await shop.desk.begin(OFFICER)
        assert await refused(shop, visit.id, SIGNERS) == "visit_not_done identity, people, cent"
        await shop.passed(visit, Step.IDENTITY, Step.PEOPLE)
        shop.desk.begin_step(visit.id, Step.CENT)
        await shop.desk.end_step(visit.id, Step.CENT, "left_out", OFFICER)
        assert await refused(shop, visit.id, SIGNERS) == "visit_not_done cent"
        await shop.passed(visit, Step.CENT)
        assert await refused(shop, visit.id, SIGNERS[:1]) == "visit_signers"
        assert await refused(shop, visit.id, (SIGNERS[0], SIGNERS[0])) == "visit_signers"
        assert await refused(shop, visit.id, (SIGNERS[1], Signer("z", "Zoe", "cashier", 7))) == "visit_signers"
        assert shop.types().count("visit_accepted") == 0
        await shop.desk.accept(visit.id, SIGNERS, MEI)
        assert await refused_after(shop, visit.id) == "visit_ended"

    async def refused_after(shop: Shop, visit: str) -> str:
        with pytest.raises(Conflict) as told:
            await shop.desk.accept(visit, SIGNERS, MEI)
        return told.value.slug

    story(tmp_path, tell)


def test_the_record_is_sealed_kept_and_its_digest_stands_in_the_journal(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        visit = await shop.desk.begin(OFFICER)
        await shop.passed(visit)
        shop.desk.begin_step(visit.id, Step.ACCEPTANCE)
        shop.skip(60)
        record = await shop.desk.accept(visit.id, SIGNERS, MEI)
        assert shop.kept == {visit.id: record}
        accepted = shop.journal.of_subject(visit.id)[-1]
        assert accepted.type == "visit_accepted"
        assert accepted.body["record"] == digest(record)
        document = check(record, kind="acceptance").document
        assert document["shop"]["title"] == "Tea House 茶馆"
        assert {each["person"] for each in document["signers"]} == {"mei", "officer"}
        assert [each["step"] for each in document["steps"]] == ["identity", "people", "cent", "acceptance"]
        assert document["steps"][-1]["seconds"] == 60
        assert set(document["left_out"]) == set(Step) - NEEDED - {Step.ACCEPTANCE}
        assert shop.desk.visit(visit.id).seconds == 60

    story(tmp_path, tell)


def test_a_record_that_cannot_be_kept_accepts_nothing(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        async def full(_visit: str, _record: bytes) -> None:
            raise Conflict("visit_none")  # any sentence

        visit = await shop.desk.begin(OFFICER)
        await shop.passed(visit)
        shop.power_cut(keep=full)
        with pytest.raises(Conflict, match="visit_none"):
            await shop.desk.accept(visit.id, SIGNERS, MEI)
        assert shop.desk.visit(visit.id).open

    story(tmp_path, tell)


def test_a_dropped_visit_is_over_and_the_next_one_begins_anew(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        first = await shop.desk.begin(OFFICER)
        await shop.passed(first, Step.SHEET)
        await shop.desk.drop(first.id, OFFICER, "the shop closes")
        with pytest.raises(Conflict, match="visit_ended"):
            await shop.desk.drop(first.id, OFFICER, "again")
        with pytest.raises(Conflict, match="visit_ended"):
            shop.desk.begin_step(first.id, Step.CENT)
        second = await shop.desk.begin(OFFICER)
        assert second.id != first.id
        assert not second.steps
        assert [each.id for each in shop.desk.visits()] == [second.id, first.id]
        with pytest.raises(NotFound, match="visit_unknown"):
            shop.desk.visit("nobody")

    story(tmp_path, tell)


@pytest.mark.parametrize("payee", ["…0109", "…7777"])
def test_s41_an_account_that_is_another_than_was_proven_is_not_accepted(tmp_path: Path, payee: str) -> None:
    async def tell(shop: Shop) -> None:
        shop.channels = [{"channel": "wechatpay", "provider": "wechatpay", "payee": payee}]
        visit = await shop.desk.begin(OFFICER)
        await shop.passed(visit, Step.PEOPLE, Step.CENT)
        shop.desk.begin_step(visit.id, Step.IDENTITY)
        rows = [{"channel": "wechatpay", "payee": "…0109", "answer": "not_there"}]
        await shop.desk.end_step(visit.id, Step.IDENTITY, "passed", OFFICER, proof={"channels": rows})
        if payee == "…0109":
            await shop.desk.accept(visit.id, SIGNERS, MEI)
            return
        assert await refused(shop, visit.id, SIGNERS) == "visit_not_done identity"
        assert shop.desk.visit(visit.id).open

    story(tmp_path, tell)


def test_a_step_that_begins_while_another_is_written_down_does_not_end_without_its_proof(tmp_path: Path) -> None:
    """Whoever asks for the end looks for a proof only where the step is under way."""

    async def tell(shop: Shop) -> None:
        asked = asyncio.Event()

        async def early() -> None:
            asked.set()
            await shop.desk.end_step(visit.id, Step.CENT, "passed", OFFICER)

        visit = await shop.desk.begin(OFFICER)
        for _ in range(8):
            asked.clear()
            shop.desk.begin_step(visit.id, Step.SHEET)
            writing = shop.desk.end_step(visit.id, Step.SHEET, "passed", OFFICER)
            tasks = [asyncio.create_task(each) for each in (writing, early())]
            await asked.wait()
            shop.desk.begin_step(visit.id, Step.CENT)
            await asyncio.gather(*tasks, return_exceptions=True)
            assert Step.CENT not in shop.desk.visit(visit.id).steps
            shop.power_cut()

    story(tmp_path, tell)
