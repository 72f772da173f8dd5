"""Two machines of a shop on one journal: what one of them records about people is so at the other one."""

import asyncio
from pathlib import Path

import pytest

from terminal.errors import Conflict, NotAllowed, TerminalError
from terminal.people.roles import Role
from terminal.people.service import People
from tests.unit.people.shop import CASHIER_PIN, CHEAP, OWNER_PIN, TILL, WRONG, Shop, story


class Other:
    """The second machine; ``hears`` as from a shared journal."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._seen = shop, shop.journal.last_number()
        self.people = People(
            "s-1", journal=shop.journal, clock=shop.clock, entropy=shop.entropy, ids=shop.ids, pepper=shop.pepper,
            settings=CHEAP,
        )  # fmt: skip

    def hears(self) -> None:
        fresh = self._shop.journal.after(self._seen)
        self._seen += len(fresh)
        self.people.heard(fresh)


def test_who_is_added_disabled_or_given_a_pin_at_one_machine_is_so_at_the_other(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        other = Other(shop)
        cashier = await shop.people.add_person(owner, Role.CASHIER, "Li", CASHIER_PIN)
        with pytest.raises(TerminalError):
            await other.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        other.hears()
        session = await other.people.sign_in(cashier, CASHIER_PIN, device=TILL)
        assert other.people.who(session_token=session)
        await shop.people.disable(owner, cashier)
        other.hears()
        assert other.people.who(session_token=session) is None, "signed out there as well"
        assert [each.label for each in other.people.people()] == ["Owner"]
        with pytest.raises(TerminalError):
            await other.people.sign_in(cashier, CASHIER_PIN, device=TILL)

    story(tmp_path, tell)


def test_s34_wrong_pins_at_one_machine_count_at_the_other(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        other = Other(shop)
        for _ in range(5):
            with pytest.raises(NotAllowed):
                await shop.people.sign_in(shop.owner, WRONG, device=TILL)
        other.hears()
        with pytest.raises(NotAllowed, match="locked"):
            await other.people.sign_in(shop.owner, OWNER_PIN, device=TILL)

    story(tmp_path, tell)


def test_s35_two_owners_who_disable_each_other_at_two_machines_at_once_leave_one(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        ana = shop.principal(await shop.set_up())
        rui = await shop.people.add_person(ana, Role.OWNER, "Rui", "518264")
        other = Other(shop)
        signed = other.people.who(session_token=await other.people.sign_in(rui, "518264", device="till-2"))
        with pytest.raises(Conflict, match="last_owner"):
            await asyncio.gather(shop.people.disable(ana, rui), other.people.disable(signed, shop.owner))
        other.hears()
        for people in (shop.people, other.people):
            assert [each.id for each in people.people()] == [shop.owner], "one of them stays, at both machines"
        shop.power_cut()
        assert [each.id for each in shop.people.people()] == [shop.owner]

    story(tmp_path, tell)


def test_s35_three_owners_are_let_go_one_after_the_other_from_any_machine(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        ana = shop.principal(await shop.set_up())
        rui, li = [await shop.people.add_person(ana, Role.OWNER, x, "518264") for x in ("Rui", "Li")]
        other = Other(shop)
        await shop.people.disable(ana, rui)
        await other.people.disable(ana, li)  # which has not heard of the first yet
        other.hears()
        assert [each.id for each in other.people.people()] == [shop.owner]
        with pytest.raises(Conflict, match="last_owner"):
            await other.people.disable(ana, shop.owner)

    story(tmp_path, tell)
