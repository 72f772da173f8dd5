"""A whole visit on the simulated counter, killed and resumed at every step, and refused where it should be."""

import asyncio
import json
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from terminal.banks.connector import ProviderKey
from terminal.banks.signing import MacSigner, MacVerifier
from terminal.cli.commands import app
from terminal.cli.words import REFUSED, USAGE
from terminal.simulation.visit_lab import COUNTER, VISIT_HOURS, VisitLab
from terminal.simulation.visit_play import Played, play
from terminal.virtual_time import VirtualLoop, run
from terminal.visit.script import Script, read_script
from terminal.visit.seal import check, digest
from terminal.visit.steps import Step

SCRIPT = Path(__file__).parent / "visit.toml"
MINUTES_20 = 20 * 60
NOBODY = "01KAK3V5M2Q8ZP6T4W9XN7B1CD"


def script() -> Script:
    return read_script(SCRIPT.read_bytes())


def command(*words: str) -> tuple[int, str]:
    told = CliRunner().invoke(app, [str(word) for word in words])
    return told.exit_code, told.output


def steps_of(played: Played) -> dict[str, Any]:
    return {each["step"]: each for each in check(played.record, kind="acceptance").document["steps"]}


@pytest.mark.row(97, 98, 99, 101)
def test_a_whole_visit_by_script_in_twenty_minutes_checked_elsewhere_and_a_flipped_byte_found(
    tmp_path: Path,
) -> None:
    out = tmp_path / "acceptance.json"
    code, said = command("onboard", "--script", str(SCRIPT), "--out", str(out), "--json")
    assert code == 0, said
    told = json.loads(said)
    assert told["seconds"] <= MINUTES_20
    assert told["steps"] == dict.fromkeys(Step, "passed"), "every step with its proof"

    code, said = command("verify", str(out), "--key", told["key"].lower(), "--json")
    assert code == 0, said
    document = json.loads(said)["document"]
    proof = {each["step"]: each["proof"] for each in document["steps"]}
    assert set(proof["sheet"]["legs"].values()) == {"ok"}
    assert [each["answer"] for each in proof["identity"]["channels"]] == ["not_there"]
    assert {each["role"]: each["result"] for each in proof["devices"]["devices"]} == dict.fromkeys(
        ("display", "scanner", "printer", "speaker"), "passed"
    )
    assert {each["way"] for each in proof["cent"]["sales"]} == {"push", "pull"}
    references = [each[end] for each in proof["cent"]["sales"] for end in ("bank_reference", "refund_reference")]
    assert len([each for each in references if each]) == 4, "four bank references"
    assert {each["refund_way"] for each in proof["cent"]["sales"]} == {"refund", "void"}
    assert all(proof["faults"]["ticks"].values())
    assert proof["people"]["people"] == {"owner": 1, "cashier": 1}
    (exam,) = proof["training"]["exams"]
    assert exam["passed"]
    assert document["visit"]["begun_ms"] < exam["at_ms"] < document["accepted_ms"]
    assert {each["result"] for each in proof["training"]["lessons"]} == {"passed"}
    assert [each["seconds"] for each in document["steps"] if each["step"] == "devices"] == [180]
    assert document["left_out"] == []

    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    out.write_bytes(bytes(data))
    assert command("verify", str(out))[0] == REFUSED
    assert command("verify", str(tmp_path / "none.json"))[0] == USAGE


async def damaged_on_disk(lab: VisitLab, li: str) -> None:
    """A record that was changed there is not given out."""
    view = await lab.told(li, "GET", "/visit")
    assert view["state"] == "accepted"
    path = lab.folder / "state" / "visits" / f"{view['visit']}.json"
    assert digest(path.read_bytes()) == view["record"]
    path.write_bytes(path.read_bytes()[:-1])
    status, data = await lab.ask(li, "GET", "/visit/record")
    assert (status, msgspec.json.decode(data)["slug"]) == (503, "visit_record_damaged")


@pytest.mark.row(99)
def test_the_power_goes_at_every_step_and_the_visit_goes_on_over_the_same_journal(tmp_path: Path) -> None:
    whole = script()
    cut = {Step.QUESTIONS, Step.IDENTITY, Step.PEOPLE, Step.CENT}
    steps = [msgspec.structs.replace(each, cut=True) for each in whole.steps if each.step in cut]
    shorter = msgspec.structs.replace(whole, steps=steps)
    played = run(play(shorter, tmp_path, after=damaged_on_disk), seed=3)
    ended = steps_of(played)
    assert set(ended) == {*cut, Step.ACCEPTANCE}
    assert {each["result"] for each in ended.values()} == {"passed"}
    assert {each["tries"] for each in ended.values()} == {1}, "what was under way left nothing"


@pytest.mark.slow
@pytest.mark.row(97, 98, 99)
def test_the_power_goes_at_every_step_also_under_device_tests_and_faults(tmp_path: Path) -> None:
    whole = script()
    steps = [msgspec.structs.replace(each, cut=True) for each in whole.steps]
    played = run(play(msgspec.structs.replace(whole, steps=steps), tmp_path), seed=4)
    assert {each["result"] for each in steps_of(played).values()} == {"passed"}


