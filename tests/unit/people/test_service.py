"""People over a real journal, on virtual time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from terminal.errors import BadSettings, Conflict, InvalidRequest, NotAllowed, NotFound
from terminal.people.records import Person, Record, evolve, restore, summary
from terminal.people.roles import Action, Role
from tests.unit.people.shop import CASHIER_PIN, OWNER_PIN, TILL, WRONG, Shop, story


async def cashier_of(shop: Shop, session: str) -> str:
    return await shop.people.add_person(shop.principal(session), Role.CASHIER, "Cashier", CASHIER_PIN)


async def guess_wrong(shop: Shop, person: str, times: int, device: str = TILL) -> None:
    for _ in range(times):
        with pytest.raises(NotAllowed, match="pin_wrong"):
            await shop.people.sign_in(person, WRONG, device=device)


@pytest.mark.row(124)
def test_s32_first_start_knows_nobody_and_one_code_makes_the_owner(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        assert shop.people.set_up_needed()
        assert shop.people.people() == ()
        session = await shop.set_up()
        owner = shop.principal(session)
        assert (owner.role, owner.actor.kind, owner.id) == (Role.OWNER, "person", shop.owner)
        assert not shop.people.set_up_needed()
        with pytest.raises(Conflict, match="set_up_done"):
            shop.people.new_set_up_code()

    story(tmp_path, tell)


def test_s32_a_set_up_code_is_old_after_fifteen_minutes_and_void_after_five_guesses(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        old = shop.people.new_set_up_code()
        await asyncio.sleep(900)
        with pytest.raises(NotAllowed, match="pairing_wrong"):
            await shop.people.set_up(old, label="O", pin=OWNER_PIN, device=TILL)
        fresh = shop.people.new_set_up_code()
        for number in range(5):
            with pytest.raises(NotAllowed, match="pairing_wrong"):
                await shop.people.set_up("ABCDE12345", label="O", pin=OWNER_PIN, device=f"far-{number}")
        with pytest.raises(NotAllowed, match="pairing_wrong"):
            await shop.people.set_up(fresh, label="O", pin=OWNER_PIN, device="near")

    story(tmp_path, tell)


def test_a_weak_pin_or_bad_label_costs_no_code(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        code = shop.people.new_set_up_code()
        with pytest.raises(InvalidRequest, match="pin_weak"):
            await shop.people.set_up(code, label="O", pin="123456", device=TILL)
        for label in ("", "x" * 41, "a\x1bb"):
            with pytest.raises(InvalidRequest, match="field_wrong"):
                await shop.people.set_up(code, label=label, pin=OWNER_PIN, device=TILL)
        assert await shop.people.set_up(code, label=" The  Owner ", pin=OWNER_PIN, device=TILL)
        assert shop.people.people()[0].label == "The Owner"

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_s34_w4_the_sixth_try_is_refused_even_when_right(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        await guess_wrong(shop, shop.owner, 5)
        with pytest.raises(NotAllowed, match="pin_locked") as locked:
            await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL)
        assert locked.value.facts == {"minutes": 5}
        assert await shop.people.sign_in(shop.owner, OWNER_PIN, device="another till")
        await asyncio.sleep(300)
        assert await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL)
        await guess_wrong(shop, shop.owner, 4)

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_s34_a_lock_survives_a_power_cut_and_never_gets_shorter(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        await guess_wrong(shop, shop.owner, 5)
        await asyncio.sleep(200)
        shop.clock.jump_wall(10 * 365 * 86_400_000)
        shop.power_cut()
        with pytest.raises(NotAllowed, match="pin_locked") as locked:
            await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL)
        assert locked.value.facts == {"minutes": 5}

    story(tmp_path, tell)


def test_s34_somebody_unknown_is_told_the_same_and_locks_the_same(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        texts: list[list[str]] = []
        for person in (shop.owner, "01UNKNOWN"):
            told = []
            for _ in range(7):
                with pytest.raises(NotAllowed) as error:
                    await shop.people.sign_in(person, WRONG, device="far")
                told.append(str(error.value))
            texts.append(told)
        assert texts[0] == texts[1]

    story(tmp_path, tell)


def test_w4_parallel_guesses_are_not_even_looked_at(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        tries = [shop.people.sign_in(shop.owner, WRONG, device=TILL) for _ in range(20)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        slugs = [answer.slug for answer in answers if isinstance(answer, NotAllowed)]
        assert sorted(slugs) == ["pin_wrong"] + ["rate_limited"] * 19
        assert shop.types().count("pin_refused") == 1

    story(tmp_path, tell)


def test_w4_a_try_whose_caller_goes_away_still_counts(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        before = shop.types().count("pin_refused")
        for rounds in range(1, 12):
            task = asyncio.create_task(shop.people.sign_in(shop.owner, WRONG, device=TILL))
            for _ in range(rounds):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        counted = {each.id: each for each in shop.people.people()}[shop.owner].tries[TILL].wrong
        assert counted >= shop.types().count("pin_refused") - before > 0

    story(tmp_path, tell)


def test_s34_the_owner_unlocks_a_cashier(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        cashier = await cashier_of(shop, session)
        await guess_wrong(shop, cashier, 5)
        await shop.people.unlock(shop.principal(session), cashier)
        assert await shop.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        assert "pin_unlocked" in shop.types()

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_a_paired_till_takes_money_for_ever_and_people_time_out(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        cashier = await cashier_of(shop, session)
        code = shop.people.new_pairing_code(shop.principal(session), "1")
        till = await shop.people.pair(code, label="Till 1", device="192.0.2.7")
        signed = await shop.people.sign_in(cashier, CASHIER_PIN, device="192.0.2.7", device_token=till)
        person = shop.people.require(shop.people.who(till, signed), Action.ASK_REFUND, "1")
        assert person.id == cashier
        assert shop.people.who("", signed) is None, "a session of a till is worth nothing elsewhere"
        await asyncio.sleep(30 * 86_400)
        alone = shop.people.require(shop.people.who(till, signed), Action.TAKE_MONEY, "1")
        assert (alone.role, alone.actor.kind) == (Role.TILL, "device")
        with pytest.raises(NotAllowed, match="not_signed_in"):
            shop.people.require(alone, Action.ASK_REFUND, "1")
        with pytest.raises(NotAllowed):
            shop.people.require(alone, Action.TAKE_MONEY, "2")
        shop.power_cut()
        assert shop.people.who(till), "tills stay paired over a restart"

    story(tmp_path, tell)


def test_a_removed_till_is_nobody_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        code = shop.people.new_pairing_code(shop.principal(session), "1")
        till = await shop.people.pair(code, label="Till", device="far")
        signed = await shop.people.sign_in(shop.owner, OWNER_PIN, device="far", device_token=till)
        (device,) = shop.people.devices(shop.principal(session))
        await shop.people.unpair(shop.principal(session), device.id)
        assert shop.people.who(till, signed) is None
        with pytest.raises(NotFound, match="device_unknown"):
            await shop.people.unpair(shop.principal(session), device.id)
        shop.power_cut()
        assert shop.people.who(till) is None

    story(tmp_path, tell)


def test_wrong_pairing_codes_lock_the_guesser(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        for _ in range(5):
            with pytest.raises(NotAllowed, match="pairing_wrong"):
                await shop.people.pair("000000", label="T", device="far")
        code = shop.people.new_pairing_code(shop.principal(session), "1")
        with pytest.raises(NotAllowed, match="pairing_locked"):
            await shop.people.pair(code, label="T", device="far")
        assert await shop.people.pair(code, label="T", device="near")

    story(tmp_path, tell)


def test_a_link_pairs_and_signs_in_once(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        link = shop.people.new_link("1", shop.owner)
        signed = await shop.people.use_link(link, label="Demo", device="127.0.0.1")
        who = shop.people.who(signed.device_token, signed.session_token)
        assert who is not None
        assert who.id == shop.owner
        with pytest.raises(NotAllowed, match="pairing_wrong"):
            await shop.people.use_link(link, label="Demo", device="127.0.0.1")
        bare = await shop.people.use_link(shop.people.new_link("1"), label="Demo", device="127.0.0.1")
        assert bare.session_token == ""
        assert shop.people.who(bare.device_token)

    story(tmp_path, tell)


@pytest.mark.row(72)
def test_s36_the_pin_again_and_another_person_s_approval(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        cashier = await cashier_of(shop, session)
        await asyncio.sleep(121)
        with pytest.raises(NotAllowed, match="pin_again"):
            shop.people.require(shop.principal(session), Action.CHANGE_SETTINGS)
        renewed = await shop.people.confirm_pin(session, OWNER_PIN, device=TILL)
        assert shop.people.who("", session) is None
        assert shop.people.require(shop.principal(renewed), Action.CHANGE_SETTINGS)
        approver = await shop.people.approve(Action.APPROVE_REFUND, shop.owner, OWNER_PIN, device=TILL)
        assert str(approver.actor) == f"person:{shop.owner}"
        with pytest.raises(NotAllowed, match="not_allowed"):
            await shop.people.approve(Action.APPROVE_REFUND, cashier, CASHIER_PIN, device=TILL)
        with pytest.raises(NotAllowed, match="pin_wrong"):
            await shop.people.approve(Action.APPROVE_REFUND, shop.owner, WRONG, device=TILL)
        with pytest.raises(NotAllowed, match="not_signed_in"):
            await shop.people.confirm_pin(session, OWNER_PIN, device=TILL)

    story(tmp_path, tell)


def test_s35_a_disabled_person_is_out_at_once_and_the_last_owner_stays(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        cashier = await cashier_of(shop, session)
        signed = await shop.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        await shop.people.disable(shop.principal(session), cashier)
        assert shop.people.who("", signed) is None
        with pytest.raises(NotAllowed, match="pin_wrong"):
            await shop.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        with pytest.raises(Conflict, match="last_owner"):
            await shop.people.disable(shop.principal(session), shop.owner)

    story(tmp_path, tell)


@pytest.mark.parametrize("first", [0, 1])
def test_s35_an_old_pin_that_was_being_checked_meanwhile_opens_nothing(tmp_path: Path, first: int) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        cashier = await shop.people.add_person(owner, Role.CASHIER, "Cashier", CASHIER_PIN)
        calls = [
            shop.people.set_pin(owner, cashier, "518264"),
            shop.people.sign_in(cashier, CASHIER_PIN, device=TILL),
        ]
        answers = await asyncio.gather(*(calls[first:] + calls[:first]), return_exceptions=True)
        tokens = [each for each in answers if isinstance(each, str)]
        assert all(shop.people.who("", each) is None for each in tokens)
        assert await shop.people.sign_in(cashier, "518264", device=TILL)

    story(tmp_path, tell)


def test_a_new_pin_ends_old_sessions_and_the_old_pin(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        cashier = await cashier_of(shop, session)
        signed = await shop.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        await shop.people.set_pin(shop.principal(session), cashier, "918273")
        assert shop.people.who("", signed) is None
        with pytest.raises(NotAllowed, match="pin_wrong"):
            await shop.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        token = await shop.people.sign_in(cashier, "918273", device=TILL)
        shop.people.sign_out(token)
        assert shop.people.who("", token) is None

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_cashiers_and_tills_manage_nothing(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        cashier = await cashier_of(shop, session)
        who = shop.principal(await shop.people.sign_in(cashier, CASHIER_PIN, device=TILL))
        before = shop.types()
        for act in (
            shop.people.add_person(who, Role.OWNER, "Me", "918273"),
            shop.people.set_pin(who, shop.owner, "918273"),
            shop.people.unlock(who, cashier),
            shop.people.disable(who, shop.owner),
            shop.people.unpair(who, "any"),
            shop.people.new_api_key(who, label="k", scopes=["sales"], counters=[], days=1),
            shop.people.revoke_api_key(who, "any"),
        ):
            with pytest.raises(NotAllowed, match="not_allowed"):
                await act
        for look in (shop.people.sessions, shop.people.devices, shop.people.api_keys):
            with pytest.raises(NotAllowed, match="not_allowed"):
                look(who)
        with pytest.raises(NotAllowed, match="not_allowed"):
            shop.people.new_pairing_code(who, "1")
        assert shop.types() == before

    story(tmp_path, tell)


def test_s37_an_api_key_is_shown_once_scoped_expires_and_is_revoked(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        owner = shop.principal(session)
        made = await shop.people.new_api_key(owner, label="POS", scopes=["sales"], counters=["1"], days=30)
        shop.power_cut()
        pos = shop.people.who_key(made.key)
        assert pos is not None
        assert str(pos.actor) == f"pos:{made.id}"
        assert shop.people.require(pos, Action.TAKE_MONEY, "1")
        for action, counter in ((Action.TAKE_MONEY, "2"), (Action.ASK_REFUND, "1"), (Action.CLOSE_DAY, "")):
            with pytest.raises(NotAllowed, match="not_allowed"):
                shop.people.require(pos, action, counter)
        assert shop.people.who_key(made.key + "x") is None
        assert shop.people.who_key("") is None
        await asyncio.sleep(30 * 86_400)
        assert shop.people.who_key(made.key) is None
        session = await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL)
        await shop.people.revoke_api_key(shop.principal(session), made.id)
        assert shop.people.api_keys(shop.principal(session)) == ()

    story(tmp_path, tell)


@pytest.mark.parametrize(("scopes", "days"), [([], 1), (["everything"], 1), (["sales"], 0), (["sales"], 366)])
def test_s37_a_key_needs_known_scopes_and_at_most_a_year(tmp_path: Path, scopes: list[str], days: int) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        with pytest.raises(InvalidRequest, match="field_wrong"):
            await shop.people.new_api_key(owner, label="k", scopes=scopes, counters=[], days=days)

    story(tmp_path, tell)


def test_i19_no_pin_token_or_code_is_in_the_journal(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        owner = shop.principal(session)
        code = shop.people.new_pairing_code(owner, "1")
        till = await shop.people.pair(code, label="Till", device="far")
        made = await shop.people.new_api_key(owner, label="k", scopes=["sales"], counters=[], days=1)
        await guess_wrong(shop, shop.owner, 1)
        written = "".join(repr(event) for event in shop.events())
        for secret in (OWNER_PIN, WRONG, session, till, made.key, code):
            assert secret not in written

    story(tmp_path, tell)


def test_i23_every_act_has_an_actor_and_the_summaries_equal_the_folded_events(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        owner = shop.principal(session)
        cashier = await cashier_of(shop, session)
        await guess_wrong(shop, cashier, 3)
        await shop.people.pair(shop.people.new_pairing_code(owner, "1"), label="T", device="far")
        await shop.people.new_api_key(owner, label="k", scopes=["sales"], counters=["1"], days=9)
        await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL)
        folded: dict[str, Record] = {}
        for event in shop.events():
            before = folded.get(event.subject)
            folded[event.subject] = evolve(before, event.subject, event.type, event.body, 0, event.actor)
            assert event.actor.partition(":")[2]
        for kind in ("person", "device", "api_key", "strangers"):
            for row in shop.journal.list(kind, limit=100):
                assert restore(row.subject, row.body, 0) == folded[row.subject]
                assert summary(folded[row.subject]) == row.body
        added = next(event for event in shop.events() if event.subject == cashier)
        assert added.actor == f"person:{shop.owner}"

    story(tmp_path, tell)


def test_people_leave_nothing_unfinished_for_recovery(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        assert shop.journal.unfinished() == ()

    story(tmp_path, tell)


def test_a_changed_pepper_is_found_at_the_start(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        shop.pepper = b"x" * 32
        with pytest.raises(BadSettings, match="pepper_changed"):
            shop.power_cut()

    story(tmp_path, tell)


def test_i20_when_the_journal_stops_nobody_gets_in_and_nothing_changed(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        await shop.journal.close()
        with pytest.raises(Exception, match="journal_closed"):
            await shop.people.sign_in(shop.owner, OWNER_PIN, device=TILL)
        with pytest.raises(Exception, match="journal_closed"):
            await cashier_of(shop, session)
        assert [person.id for person in shop.people.people()] == [shop.owner]

    story(tmp_path, tell)


def test_an_event_that_cannot_happen_is_a_bug() -> None:
    person = Person("P", "Owner", Role.OWNER, "pin")
    for kind in ("person_added", "till_paired", "code_refused", "never_heard_of"):
        with pytest.raises(AssertionError):
            evolve(replace(person), "P", kind, {"device": "d"}, 0)
