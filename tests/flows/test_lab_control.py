"""The lab's control API: what a POS test in any language does with curl, strict and in sentences."""

import json
from typing import Any

import pytest

from drivers import qr
from drivers.display.driver import CounterDisplay
from drivers.serial_port import open_serial
from terminal.lab.control import PREFIX, VERBS
from tests.flows.lab_rig import Rig, keys, rig

__all__ = ["keys", "rig"]  # fixtures are found by their names


async def ask(rig: Rig, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    return await rig.ask(method, f"api{path}", body)


async def raw(rig: Rig, path: str, data: bytes, kind: str = "application/json") -> tuple[int, Any]:
    url = f"{rig.lab.url}/lab/api{path}"
    async with rig.session.post(url, data=data, headers={"Content-Type": kind}) as answer:
        return answer.status, await answer.json()


@pytest.mark.row(149)
async def test_the_state_tells_glass_paper_voice_plugs_phone_and_faults_in_one_document(rig: Rig) -> None:
    transport = await open_serial(str(rig.state / "lab" / "dev" / "display"))
    display = CounterDisplay(transport)
    await display.hello()
    code = qr.encode("https://pay.example/CT-7")
    await display.show_qr(7, 60, code.version, code.packed, tiles=())
    status, told = await ask(rig, "GET", "/state")
    await transport.close()
    assert status == 200
    assert told["screen"]["kind"] == "code"
    assert told["screen"]["code"] == "https://pay.example/CT-7"
    assert told["paper"] == {"slips": [], "count": 0, "out": False, "cover_open": False}
    assert (told["spoken"], told["faults"], told["sales"], told["service"]) == ([], [], [], "down")
    assert set(told["plugged"].values()) == {True}
    status, lines = await ask(rig, "GET", "/timeline?after=0")
    assert lines["last"] == told["line"]
    assert any(each["text"].startswith("SHOW_QR") for each in lines["lines"])
    assert (await ask(rig, "GET", f"/timeline?after={lines['last']}"))[1] == {"lines": [], "last": lines["last"]}


@pytest.mark.row(144, 149)
async def test_hands_at_the_counter_by_curl(rig: Rig) -> None:
    stand = rig.lab.lab.stand
    status, told = await ask(rig, "POST", "/faults", {"name": "paper-out", "duration_s": 30})
    assert (status, told["name"]) == (200, "paper-out")
    assert "new roll" in told["cashier"]
    assert stand.printer.paper_out
    assert (await ask(rig, "GET", "/state"))[1]["faults"][0]["expected"] == told["expected"]
    status, paper = await ask(rig, "POST", "/printer/paper", {"act": "load"})
    assert (paper["out"], rig.lab.lab.active()) == (False, [])
    await ask(rig, "POST", "/printer/paper", {"act": "open"})
    assert stand.printer.cover_open
    await ask(rig, "POST", "/printer/paper", {"act": "close"})
    assert not stand.printer.cover_open
    assert (await ask(rig, "POST", "/unplug", {"role": "scanner"}))[1]["plugged"]["scanner"] is False
    assert (await ask(rig, "POST", "/replug", {"role": "scanner"}))[1]["plugged"]["scanner"] is True
    status, told = await ask(rig, "POST", "/scanner/scan", {})
    assert (status, len(told["scanned"])) == (200, 18)
    assert (await ask(rig, "POST", "/scanner/scan", {"text": "690123"}))[1] == {"scanned": "690123"}
    await ask(rig, "POST", "/faults", {"name": "display-mute"})
    await ask(rig, "POST", "/faults", {"name": "error-500", "count": 2})
    active = (await ask(rig, "GET", "/state"))[1]["faults"]
    assert [each["name"] for each in active] == ["display-mute", "error-500"]  # at once, not when the bank is seen
    assert (await ask(rig, "DELETE", "/faults"))[1] == {"faults": []}
    assert not stand.display.mute
    assert rig.sandbox.bank.faults.active() == ()


REFUSED: list[tuple[str, dict[str, Any], int, str, str]] = [
    ("/faults", {"name": "paper-oot"}, 404, "fault_unknown", "near: paper-out"),
    ("/faults", {"name": "qqqq"}, 404, "fault_unknown", "see countertop lab list"),
    ("/faults", {"name": "paper-out", "count": 3}, 422, "fault_parameters", "no count; it takes duration_s"),
    ("/faults", {"name": "race-scan-vs-qr"}, 409, "a_story", "countertop lab run race-scan-vs-qr"),
    ("/faults", {"name": "paper-out", "count": 0}, 422, "field_wrong", "count"),
    ("/faults", {"name": "paper-out", "hours": 3}, 422, "field_wrong", "unknown field `hours`"),
    ("/faults", {"name": "clock+10min"}, 409, "needs_virtual_time", "countertop lab serve --virtual"),
    ("/faults", {"name": "kill-mid-sale"}, 409, "no_service", "No service"),
    ("/unplug", {"role": "kettle"}, 422, "field_wrong", "role"),
    ("/phone/pay", {}, 409, "nothing_scanned", "/phone/scan first"),
    ("/phone/scan", {}, 409, "not_readable", "nothing is shown"),
    ("/phone/scan", {"code": "weixin://nobody"}, 409, "unknown-code", "The wallet says no"),
    ("/clock/advance", {"seconds": 60}, 409, "real_time", "countertop lab serve --virtual"),
]


async def test_what_cannot_be_done_is_told_in_a_sentence(rig: Rig) -> None:
    for path, body, status, error, words in REFUSED:
        got, told = await ask(rig, "POST", path, body)
        assert (got, told["error"]) == (status, error), (path, body)
        assert words in told["sentence"], (path, body)


async def test_near_names_come_as_data_and_only_strict_json_is_read(rig: Rig) -> None:
    _, told = await ask(rig, "POST", "/faults", {"name": "paper-oot"})
    assert told["near"][0] == "paper-out"
    assert (await raw(rig, "/faults", b'{"name": "paper-out", "name": "x"}'))[1]["error"] == "json_duplicate_key"
    assert (await raw(rig, "/faults", b"{name"))[0] == 400
    assert (await raw(rig, "/faults", b'{"name": "paper-out"}', "text/plain"))[0] == 415
    assert (await raw(rig, "/faults", b""))[0] == 400
    assert rig.lab.lab.active() == []


async def test_what_the_server_itself_refuses_is_a_document_as_well(rig: Rig) -> None:
    """No such call, another method, no token, another Host, a body without end."""
    url = f"{rig.lab.url}/lab/api"
    for method, path, more, wanted in (
        ("GET", "/nothing", {}, (404, "no_such_call")),
        ("POST", "/state", {}, (405, "method_wrong")),
        ("GET", "/state", {"headers": {"Authorization": "Bearer no"}}, (403, "no_token")),
        ("GET", "/state", {"headers": {"Host": "evil.example"}}, (421, "host_wrong")),
        ("POST", "/faults", {"data": b"{" * 20_000}, (413, "too_long")),
    ):
        async with rig.session.request(method, url + path, **more) as answer:
            told = await answer.json()
            assert (answer.status, told["error"]) == wanted
            assert told["sentence"].endswith(".")


async def test_the_sentences_follow_the_language_that_is_accepted(rig: Rig) -> None:
    url = f"{rig.lab.url}/lab/api/faults"
    async with rig.session.get(url, headers={"Accept-Language": "pt-BR"}) as answer:
        rows = {each["name"]: each for each in (await answer.json())["faults"]}
    assert "bobina" in rows["paper-out"]["cashier"]
    assert rows["paper-out"]["here"]
    assert not rows["clock+10min"]["here"]


async def test_the_document_names_every_verb_and_every_answer_is_of_its_type(rig: Rig) -> None:
    async with rig.session.get(f"{rig.lab.url}/lab/api/openapi.json") as answer:
        document = await answer.json()
    assert document["openapi"] == "3.1.0"
    operations = {(m.upper(), path) for path, row in document["paths"].items() for m in row}
    assert operations == {(verb.method, PREFIX + verb.path) for verb in VERBS}
    names = [row[m]["operationId"] for row in document["paths"].values() for m in row]
    assert len(set(names)) == len(names)
    known = set(document["components"]["schemas"])
    used = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert used <= known
    _, state = await ask(rig, "GET", "/state")
    assert set(document["components"]["schemas"]["State"]["required"]) == set(state)