def story(folder: Path, tell: Callable[[VisitLab, str], Awaitable[None]]) -> None:
    """A shop with a visitor who is signed in."""

    async def told() -> None:
        lab = VisitLab(folder, 5, script().people)
        await lab.open()
        try:
            await tell(lab, await lab.signed_in(lab.visitor))
        finally:
            await lab.close()

    run(told(), seed=5)


async def slug(lab: VisitLab, session: str, method: str, path: str, body: dict[str, Any] | None = None) -> str:
    status, data = await lab.ask(session, method, path, body)
    assert 400 <= status < 500, (status, data)
    told = msgspec.json.decode(data)
    assert told["detail"], "no sentence"
    return str(told["slug"])


@pytest.mark.row(96, 99)
def test_what_comes_in_the_wrong_order_or_twice_is_a_sentence(tmp_path: Path) -> None:
    async def tell(lab: VisitLab, li: str) -> None:
        assert (await lab.told(li, "GET", "/visit"))["state"] == "none"
        status, pack = await lab.ask(li, "POST", "/visit/pack")
        assert (status, check(pack, kind="pack").document["currency"]) == (200, "CNY")
        assert await slug(lab, li, "POST", "/visit/steps/sheet/begin") == "visit_none"
        assert (
            await slug(lab, li, "POST", "/visit/accept", {"signers": [{"person": "x", "pin": "1"}]})
            == "visit_none"
        )
        visit = await lab.told(li, "POST", "/visit")
        assert (await lab.told(li, "POST", "/visit"))["visit"] == visit["visit"], "the same one goes on"
        assert await slug(lab, li, "POST", "/visit/steps/coffee/begin") == "visit_step_unknown"
        end = "/visit/steps/cards/end"
        assert await slug(lab, li, "POST", end, {"result": "passed"}) == "visit_step_not_begun"
        await lab.told(li, "POST", "/visit/steps/cards/begin")
        assert await slug(lab, li, "POST", end, {"result": "passed", "told": {"n": 0.5}}) == "visit_proof_wrong"
        assert (
            await slug(lab, li, "POST", end, {"result": "passed", "told": {"n": "x" * 9000}})
            == "visit_proof_wrong"
        )
        assert await slug(lab, li, "POST", end, {"result": "failed", "cause": "nobody_knows"}) == "field_wrong"
        await lab.told(li, "POST", end, {"result": "passed"})
        assert await slug(lab, li, "POST", end, {"result": "passed"}) == "visit_step_not_begun", "twice"
        await lab.told(li, "POST", "/visit/steps/cent/begin")
        missing = {"result": "passed", "sales": [NOBODY]}
        assert await slug(lab, li, "POST", "/visit/steps/cent/end", missing) == "sale_unknown"
        view = await lab.told(li, "POST", "/visit/steps/cent/end", {"result": "passed"})
        cent = next(each for each in view["steps"] if each["step"] == "cent")
        assert (cent["result"], cent["cause"]) == ("failed", "visit_cent_missing"), "nobody's word makes it so"
        assert "no sale by the display yet" in cent["sentence"]
        await lab.told(li, "POST", "/visit/steps/acceptance/begin")
        ended = await slug(lab, li, "POST", "/visit/steps/acceptance/end", {"result": "passed"})
        assert ended == "visit_accept_instead"
        owner, pins = {"person": lab.owner, "pin": lab.persons.owner.pin}, {"person": lab.owner, "pin": "111222"}
        assert await slug(lab, li, "POST", "/visit/accept", {"signers": [owner, pins]}) == "pin_wrong"
        assert await slug(lab, li, "POST", "/visit/accept", {"signers": [owner, owner]}) == "visit_not_done"
        assert await slug(lab, li, "GET", "/visit/record") == "visit_unknown"
        await lab.told(li, "POST", "/visit/drop", {"why": "no time"})
        assert await slug(lab, li, "POST", "/visit/drop", {"why": "again"}) == "visit_none"
        assert (await lab.told(li, "GET", "/visits"))["visits"][0]["state"] == "dropped"

    story(tmp_path, tell)


@pytest.mark.row(99)
def test_a_visitor_whose_time_is_over_signs_nothing_and_gets_no_further(tmp_path: Path) -> None:
    async def tell(lab: VisitLab, li: str) -> None:
        await lab.told(li, "POST", "/visit")
        await lab.told(li, "POST", "/visit/steps/cards/begin")
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.skip(VISIT_HOURS * 3600)
        assert await slug(lab, li, "POST", "/visit/steps/cards/end", {"result": "passed"}) == "not_signed_in"
        owner = await lab.signed_in(lab.owner)
        signers = [
            {"person": lab.owner, "pin": lab.persons.owner.pin},
            {"person": lab.visitor, "pin": lab.persons.visitor.pin, "code": lab.code()},
        ]
        assert await slug(lab, owner, "POST", "/visit/accept", {"signers": signers}) == "visit_over"
        view = await lab.told(owner, "POST", "/visit/steps/cards/end", {"result": "passed"})
        assert view["state"] == "open", "the owner goes on without them"

    story(tmp_path, tell)


