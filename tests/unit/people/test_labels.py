"""Names beside what people and tills did, also long afterwards."""

from pathlib import Path

from tests.unit.people.shop import Shop, story


def test_a_till_keeps_its_name_in_what_it_did_after_it_was_removed(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        owner = shop.principal(await shop.set_up())
        code = shop.people.new_pairing_code(owner, "1")
        await shop.people.pair(code, label="Till at the door", device="far")
        (till,) = shop.people.devices(owner)
        assert shop.people.label(f"device:{till.id}") == "Till at the door"
        await shop.people.unpair(owner, till.id)
        assert shop.people.label(f"device:{till.id}") == "Till at the door"
        assert shop.people.label(f"person:{shop.owner}") == "Owner"

    story(tmp_path, tell)


def test_who_was_never_added_has_no_name(tmp_path: Path) -> None:
    async def tell(shop: Shop) -> None:
        await shop.set_up()
        assert [shop.people.label(actor) for actor in ("device:1/scanner", "system:engine", "")] == ["", "", ""]

    story(tmp_path, tell)
