"""Sessions end by themselves, by sign-out and by somebody else's hand (S35)."""

import asyncio

from terminal.people.roles import Role
from terminal.people.sessions import PER_PERSON_MAX, SESSIONS_MAX, SessionLimits, Sessions
from terminal.virtual_time import VirtualClock, VirtualEntropy, VirtualIds, run


def sessions() -> Sessions:
    clock = VirtualClock()
    return Sessions(clock, VirtualEntropy(1), VirtualIds(clock, 1), SessionLimits())


def test_s35_a_cashier_is_out_after_five_idle_minutes_an_owner_after_fifteen() -> None:
    async def story() -> None:
        known = sessions()
        cashier, owner = known.open("C", Role.CASHIER, ""), known.open("O", Role.OWNER, "")
        await asyncio.sleep(300)
        assert known.get(cashier)
        await asyncio.sleep(301)
        assert known.get(cashier) is None
        assert known.get(owner)
        await asyncio.sleep(901)
        assert known.get(owner) is None
        assert known.listed() == ()

    run(story(), seed=1)


def test_a_page_that_looks_by_itself_keeps_nobody_in() -> None:
    async def story() -> None:
        known = sessions()
        token = known.open("C", Role.CASHIER, "")
        for _ in range(3):
            await asyncio.sleep(100)
            assert known.get(token, touch=False)
        await asyncio.sleep(1)
        assert known.get(token, touch=False) is None

    run(story(), seed=1)


def test_s35_twelve_hours_are_the_end_even_for_the_busy() -> None:
    async def story() -> None:
        known = sessions()
        token = known.open("C", Role.CASHIER, "")
        for _ in range(12 * 60):
            await asyncio.sleep(60)
            assert known.get(token)
        await asyncio.sleep(1)
        assert known.get(token) is None

    run(story(), seed=1)


def test_s35_the_token_changes_when_the_pin_is_typed_again() -> None:
    async def story() -> None:
        known = sessions()
        old = known.open("O", Role.OWNER, "")
        await asyncio.sleep(100)
        new = known.elevate(old)
        assert known.get(old) is None
        session = known.get(new)
        assert session is not None
        assert (session.opened_ns, session.pin_ns) == (0, 100 * 10**9)
        assert len(new) > 40, "256 random bits"

    run(story(), seed=1)


def test_s35_revocation_by_person_device_session_and_sign_out() -> None:
    async def story() -> None:
        known = sessions()
        one, two, three, four = (known.open(f"P{n}", Role.CASHIER, f"D{n}") for n in range(4))
        assert known.end_person("P0")
        assert known.end_device("D1")
        session = known.get(three)
        assert session is not None
        assert known.end_id(session.id)
        known.end(four)
        assert [known.get(token) for token in (one, two, three, four)] == [None] * 4
        assert not known.end_person("P0")

    run(story(), seed=1)


def test_i21_sessions_are_bounded() -> None:
    async def story() -> None:
        known = sessions()
        own = [known.open("O", Role.OWNER, "") for _ in range(PER_PERSON_MAX + 1)]
        assert known.get(own[0]) is None
        assert known.get(own[1])
        for number in range(SESSIONS_MAX):
            known.open(f"P{number}", Role.CASHIER, "")
        assert len(known.listed()) == SESSIONS_MAX

    run(story(), seed=1)


def test_i21_a_session_that_is_over_makes_room_before_one_that_is_used() -> None:
    async def story() -> None:
        known = sessions()
        used = known.open("O", Role.OWNER, "")
        for _ in range(PER_PERSON_MAX - 1):
            known.open("O", Role.OWNER, "")
        for _ in range(2):
            await asyncio.sleep(600)
            assert known.get(used)
        known.open("O", Role.OWNER, "")
        assert known.get(used), "it is the oldest, and the others have been over for minutes"
        assert len(known.listed()) == 2

    run(story(), seed=1)