async def cause(lab: VisitLab, session: str, step: Step) -> str:
    return str((await lab.told(session, "POST", f"/visit/steps/{step}/check"))["cause"])


@pytest.mark.row(96)
def test_dead_line_our_wrong_key_and_a_strange_bank_are_told_apart(tmp_path: Path) -> None:
    async def tell(lab: VisitLab, li: str) -> None:
        await lab.told(li, "POST", "/visit")
        sound = lab.world.ring
        assert await cause(lab, li, Step.IDENTITY) == ""
        lab.world.line.faults.refused = 1000
        assert await cause(lab, li, Step.IDENTITY) == "visit_bank_unreached"
        sheet = await lab.told(li, "POST", "/visit/steps/sheet/check")
        assert (sheet["cause"], sheet["proof"]["legs"]["internet"]) == ("no_internet", "dead")
        assert sheet["proof"]["legs"]["bank"] == "cannot_tell", "behind a dead leg nothing is known"
        lab.world.line.faults.heal()

        mine = sound.shop
        lab.world.ring = replace(sound, signer=MacSigner(bytes(32), mine.serial))
        assert await again(lab) == "visit_keys_refused"
        strange = {mine.platform_serial: ProviderKey(MacVerifier(bytes(32)))}
        lab.world.ring = replace(sound, verifiers=strange)
        assert await again(lab) == "visit_keys_theirs"
        lab.world.ring = sound
        assert await again(lab) == ""

    async def again(lab: VisitLab) -> str:
        """Another settings file, another start."""
        await lab.restart()
        return await cause(lab, await lab.signed_in(lab.visitor), Step.IDENTITY)

    story(tmp_path, tell)


@pytest.mark.row(97)
def test_a_device_that_nobody_tested_or_that_is_dead_is_named(tmp_path: Path) -> None:
    async def tell(lab: VisitLab, li: str) -> None:
        await lab.told(li, "POST", "/visit")
        found = await lab.told(li, "POST", "/visit/steps/devices/check")
        assert found["cause"] == "visit_device_unproven"
        assert COUNTER in found["sentence"]
        assert {each["result"] for each in found["proof"]["devices"]} == {"none"}
        lab.counter.fault("paper-out")
        await lab.until(lambda: not lab.healthy("printer"), 60)
        sheet = await lab.told(li, "POST", "/visit/steps/sheet/check")
        assert (sheet["passed"], sheet["proof"]["legs"]["printer"]) == (False, "dead")
        assert sheet["proof"]["legs"]["bank"] == "ok", "one dead leg hides no other"

    story(tmp_path, tell)


ANSWERS = {
    "sells": "stall",
    "peak": "over_60",
    "printer": "no",
    "scanner": "no",
    "internet": "wifi",
    "works": "alone",
}


@pytest.mark.row(100)
def test_in_the_office_six_answers_propose_a_preset_and_begin_the_shops_files(tmp_path: Path) -> None:
    answers, shop = tmp_path / "shop.json", tmp_path / "shop"
    answers.write_text(json.dumps(ANSWERS))
    code, said = command("onboard", "--answers", str(answers), "--dry-run", "--currency", "JPY", "--json")
    assert (code, json.loads(said)["preset"], json.loads(said)["shop"]["limit_minor"]) == (
        *(0, "stall-no-printer"),
        1000,
    )
    assert "stall-no-printer" in command("onboard", "--answers", str(answers), "--dry-run")[1]
    code, said = command("onboard", "--prepare", str(shop), "--answers", str(answers))
    assert code == 0, said
    assert (shop / "secrets.toml").stat().st_mode & 0o777 == 0o600
    assert (shop / "keys").stat().st_mode & 0o777 == 0o700
    settings = tomllib.loads((shop / "countertop.toml").read_text("utf-8"))
    assert (settings["shop"]["excess"], settings["shop"]["currency"]) == ("refund", "CNY")
    before = (shop / "secrets.toml").read_bytes()
    assert command("onboard", "--prepare", str(shop))[0] == REFUSED, "never over what is there"
    assert (shop / "secrets.toml").read_bytes() == before
    answers.write_text(json.dumps({**ANSWERS, "works": "robots"}))
    code, said = command("onboard", "--answers", str(answers), "--dry-run")
    assert (code, "C-124" in said) == (REFUSED, True)
    for spoilt in (b'{"works": "\xff"}', b'{"works": ' + b"[" * 20_000):
        answers.write_bytes(spoilt)
        code, said = command("onboard", "--answers", str(answers), "--dry-run")
        assert (code, "C-123" in said) == (REFUSED, True)
    assert command("onboard")[0] == USAGE
    assert "pharmacy" in command("preset", "list")[1]
    assert "cut_off" in command("preset", "show", "restaurant")[1]
    assert command("preset", "show", "casino")[0] == REFUSED
