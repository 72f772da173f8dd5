"""What every store must do, whatever it is made of."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from terminal.counter.ports import Journal
from terminal.errors import Conflict, InvalidRequest, JournalError
from terminal.journal.postgres.store import PostgresJournal
from terminal.journal.sqlite import SqliteJournal
from tests.unit.journal.world import debt, event, summary

Reopen = Callable[..., AbstractAsyncContextManager[SqliteJournal | PostgresJournal]]


async def test_it_is_the_port_of_the_counter(reopen: Reopen) -> None:
    async with reopen() as journal:
        port: Journal = journal
        assert port.last_number() == 0


async def test_i6_what_append_returned_is_there_after_a_restart(reopen: Reopen) -> None:
    async with reopen() as journal:
        (first, second) = await journal.append([event(amount_minor=2850, note="热干面"), event(kind="code_shown")])
        assert (first.number, first.position, second.number, second.position) == (1, 1, 2, 2)
        assert (first.merchant, first.store, first.ledger, first.counter) == ("m-1", "s-1", "test", "1")
        assert first.body == {"amount_minor": 2850, "note": "热干面"}
    async with reopen() as journal:
        assert journal.of_subject("sale-1") == (first, second)
        assert journal.after(1) == (second,)
        assert journal.last_number() == 2


async def test_streams_have_chains_of_their_own(reopen: Reopen) -> None:
    async with reopen() as journal:
        for stream in ("counter:1", "people:s-1", "counter:1", "store:s-1"):
            await journal.append([event(stream=stream)])
        seen = [(each.number, each.stream, each.position, each.counter) for each in journal.after(0)]
        assert seen == [
            (1, "counter:1", 1, "1"),
            (2, "people:s-1", 1, ""),
            (3, "counter:1", 2, "1"),
            (4, "store:s-1", 1, ""),
        ]


async def test_i16_a_claim_is_taken_once_for_ever(reopen: Reopen) -> None:
    claim = {"claims": [["idempotency", "key-1", "sale-1"]]}
    async with reopen() as journal:
        await journal.append([event(index=claim)])
    async with reopen() as journal:
        with pytest.raises(Conflict) as raised:
            await journal.append(
                [event("sale-2"), event("sale-2", index={"claims": [["idempotency", "key-1", "sale-2"]]})]
            )
        assert (raised.value.slug, raised.value.facts) == (
            "key_taken",
            {"kind": "idempotency", "key": "key-1", "value": "sale-1"},
        )
        assert journal.of_subject("sale-2") == ()
        assert journal.claimed("idempotency", "key-1") == "sale-1"
        assert journal.claimed("idempotency", "key-2") is None
        (after,) = await journal.append([event("sale-3")])
        assert after.number == 2, "a refused append leaves no gap"


async def test_one_append_cannot_claim_a_key_twice(reopen: Reopen) -> None:
    async with reopen() as journal:
        with pytest.raises(Conflict):
            await journal.append([event(index={"claims": [["order", "o", "a"], ["order", "o", "b"]]})])
        assert journal.claimed("order", "o") is None


async def test_i16_of_an_append_that_is_refused_nothing_stays_also_among_others(reopen: Reopen) -> None:
    """Its first event is sound and the second one's key is taken; others wait for the same commit."""
    async with reopen() as journal:
        await journal.append([event("first", index={"claims": [["order", "taken", "first"]]})])
        refused = journal.append(
            [
                event(
                    "half", index={"claims": [["order", "new", "half"]], "summary": summary(), "owes": [debt("d")]}
                ),
                event("half", index={"claims": [["order", "taken", "half"]]}),
            ]
        )
        ended = await asyncio.gather(
            journal.append([event("before")]), refused, journal.append([event("after")]), return_exceptions=True
        )
        assert [isinstance(each, Conflict) for each in ended] == [False, True, False]
        assert journal.claimed("order", "new") is None
        assert journal.list("sale") == ()
        assert journal.owed() == ()
        assert [each.subject for each in journal.after(1)] == ["before", "after"]
        assert (await journal.verify_all()).sound


async def test_64_concurrent_claims_of_one_key_have_one_winner_and_hurt_nobody_else(reopen: Reopen) -> None:
    async with reopen() as journal:
        claims = [
            journal.append([event(f"s{n}", index={"claims": [["order", "same", f"s{n}"]]})]) for n in range(64)
        ]
        others = [journal.append([event(f"other{n}")]) for n in range(64)]
        mixed = [each for pair in zip(claims, others, strict=True) for each in pair]
        ended = await asyncio.gather(*mixed, return_exceptions=True)
        winners = [each for each in ended[::2] if not isinstance(each, BaseException)]
        assert len(winners) == 1
        assert all(isinstance(each, Conflict) for each in ended[::2] if each not in winners)
        assert not any(isinstance(each, BaseException) for each in ended[1::2])
        assert [each.number for each in journal.after(0)] == list(range(1, 66))
        assert (await journal.verify_all()).sound


