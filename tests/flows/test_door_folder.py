"""A till that writes files, in virtual time: paid, cancelled, given back, refused, and killed at any step."""

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from terminal.errors import BadSettings, JournalError
from terminal.payments.sale import Sale
from terminal.pos.desk import Desk, Request
from terminal.pos.folder import FolderDoor
from terminal.pos.folder_shelf import FolderUnusable, Shelf
from terminal.settings import FolderTable
from terminal.wiring.door_checks import check_door
from tests.flows.api_rig import open_shop
from tests.flows.door_http import loaded, open_at
from tests.flows.door_rig import desk_of
from tests.flows.shop import Shop, story

SALE = b"AMOUNT=28.50\nORDER=A-17\n"


class Killed(BaseException):
    """kill -9, here."""


class Place:
    """The folder, as the till sees it."""

    def __init__(self, shop: Shop, path: Path) -> None:
        self.shop, self.path = shop, path
        self.shelf = Shelf(path)

    def put(self, name: str, data: bytes = SALE) -> None:
        (self.path / "in" / name).write_bytes(data)

    def result(self, name: str) -> dict[str, str]:
        text = (self.path / "out" / name).read_text("utf-8")
        if name.endswith(".json"):
            return dict(json.loads(text))
        return {k.lower(): v for k, _, v in (line.partition("=") for line in text.splitlines())}

    async def comes(self, name: str, limit_s: float = 30, outcome: str = "") -> dict[str, str]:
        def there() -> bool:
            found = (self.path / "out" / name).exists()
            return found and self.result(name)["outcome"] in (outcome or self.result(name)["outcome"])

        await self.shop.until(there, limit_s)
        return self.result(name)

    async def pays(self) -> None:
        def shown() -> bool:
            live = self.shop.lane().current
            return live is not None and bool(self.shop.service.book.sale(live).attempts[-1].payload)

        await self.shop.until(shown, 10)
        live = self.shop.lane().current
        assert live is not None
        self.shop.pay(self.shop.service.book.sale(live))

    def names(self, where: str) -> list[str]:
        return sorted(each.name for each in (self.path / where).iterdir())

    @asynccontextmanager
    async def door(self, unpaid_s: float = 180, kind: type[Desk] = Desk) -> AsyncIterator[FolderDoor]:
        """Of the life that runs now."""
        door = FolderDoor(desk_of(self.shop, kind=kind), self.shelf, "en", look_s=0.5, unpaid_s=unpaid_s)
        running = asyncio.create_task(door.run())
        await asyncio.sleep(0.1)
        try:
            yield door
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Killed, JournalError):
                await running


@asynccontextmanager
async def place(shop: Shop) -> AsyncIterator[Place]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Place(shop, Path(folder))


def sales(shop: Shop) -> int:
    return len(shop.service.feed.list("sale", limit=100))


