"""The client for tills by itself: how it reads a stream of events, and how much of it there is."""

import json
import subprocess
from contextlib import aclosing
from itertools import islice
from pathlib import Path

import msgspec
import pytest

import terminal.client
from terminal.client import MODULE, AsyncClient, Client, NoAnswer, Pieces, Refused, Unknown
from terminal.virtual_time import run
from tests.flows.client_players import NODE

NUMBERS = (5, 7, 8, 12)
NO = {"slug": "not_signed_in", "code": "U-01", "detail": "No.", "fix": "Sign in.", "facts": {}}


def stream(after: int) -> bytes:
    """As the service writes it, with a sign of life, and a word at the end that is no event."""
    text = "retry: 1000\n\n: here\nid: 4\n\n" if after < 4 else "retry: 1000\n\n"
    for number in NUMBERS:
        told = {"type": "event", "event_type": "sale_moved", "number": number, "counter": "1", "subject": "s"}
        data = msgspec.json.encode({**told, "body": {"why": "线\u2028\\n\n"}}).decode()
        text += f"id: {number}\ndata: {data}\n\n" if number > after else ""
    return (text + 'event: end\ndata: {"code":1001,"resume":12}\n\n').encode()


class Line(AsyncClient):
    """Breaks after so many bytes, which come in pieces of ``size``; the next one is whole."""

    def __init__(self, cut: int, size: int, status: int = 200) -> None:
        super().__init__("http://127.0.0.1", "key")
        self.cut, self.size, self.status, self.asked = cut, size, status, list[str]()

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        self.asked.append(path)
        data = stream(int(path.partition("after=")[2]))
        if self.status != 200:
            data = msgspec.json.encode(NO)
        elif len(self.asked) == 1:
            data = data[: self.cut]
        for at in range(0, len(data), self.size):
            yield self.status, {}, data[at : at + self.size]


async def heard(line: AsyncClient, count: int) -> list[int]:
    found = []
    async with aclosing(line.follow(0)) as events:
        async for event in events:
            assert (event.type, event.body) == ("sale_moved", {"why": "线\u2028\\n\n"})
            found.append(event.number)
            if len(found) == count:
                break
    return found


@pytest.mark.no_cover
@pytest.mark.row(90)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a3_a_stream_cut_at_every_byte_goes_on_without_loss_or_repetition(size: int) -> None:
    async def story() -> None:
        for cut in range(len(stream(0))):
            line = Line(cut, size)
            assert await heard(line, len(NUMBERS)) == list(NUMBERS)
            assert len(line.asked) <= 2

    run(story(), seed=1)


def test_a_stream_that_is_refused_is_told_and_asked_again_only_where_that_helps() -> None:
    async def story() -> None:
        line = Line(0, 10_000, status=401)
        with pytest.raises(Refused, match="not_signed_in"):
            await heard(line, 1)
        assert len(line.asked) == 1
        line = Busy()
        assert await heard(line, 1) == [5]

    run(story(), seed=1)


class Busy(Line):
    """Too many, an error, and a page of somebody else's; then it works."""

    def __init__(self) -> None:
        super().__init__(10_000, 10_000)

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        self.asked.append(path)
        match len(self.asked):
            case 1:
                yield 429, {"Retry-After": "3"}, msgspec.json.encode({**NO, "slug": "sockets_too_many"})
            case 2:
                yield 500, {}, msgspec.json.encode({**NO, "slug": "internal"})
            case 3:
                yield 404, {}, b"<html>"
            case _:
                yield 200, {}, stream(0)


class Portal(AsyncClient):
    """Somebody else's page, which answers everything with good JSON of its own."""

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        yield 200, {}, b'{"portal": "welcome"}'


def test_an_answer_of_somebody_else_is_none_and_leaves_the_key() -> None:
    async def story() -> None:
        portal = Portal("http://127.0.0.1", "key")
        with pytest.raises(NoAnswer) as lost:
            await portal.refund("s", "wrong order", key="till-1-refund")
        assert lost.value.key == "till-1-refund"
        for call in (portal.find("A-1"), portal.wait("s", limit_s=5)):
            with pytest.raises(NoAnswer):
                await call

    run(story(), seed=1)


class Nobody(AsyncClient):
    """No line at all; after so many calls of which one was too much, the story ends."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1", "key", tries=1)
        self.asked = 0

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        self.asked += 1
        assert self.asked < 1000, "it asks without a rest"
        if path == "somebody":
            yield 200, {}, b""


def test_a1_a_wait_where_nobody_answers_rests_between_its_questions() -> None:
    async def story() -> None:
        nobody = Nobody()
        with pytest.raises(NoAnswer):
            await nobody.wait("s", limit_s=60)
        assert 30 < nobody.asked < 300

    run(story(), seed=1)


class TooLate(AsyncClient):
    """Paid, says the service to whoever cancels; then its line is gone."""

    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        if path.endswith("/cancel"):
            yield 409, {}, msgspec.json.encode({**NO, "slug": "sale_paid"})


def test_a1_too_late_to_cancel_and_then_no_line_is_unknown() -> None:
    async def story() -> None:
        said = await TooLate("http://127.0.0.1", "key").cancel("s", limit_s=5)
        assert isinstance(said, Unknown)
        assert isinstance(said.why, NoAnswer)

    run(story(), seed=1)


@pytest.mark.parametrize("url", ["127.0.0.1:7600", "localhost:7600", "ftp://shop", ""])
def test_an_address_that_is_none_is_refused_when_the_client_is_made(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a service"):
        AsyncClient(url, "key")


def test_a1_the_client_in_javascript_rests_and_refuses_as_well_and_leaves_no_timer_behind() -> None:
    command: list[str | Path] = [NODE, Path(__file__).with_name("nobody.mjs"), MODULE.as_uri()]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert found["waits"]["end"][0] == "NoAnswer"
    assert 30 < found["waits"]["asked"] < 300
    assert found["late"]["end"] == ["unknown", "NoAnswer"]
    assert [found[story]["left"] for story in ("waits", "late")] == [0, 0], "a program would not end"
    for url in ("127.0.0.1:7600", "localhost:7600", "ftp://shop", ""):
        assert "no address of a service" in found[url]["end"][0]


class Blocked(Client):
    async def _pieces(self, path: str, body: bytes = b"", key: str = "", limit_s: float = 0) -> Pieces:
        yield 200, {}, stream(int(path.partition("after=")[2]))


def test_who_blocks_follows_too_and_goes_on_where_it_stopped() -> None:
    client = Blocked("http://127.0.0.1", "key")
    first = [each.number for each in islice(client.follow(0), 2)]
    assert (first, [each.number for each in islice(client.follow(first[-1]), 2)]) == ([5, 7], [8, 12])


def test_the_client_is_small_enough_to_be_read() -> None:
    folder = Path(terminal.client.__file__).parent
    assert sum(len(each.read_text("utf-8").splitlines()) for each in folder.glob("**/*.py")) <= 300
    assert len((folder / "countertop.js").read_text("utf-8").splitlines()) <= 300