async def test_effects_are_owed_until_settled_in_the_order_they_were_owed(reopen: Reopen) -> None:
    async with reopen() as journal:
        await journal.append([event(index={"owes": [debt("z"), debt("a", "receipt", counter="2", copy=1)]})])
        (second,) = await journal.append([event("sale-2", index={"owes": [debt("m")], "settles": ["z"]})])
        await journal.append([event(index={"settles": ["never-owed"]})])
    async with reopen() as journal:
        a, m = journal.owed()
        assert (a.id, a.kind, a.counter, a.subject, a.number, a.body["copy"]) == (
            "a",
            "receipt",
            "2",
            "sale-1",
            1,
            1,
        )
        assert (m.id, m.subject, m.number, m.owed_ms) == ("m", "sale-2", 2, second.wall_ms)


async def test_an_effect_owed_again_replaces_the_older_debt(reopen: Reopen) -> None:
    async with reopen() as journal:
        await journal.append([event(index={"owes": [debt("glass", shows="not_paid")]})])
        await journal.append([event(index={"settles": ["glass"], "owes": [debt("glass", shows="paid")]})])
        assert [(each.number, each.body["shows"]) for each in journal.owed()] == [(2, "paid")]


async def test_a_summary_is_replaced_as_a_whole_and_keeps_where_it_began(reopen: Reopen) -> None:
    async with reopen() as journal:
        (first,) = await journal.append([event(index={"summary": summary(extra=1)})])
        await journal.append([event("sale-2", stream="counter:2", index={"summary": summary()})])
        (third,) = await journal.append([event(index={"summary": summary(final=True)})])
        (row,) = journal.list("sale", counter="1")
        assert (row.first_number, row.last_number) == (1, 3)
        assert (row.first_ms, row.last_ms) == (first.wall_ms, third.wall_ms)
        assert "extra" not in row.body
        assert [each.subject for each in journal.unfinished()] == ["sale-2"]


async def test_lists_are_newest_first_page_and_filter(reopen: Reopen) -> None:
    async with reopen() as journal:
        for n in range(1, 8):
            kind = "refund" if n == 4 else "sale"
            await journal.append([event(f"s{n}", stream=f"counter:{n % 2}", index={"summary": summary(kind)})])
        assert [each.subject for each in journal.list("sale", limit=3)] == ["s7", "s6", "s5"]
        assert [each.subject for each in journal.list("sale", before=5, limit=3)] == ["s3", "s2", "s1"]
        assert [each.subject for each in journal.list("sale", counter="0")] == ["s6", "s2"]
        assert [each.subject for each in journal.list("refund")] == ["s4"]


async def test_search_finds_beginnings_of_words_and_forgets_replaced_ones(reopen: Reopen) -> None:
    async with reopen() as journal:
        await journal.append([event("s1", index={"summary": summary(search=["Order-17", "4200001234"])})])
        await journal.append([event("s2", index={"summary": summary(search="order-18 table 5")})])
        assert [each.subject for each in journal.list("sale", search="ORDER-1")] == ["s2", "s1"]
        assert [each.subject for each in journal.list("sale", search="order tab")] == ["s2"]
        assert [each.subject for each in journal.list("sale", search="42000")] == ["s1"]
        assert journal.list("sale", search="rder") == ()
        await journal.append([event("s1", index={"summary": summary(search=["Order-19"])})])
        assert journal.list("sale", search="4200001234") == ()
        assert [each.subject for each in journal.list("sale", search="order-19")] == ["s1"]


@pytest.mark.no_cover  # many rounds through lines that others measure
async def test_search_for_a_word_that_thousands_have_still_answers_newest_first(reopen: Reopen) -> None:
    async with reopen() as journal:
        for start in range(0, 2200, 200):
            many = [
                event(f"s{n}", index={"summary": summary(search=[f"same{n}", "all"])})
                for n in range(start, start + 200)
            ]
            await journal.append(many)
        assert [each.subject for each in journal.list("sale", search="same all", limit=2)] == ["s2199", "s2198"]


