"""Tokens: one fetch for all who wait, held until shortly before its end, renewed once when refused, never told."""

import asyncio
import json
import logging

import pytest

from terminal.banks.tokens import Grant, Token, TokenHttp
from terminal.conformance.kit import ScriptedHttp, Step
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer, NothingSent
from terminal.virtual_time import run

ASK = HttpRequest("GET", "/cob/1", (("Accept", "application/json"),))
GRANT = Grant("shop 1", "s3cret/word", scope="cob.read")


def token(value: str = "T-1", life: object = 3600, kind: str = "Bearer", status: int = 200) -> HttpReply:
    told = {"access_token": value, "token_type": kind, "expires_in": life}
    return HttpReply(status, {}, json.dumps(told).encode())


def linked(*steps: Step) -> tuple[TokenHttp, ScriptedHttp]:
    http = ScriptedHttp()
    http.steps.extend(steps)
    return TokenHttp(http, GRANT), http


async def asked(link: TokenHttp) -> HttpReply:
    return await link.send(ASK, connect_s=3, answer_s=10)


def sent(http: ScriptedHttp) -> list[str]:
    return [dict(each.headers).get("Authorization", "") for each in http.requests]


OK = HttpReply(200, {}, b"{}")
NO = HttpReply(401, {}, b"")


def test_one_fetch_serves_all_who_wait_and_the_next_ones_until_shortly_before_its_end() -> None:
    async def told() -> None:
        link, http = linked(token(life=600), *[OK] * 6, token("T-2"), OK)
        await asyncio.gather(*(asked(link) for _ in range(5)))
        await asyncio.sleep(500)
        await asked(link)
        assert link.fetched == 1
        await asyncio.sleep(45)  # 545 s: more than the 540 it is used for
        await asked(link)
        assert link.fetched == 2
        assert sent(http)[1:7] == ["Bearer T-1"] * 6
        assert sent(http)[-1] == "Bearer T-2"

    run(told(), seed=1)


async def test_the_secret_leaves_once_encoded_and_the_scope_is_asked_for() -> None:
    link, http = linked(token(), OK)
    await asked(link)
    first = http.requests[0]
    assert dict(first.headers)["Authorization"] == "Basic c2hvcCUyMDE6czNjcmV0JTJGd29yZA=="
    assert first.body == b"grant_type=client_credentials&scope=cob.read"
    in_body = Grant("shop 1", "s3cret/word", way="body").request()
    assert b"client_secret=s3cret%2Fword" in in_body.body
    assert "Authorization" not in dict(in_body.headers)


async def test_a_refused_token_is_renewed_once_and_the_second_no_is_the_answer() -> None:
    link, http = linked(token(), NO, token("T-2"), NO)
    assert (await asked(link)).status == 401
    assert sent(http)[1::2] == ["Bearer T-1", "Bearer T-2"]
    link, http = linked(token(), NO, NothingSent("down"))
    assert (await asked(link)).status == 401, "nothing was done: the first no stands"


class Renewing:
    """Every token is another one, the first is good for nothing, and each next caller hears so a second later."""

    def __init__(self) -> None:
        self.issued = self.refused = 0

    async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
        told = dict(request.headers)["Authorization"]
        if not told.startswith("Bearer"):
            self.issued += 1
            return token(f"T-{self.issued}")
        if told != "Bearer T-1":
            return OK
        self.refused += 1
        await asyncio.sleep(self.refused)
        return NO


def test_a_no_that_comes_late_does_not_throw_the_new_token_away() -> None:
    async def told() -> None:
        http = Renewing()
        link = TokenHttp(http, GRANT)
        answers = await asyncio.gather(*(asked(link) for _ in range(3)))
        assert [each.status for each in answers] == [200] * 3
        assert (http.refused, http.issued) == (3, 2)

    run(told(), seed=1)


@pytest.mark.parametrize(
    "step",
    [
        NothingSent("down"),
        NoAnswer("reset"),
        token(status=401),
        token(kind="mac"),
        token("two words"),
        HttpReply(200, {}, b"<html>"),
        HttpReply(200, {}, b'{"access_token":7,"token_type":"Bearer"}'),
    ],
)
async def test_b1_b4_without_a_token_nothing_of_the_request_was_sent(step: Step) -> None:
    link, http = linked(step)
    for _ in range(3):  # the others hear it at once instead of asking again one by one
        with pytest.raises(NothingSent, match="no_token"):
            await asked(link)
    assert len(http.requests) == 1


@pytest.mark.parametrize("life", [None, "3600", 0, -1, True, 1e9])
async def test_an_odd_life_is_a_short_one(life: object) -> None:
    link, _ = linked(token(life=life), OK)
    await asked(link)
    held = link._token
    assert held is not None
    assert held.until_s - asyncio.get_running_loop().time() <= 300


async def test_s44_no_repr_and_no_log_line_shows_secret_or_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link, http = linked(token("T-very-secret"), OK, token(status=500))
    await asked(link)
    link._token = None
    with pytest.raises(NothingSent):
        await asked(link)
    told = repr((GRANT, http.requests, Token("T-very-secret", 0), link)) + caplog.text
    for secret in ("T-very-secret", "s3cret", "c2hvcCUyMDE6"):
        assert secret not in told


def test_connecting_is_not_given_longer_than_the_whole_after_a_token_took_its_time() -> None:
    """Every link may ask that connecting is a part of answering (found by the simulation, pix 8)."""
    limits: list[tuple[float, float]] = []

    class Slow(ScriptedHttp):
        async def send(self, request: HttpRequest, *, connect_s: float, answer_s: float) -> HttpReply:
            limits.append((connect_s, answer_s))
            await asyncio.sleep(8)
            return await super().send(request, connect_s=connect_s, answer_s=answer_s)

    async def told() -> None:
        http = Slow()
        http.steps.extend((token(), OK))
        await asked(TokenHttp(http, GRANT))

    run(told(), seed=1)
    assert limits[1] == (2, 2)
