"""The second step over a journal: set up, asked for, guessed at, lost, remembered after a power cut (S36, W4)."""

import asyncio
from pathlib import Path

import pytest

from terminal.errors import BadSettings, Conflict, InvalidRequest, NotAllowed, NotFound
from terminal.payments.event import Actor
from terminal.people.roles import Action, Role
from tests.authenticator import Phone
from tests.unit.people.shop import CASHIER_PIN, OWNER_PIN, TILL, WRONG, Shop, story

MACHINE = Actor("system", "security-command")
VISIT_PIN = "518264"


async def enrol(shop: Shop, session: str) -> tuple[Phone, list[str]]:
    begun = shop.people.begin_second_step(shop.principal(session))
    phone = Phone.scan(begun.uri)
    code = phone.code(shop.clock.wall_ms())
    told = await shop.people.finish_second_step(
        shop.principal(session), code, session_token=session, device="office"
    )
    return phone, told


@pytest.mark.row(124)
def test_s36_away_from_tills_the_pin_alone_is_half_a_sign_in_and_a_code_opens_once(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        phone, _ = await enrol(shop, await shop.set_up())
        await asyncio.sleep(30)
        people = shop.people
        with pytest.raises(NotAllowed, match="code_needed"):
            await people.sign_in(shop.owner, OWNER_PIN, device="far")
        code = phone.code(shop.clock.wall_ms())
        session = await people.sign_in(shop.owner, OWNER_PIN, device="far", code=code)
        assert people.require(shop.principal(session), Action.MANAGE_PEOPLE)
        with pytest.raises(NotAllowed, match="code_wrong"):
            await people.sign_in(shop.owner, OWNER_PIN, device="elsewhere", code=code)
        shop.power_cut()
        with pytest.raises(NotAllowed, match="code_wrong"):
            await shop.people.sign_in(shop.owner, OWNER_PIN, device="elsewhere", code=code)
        await asyncio.sleep(30)
        code = phone.code(shop.clock.wall_ms())
        tries = [shop.people.sign_in(shop.owner, OWNER_PIN, device=f"d{each}", code=code) for each in range(3)]
        ends = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(each, str) for each in ends) == 1, "at the same time, too"

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_s34_s36_guessing_codes_locks_although_the_pin_is_right(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        phone, _ = await enrol(shop, await shop.set_up())
        await asyncio.sleep(30)
        for _ in range(5):
            with pytest.raises(NotAllowed, match="code_needed"):
                await shop.people.sign_in(shop.owner, OWNER_PIN, device="far")
            with pytest.raises(NotAllowed, match="code_wrong"):
                await shop.people.sign_in(shop.owner, OWNER_PIN, device="far", code="000000")
        with pytest.raises(NotAllowed, match="pin_locked"):
            await shop.people.sign_in(shop.owner, OWNER_PIN, device="far", code=phone.code(shop.clock.wall_ms()))
        with pytest.raises(NotAllowed, match="pin_wrong"):
            await shop.people.sign_in(shop.owner, WRONG, device="near", code=phone.code(shop.clock.wall_ms()))

    story(tmp_path, tell)


def test_s34_s36_a_right_pin_alone_clears_no_wrong_code_and_no_lock_of_codes_stops_the_pin(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        phone, _ = await enrol(shop, await shop.set_up())
        await asyncio.sleep(30)
        people = shop.people
        till = (await people.use_link(people.new_link("1"), label="Till", device="here")).device_token
        place = shop.principal("", till).device
        for _ in range(5):
            session = await people.sign_in(shop.owner, OWNER_PIN, device=place, device_token=till)
            with pytest.raises(NotAllowed, match="code_wrong"):
                await people.confirm_pin(session, OWNER_PIN, device=place, code="000000")
        shop.power_cut()
        people = shop.people
        session = await people.sign_in(shop.owner, OWNER_PIN, device=place, device_token=till)
        assert people.require(shop.principal(session, till), Action.APPROVE_REFUND), "the shop goes on"
        with pytest.raises(NotAllowed, match="pin_locked"):
            await people.confirm_pin(session, OWNER_PIN, device=place, code=phone.code(shop.clock.wall_ms()))
        assert people.locked(people.people()[0])
        await asyncio.sleep(300)
        session = await people.confirm_pin(session, OWNER_PIN, device=place, code=phone.code(shop.clock.wall_ms()))
        assert not people.locked(people.people()[0])

    story(tmp_path, tell)


def test_s36_a_recovery_code_opens_once_and_the_owner_takes_a_lost_step_away(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        _, told = await enrol(shop, session)
        assert not any(code in str(event.body) for event in shop.events() for code in told), "only hashes are kept"
        assert await shop.people.sign_in(shop.owner, OWNER_PIN, device="far", code=told[3].lower())
        for code in (told[3], "XXXXXX-XXXXXX"):
            with pytest.raises(NotAllowed, match="code_wrong"):
                await shop.people.sign_in(shop.owner, OWNER_PIN, device="far", code=code)
        shop.power_cut()
        other = await shop.people.sign_in(shop.owner, OWNER_PIN, device="far", code=told[4])
        await shop.people.remove_second_step(shop.principal(other), shop.owner)
        assert shop.people.who(session_token=other) is None, "sessions end with it"
        assert await shop.people.sign_in(shop.owner, OWNER_PIN, device="far")

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_s36_an_owner_without_phone_codes_and_pin_is_helped_at_the_machine_alone(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        await enrol(shop, session)
        with pytest.raises(NotFound, match="person_unknown"):
            await shop.people.help_owner(MACHINE, "Zoe", CASHIER_PIN, phone=True)
        with pytest.raises(InvalidRequest, match="pin_weak"):
            await shop.people.help_owner(MACHINE, "", "123456", phone=True)
        assert await shop.people.help_owner(MACHINE, "", CASHIER_PIN, phone=False) == "Owner"
        assert shop.people.who(session_token=session) is None, "whoever was in is out"
        with pytest.raises(NotAllowed, match="code_needed"):
            await shop.people.sign_in(shop.owner, CASHIER_PIN, device="far")
        await shop.people.help_owner(MACHINE, "Owner", CASHIER_PIN, phone=True)
        shop.power_cut()
        assert await shop.people.sign_in(shop.owner, CASHIER_PIN, device="far")
        assert [each.actor for each in shop.events() if each.type == "second_step_removed"] == [str(MACHINE)]

    story(tmp_path, tell)


@pytest.mark.row(72, 124)
def test_s36_at_a_till_the_pin_gives_money_back_and_access_needs_the_code(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        phone, _ = await enrol(shop, await shop.set_up())
        await asyncio.sleep(30)
        people = shop.people
        till = (await people.use_link(people.new_link("1"), label="Till", device="here")).device_token
        place = shop.principal("", till).device
        session = await people.sign_in(shop.owner, OWNER_PIN, device=place, device_token=till)
        assert people.require(shop.principal(session, till), Action.APPROVE_REFUND)
        assert await people.approve(Action.APPROVE_REFUND, shop.owner, OWNER_PIN, device=place)
        with pytest.raises(NotAllowed, match="code_again"):
            people.require(shop.principal(session, till), Action.MANAGE_API_KEYS)
        with pytest.raises(NotAllowed, match="code_again"):
            await people.approve(Action.APPROVE_REFUND, shop.owner, OWNER_PIN, device="10.0.0.9")
        with pytest.raises(NotAllowed, match="code_again"):
            people.begin_second_step(shop.principal(session, till))  # a thief at the till sets up no new phone
        code = phone.code(shop.clock.wall_ms())
        session = await people.confirm_pin(session, OWNER_PIN, device=place, code=code)
        assert people.require(shop.principal(session, till), Action.MANAGE_API_KEYS)

    story(tmp_path, tell)


def test_s36_a_secret_is_in_force_after_its_first_code_and_not_after_ten_minutes(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        session = await shop.set_up()
        people, phone = shop.people, Phone.scan(shop.people.begin_second_step(shop.principal(session)).uri)
        with pytest.raises(NotAllowed, match="code_wrong"):
            await people.finish_second_step(
                shop.principal(session), "000000", session_token=session, device="office"
            )
        assert await people.sign_in(shop.owner, OWNER_PIN, device="far"), "not yet in force"
        session = await people.confirm_pin(session, OWNER_PIN, device="office")
        await asyncio.sleep(601)
        session = await people.confirm_pin(session, OWNER_PIN, device="office")
        with pytest.raises(Conflict, match="second_step_not_begun"):
            await people.finish_second_step(
                shop.principal(session),
                phone.code(shop.clock.wall_ms()),
                session_token=session,
                device="office",
            )
        await asyncio.sleep(121)
        with pytest.raises(NotAllowed, match="pin_again"):
            people.begin_second_step(shop.principal(session))

    story(tmp_path, tell)


@pytest.mark.row(124)
def test_s30_a_visit_ends_by_itself_also_for_who_is_signed_in(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        person = await shop.people.add_visitor(owner, Role.ONBOARDING, "Li", VISIT_PIN, hours=1)
        session = await shop.people.sign_in(person, VISIT_PIN, device=TILL)
        guest = shop.principal(session)
        with pytest.raises(NotAllowed, match="code_set_up"):
            shop.people.require(guest, Action.FIT_DEVICES)
        await enrol(shop, session)
        assert shop.people.require(shop.principal(session), Action.FIT_DEVICES)
        for never in (Action.TAKE_MONEY, Action.SEE_SALES, Action.SEE_REPORTS, Action.MANAGE_DEVICES):
            assert not shop.principal(session).may(never)
        shop.clock.jump_wall(3_600_000)
        assert shop.people.who(session_token=session) is None
        assert [each.id for each in shop.people.people()] == [shop.owner]
        shop.power_cut()
        assert [each.id for each in shop.people.people()] == [shop.owner]
        with pytest.raises(NotAllowed, match="visit_over"):
            await shop.people.sign_in(person, VISIT_PIN, device=TILL)

    story(tmp_path, tell)


def test_s40_a_journal_sealed_under_another_pepper_is_found_at_the_start(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await enrol(shop, await shop.set_up())
        shop.pepper = b"1" * 32
        with pytest.raises(BadSettings, match="pepper_changed"):
            shop.power_cut()

    story(tmp_path, tell)