@pytest.mark.no_cover  # many rounds through lines that others measure
async def test_a_rare_word_is_found_by_its_index_and_not_by_walking_the_list(reopen: Reopen) -> None:
    async with reopen() as journal:
        for start in range(0, 1000, 200):
            await journal.append(
                [event(f"s{n}", index={"summary": summary(search=[f"w{n}"])}) for n in range(start, start + 200)]
            )
        steps = 0

        def tick() -> bool:
            nonlocal steps
            steps += 1
            return False

        journal._reader.connection.set_progress_handler(tick, 1)
        found = journal.list("sale", counter="1", before=900, search="w17")
        assert [each.subject for each in found] == ["s179", "s178", "s177", "s176", "s175"] + [
            f"s{n}" for n in (174, 173, 172, 171, 170, 17)
        ]
        assert steps < 1000


async def test_pr9_s41_personal_data_is_a_commitment_in_the_log_and_can_be_erased(reopen: Reopen) -> None:
    async with reopen() as journal:
        (first,) = await journal.append([event(personal={"phone": "13800138000"}, amount_minor=1)])
        (again,) = await journal.append([event("sale-2", personal={"phone": "13800138000"})])
        assert first.body["personal"]["phone"].startswith("c1:")
        assert first.body["personal"] != again.body["personal"], "salted: equal values do not look equal"
        assert journal.personal(first.number) == {"phone": "13800138000"}
        assert await journal.erase("sale-1") == 1
        assert journal.personal(first.number) == {}
        assert journal.personal(again.number) == {"phone": "13800138000"}
        assert (await journal.verify_all()).sound


async def test_old_versions_are_read_through_upcasters_and_stay_as_they_were(reopen: Reopen) -> None:
    async with reopen() as journal:
        await journal.append([event(amount=5)])
    upcasters = {
        ("sale_opened", 1): lambda body: {"amount_minor": body["amount"]},
        ("sale_opened", 2): lambda body: {**body, "currency": "CNY"},
    }
    async with reopen(upcasters=upcasters) as journal:
        (read,) = journal.of_subject("sale-1")
        assert (read.version, read.body) == (3, {"amount_minor": 5, "currency": "CNY"})
        assert (await journal.verify_all()).sound


async def test_i20_after_close_nothing_is_taken(reopen: Reopen) -> None:
    async with reopen() as journal:
        await journal.close()
        await journal.close()
    with pytest.raises(JournalError, match="journal_closed"):
        await journal.append([event()])


async def test_i21_an_event_has_a_size_limit_and_breaking_it_starts_nothing(reopen: Reopen) -> None:
    async with reopen() as journal:
        with pytest.raises(InvalidRequest, match="event_too_large"):
            await journal.append([event(), event(note="x" * 300_000)])
        assert journal.last_number() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        event(amount=1.5),
        event(amount=1 << 64),
        event(deep=[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]),
        event(stream="counter"),
        event(kind="Sale Opened"),
        event(""),
        event(index={"owed": []}),
        event(index={"claims": [["kind", "key"]]}),
        event(index={"summary": {"kind": "sale", "final": 0}}),
        event(index={"settles": [1]}),
        replace(event(), body={"personal": {}}, personal={"phone": "1"}),
    ],
)  # fmt: skip
async def test_a_bug_of_the_caller_is_stopped_before_the_file_and_hurts_nobody(
    reopen: Reopen, wrong: object
) -> None:
    async with reopen() as journal:
        with pytest.raises(AssertionError):
            await journal.append([event(), wrong])  # type: ignore[list-item]  # the table's type is lost
        (good,) = await journal.append([event()])
        assert good.number == 1


async def test_text_that_has_no_bytes_fails_alone(reopen: Reopen) -> None:
    async with reopen() as journal:
        for wrong in (event("\ud800"), event(note="\ud800"), event(personal={"name": "\ud800"})):
            with pytest.raises(UnicodeEncodeError):
                await journal.append([wrong])
        assert (await journal.append([event()]))[0].number == 1


async def test_d11_a_cancelled_caller_leaves_a_whole_entry_and_a_working_journal(reopen: Reopen) -> None:
    async with reopen() as journal:
        caller = asyncio.create_task(journal.append([event(), event()]))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await journal.append([event("sale-2")])
        assert [each.subject for each in journal.after(0)] == ["sale-1", "sale-1", "sale-2"]


async def test_views_can_be_made_again_from_the_log(reopen: Reopen) -> None:
    async with reopen() as journal:
        index = {"owes": [debt("a")], "claims": [["order", "o", "v"]], "summary": summary(search=["w1"])}
        await journal.append([event(index=index)])
        before = (journal.owed(), journal.claimed("order", "o"), journal.list("sale", search="w1"))
        await journal.rebuild_views()
        assert (journal.owed(), journal.claimed("order", "o"), journal.list("sale", search="w1")) == before