@pytest.mark.row(92)
@story()
async def test_a_file_becomes_a_paid_sale_and_a_result_with_what_to_do(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("0001.txt")
        await at.pays()
        told = await at.comes("0001.txt")
        assert (told["outcome"], told["amount"], told["order"]) == ("paid", "28.50", "A-17")
        assert (len(told["check"]), told["do"]) == (4, "Hand over the goods.")
        assert (at.names("in"), at.names("work"), at.names("refused")) == ([], [], [])
        at.put("0002.json", b'{"action":"status","sale":"0001"}')
        assert (await at.comes("0002.json"))["outcome"] == "paid"


@pytest.mark.row(2, 92)
@story()
async def test_a_file_may_say_what_the_sale_is_for_and_a_wrong_sum_opens_nothing(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        asked = {"amount": "28.51", "lines": [{"name": "汤面", "price": 14.25, "quantity": 2}]}
        at.put("0001.json", json.dumps(asked).encode())
        assert (await at.comes("0001.json"))["slug"] == "lines_do_not_add_up"
        assert sales(shop) == 0
        at.put("0002.json", json.dumps({**asked, "amount": "28.50"}).encode())
        await at.pays()
        told = await at.comes("0002.json")
        [line] = shop.service.book.sale(told["id"]).lines
        assert (told["outcome"], line.name, line.quantity, line.amount_minor) == ("paid", "汤面", "2", 2850)


@story()
async def test_a_cancel_is_a_file_and_ends_with_proof(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await shop.until(lambda: shop.lane().current is not None, 5)
        at.put("2.txt", b"ACTION=cancel\nSALE=1\n")
        assert (await at.comes("2.txt"))["outcome"] == "not_paid"
        assert (await at.comes("1.txt"))["outcome"] == "not_paid"
        at.put("3.txt", b"ACTION=cancel\nSALE=7\n")
        assert (await at.comes("3.txt"))["slug"] == "sale_unknown"


@story()
async def test_a_refund_is_followed_to_its_end_and_its_name_repeats(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await at.pays()
        await at.comes("1.txt")
        for _ in range(2):
            at.put("r1.txt", b"ACTION=refund\nSALE=1\nAMOUNT=8.50\nREASON=cold\n")
            told = await at.comes("r1.txt", 60, "refunded")
            assert (told["outcome"], told["amount"]) == ("refunded", "8.50")
            (at.path / "out" / "r1.txt").unlink()
        assert shop.kept_minor == 2000
        at.put("r2.txt", b"ACTION=refund\nSALE=1\nAMOUNT=99.00\n")
        assert (await at.comes("r2.txt"))["outcome"] == "refused"


@story()
async def test_a1_the_same_name_again_is_the_same_sale_and_never_another_amount(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await shop.until(lambda: at.names("work") == ["1.txt"], 5)
        at.put("1.txt")  # the till did not see that it was taken
        await shop.until(lambda: at.names("in") == [], 5)
        await at.pays()
        first = await at.comes("1.txt")
        at.put("1.txt")
        await shop.until(lambda: at.names("in") == [] and at.names("work") == [], 5)
        assert at.result("1.txt") == first
        at.put("1.txt", b"AMOUNT=99.00\n")
        await shop.until(lambda: at.names("refused") == ["1.txt", "1.txt.why"], 5)
        assert at.result("1.txt") == first, "what became of the sale stands"
        assert sales(shop) == 1


@story()
async def test_a2_a_second_sale_while_one_is_live_is_refused_and_may_come_again(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await shop.until(lambda: shop.lane().current is not None, 5)
        at.put("2.txt", b"AMOUNT=1.00\n")
        assert (await at.comes("2.txt"))["slug"] == "sale_live"
        await at.pays()
        await at.comes("1.txt")
        at.put("2.txt", b"AMOUNT=1.00\n")
        await shop.until(lambda: shop.lane().current is not None, 5)
        assert at.names("out") == ["1.txt"], "the refusal is true no more"


@story()
async def test_what_nobody_pays_ends_and_its_order_may_be_paid_under_a_new_name(shop: Shop) -> None:
    async with place(shop) as at, at.door(unpaid_s=20):
        at.put("1.txt")
        assert (await at.comes("1.txt", 60))["outcome"] == "not_paid"
        at.put("2.txt")
        await at.pays()
        assert (await at.comes("2.txt", 60))["order"] == "A-17"


@story()
async def test_checking_is_written_and_replaced_by_the_truth(shop: Shop) -> None:
    async with place(shop) as at, at.door(unpaid_s=20):
        shop.no_notifications()
        at.put("1.txt")
        await at.pays()
        shop.cut_line()
        told = await at.comes("1.txt", 90)
        assert (told["outcome"], told["do"][:15]) == ("checking", "Keep the goods.")
        shop.mend_line()
        assert (await at.comes("1.txt", 300, "paid"))["outcome"] == "paid"


STEPS = ("still", "take", "read", "withdraw", "answer", "done")


@pytest.mark.row(94)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
@story()
async def test_a1_killed_at_any_step_nothing_is_lost_or_doubled(shop: Shop, step: str, after: bool) -> None:
    async with place(shop) as at:
        real: Callable[..., object] = getattr(at.shelf, step)
        died = []

        def die(*args: object) -> object:
            if after:
                real(*args)
            died.append(step)
            raise Killed

        async with at.door():
            at.put("1.txt")
            if step in ("answer", "done"):
                await at.pays()
            setattr(at.shelf, step, die)
            await shop.wait(5)
        assert died == [step]
        await shop.restart()
        at.shelf = Shelf(at.path)
        async with at.door():
            if not (at.path / "out" / "1.txt").exists() and not at.names("out"):
                live = shop.lane().current
                if live is None or not shop.captured:
                    await at.pays()
            assert (await at.comes("1.txt", 60))["outcome"] == "paid"
            await shop.until(lambda: at.names("work") == [] and at.names("in") == [], 5)
        assert sales(shop) == 1
        assert sum(map(sum, shop.captured.values())) == 2850


@story()
async def test_f4_what_is_no_request_is_set_aside_with_the_reason(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        inbox = at.path / "in"
        (at.path / "secret").write_bytes(SALE)
        (inbox / "link.txt").symlink_to(at.path / "secret")
        os.link(at.path / "secret", inbox / "hard.txt")
        (inbox / "folder.txt").mkdir()
        (inbox / "folder.txt" / "inside").write_bytes(SALE)
        os.mkfifo(inbox / "pipe.txt")
        at.put("big.txt", b"x" * 20_000)
        at.put("bad name.txt")
        at.put("bad.exe")
        at.put("wrong.json", b"{")
        await shop.until(lambda: at.names("in") == [], 10)
        assert (at.path / "secret").read_bytes() == SALE
        whys = [each for each in at.names("refused") if each.endswith(".why")]
        assert len(whys) == 8
        assert at.result("wrong.json")["slug"] == "json_unreadable"
        assert at.result("big.txt")["slug"] == "body_too_large"
        assert sales(shop) == 0


@story()
async def test_f4_what_cannot_even_be_set_aside_is_left_alone_and_holds_nobody_up(shop: Shop) -> None:
    async with place(shop) as at:
        at.shelf.open()
        for where in ("in", "refused"):
            (at.path / where / "folder.txt").mkdir()
            (at.path / where / "folder.txt" / "inside").write_bytes(SALE)
        async with at.door():
            await shop.until(lambda: "folder.txt.why" in at.names("refused"), 10)
            (at.path / "refused" / "folder.txt.why").unlink()
            at.put("1.txt")
            await at.pays()
            assert (await at.comes("1.txt"))["outcome"] == "paid"
            assert at.names("in") == ["folder.txt"]
            assert at.names("refused") == ["folder.txt"], "told once"
            (at.path / "out" / "2.txt").mkdir()  # its result has no place
            (at.path / "out" / "2.txt" / "inside").touch()
            at.put("2.txt")
            await at.pays()
            at.put("3.txt", b"ACTION=status\nSALE=1\n")
            assert (await at.comes("3.txt"))["outcome"] == "paid"
            await shop.wait(20)
            (at.path / "out" / "2.txt" / "inside").unlink()
            (at.path / "out" / "2.txt").rmdir()
            assert (await at.comes("2.txt"))["outcome"] == "paid"


@story()
async def test_f4_a_refused_request_that_cannot_be_set_aside_is_never_begun_later(shop: Shop) -> None:
    async with place(shop) as at:
        at.shelf.open()
        (at.path / "refused" / "2.txt").mkdir()
        (at.path / "refused" / "2.txt" / "inside").touch()
        async with at.door():
            at.put("1.txt")
            await shop.until(lambda: shop.lane().current is not None, 5)
            at.put("2.txt", b"AMOUNT=1.00\n")
            assert (await at.comes("2.txt"))["slug"] == "sale_live"
            await at.pays()
            await at.comes("1.txt")
            await shop.wait(10)
            assert (sales(shop), at.names("work")) == (1, [])


@story()
async def test_a_file_that_is_still_being_written_waits(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt.part", b"AMOUNT=2")
        for n in range(12):  # a slow till: a few bytes between two looks
            at.put("1.txt", b"#" * n + b"\nAMOUNT=28.50\n")
            await asyncio.sleep(0.4)
            assert at.names("in") == ["1.txt", "1.txt.part"]
        await at.pays()
        assert (await at.comes("1.txt"))["outcome"] == "paid"
        assert at.names("in") == ["1.txt.part"]


def test_f4_a_folder_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    Shelf(tmp_path).open()
    (tmp_path / "in").chmod(0o777)
    with pytest.raises(FolderUnusable, match="others may write"):
        Shelf(tmp_path).still()
    (tmp_path / "in").chmod(0o770)
    (tmp_path / "out").rmdir()
    (tmp_path / "out").symlink_to("/tmp")
    with pytest.raises(FolderUnusable, match="no folder"):
        Shelf(tmp_path).open()


@pytest.mark.row(92)
async def test_the_wiring_opens_it_and_refuses_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "till").mkdir(mode=0o770)
    async with open_shop(tmp_path) as shop, contextlib.AsyncExitStack() as stack:
        table = FolderTable(kind="folder", counter="1", folder="till", look_s=0.05)
        assert await open_at(stack, shop, loaded(tmp_path, front=table)) == {"front": str(tmp_path / "till")}
        (tmp_path / "till" / "in" / "1.txt").write_bytes(b"ACTION=status\nSALE=none\n")
        out = tmp_path / "till" / "out" / "1.txt"
        async with asyncio.timeout(30):
            while not out.exists():  # noqa: ASYNC110  # the till looks, nobody tells it
                await asyncio.sleep(0.02)
        assert "SLUG=sale_unknown" in out.read_text()
        missing = loaded(tmp_path, front=FolderTable(kind="folder", counter="1", folder="missing"))
        with pytest.raises(BadSettings):
            await open_at(stack, shop, missing)
        with pytest.raises(BadSettings):
            check_door(missing, "front")
        check_door(loaded(tmp_path, front=table), "front")


@story()
async def test_a3_a_request_that_somebody_removes_from_work_is_still_answered(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await shop.until(lambda: shop.lane().current is not None, 5)
        (at.path / "work" / "1.txt").unlink()
        await at.pays()
        assert (await at.comes("1.txt"))["outcome"] == "paid"
        assert at.names("work") == []


@story()
async def test_a1_a_name_that_comes_again_after_its_request_was_removed_is_read_anew(shop: Shop) -> None:
    async with place(shop) as at, at.door():
        at.put("1.txt")
        await shop.until(lambda: shop.lane().current is not None, 5)
        (at.path / "work" / "1.txt").unlink()
        at.put("1.txt", b"AMOUNT=99.00\n")
        told = await at.comes("1.txt")
        assert (told["outcome"], told["slug"]) == ("refused", "idempotency_other_meaning")
        assert sales(shop) == 1


class Unknown(Desk):
    """The disk has the sale, and cannot say so any more."""

    async def open_sale(self, request: Request) -> Sale:
        await super().open_sale(request)
        raise JournalError("journal_stopped", cause="commit_unknown")


@story()
async def test_d5_a1_a_request_nobody_knows_to_be_recorded_is_not_refused_and_found_by_the_next_start(
    shop: Shop,
) -> None:
    async with place(shop) as at:
        async with at.door(kind=Unknown):
            at.put("a.txt")
            await shop.wait(5)
            assert (at.names("work"), at.names("out")) == (["a.txt"], [])
        await shop.restart()
        async with at.door():
            await at.pays()
            assert (await at.comes("a.txt"))["outcome"] == "paid"
        assert (sales(shop), len(shop.captured)) == (1, 1)
