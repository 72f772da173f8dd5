"""The same by commands: a sale's timeline and its file, latency, a bundle checked and opened, help by code."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import pytest
import typer

from terminal.cli import stats as stats_command
from terminal.cli import support as support_command
from terminal.cli.bundle import showing
from terminal.cli.doctor.service import service_findings
from terminal.cli.sale_story import tell_story
from terminal.cli.stats import figures
from terminal.observe.stages import Stage
from terminal.people.key_file import write_key
from terminal.privacy.bundle import zipped
from terminal.settings import load
from terminal.web.pages.bundle_reader import read_bundle
from tests.flows.api_rig import WATCHDOG_S
from tests.flows.cli_rig import APIV3_KEY, Place, command
from tests.flows.see_inside_rig import inside


@pytest.mark.row(133)
async def test_a_sale_s_timeline_is_told_and_shared_as_a_file_that_names_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with inside(tmp_path) as shop:
        pos = await shop.shop.machine()
        sale = await shop.shop.paid(pos, reference="CANARY-REFERENCE")
        key = tmp_path / "api-key"
        write_key(key, pos.headers["Authorization"].removeprefix("Bearer "))
        about = shop.url, key, sale["id"]
        await tell_story(*about, share=None, amounts=False, as_json=False)
        told = capsys.readouterr().out
        assert "Sale opened" in told
        assert "Order: code received" in told
        for name, text in (("out.html", "<!doctype html>"), ("out.json", '"countertop-sale"')):
            await tell_story(*about, share=tmp_path / name, amounts=False, as_json=False)
            data = (tmp_path / name).read_text("utf-8")
            assert text in data
            assert [each for each in (sale["id"], "CANARY-REFERENCE", "2850", "28.50") if each in data] == []
            assert (tmp_path / name).stat().st_mode & 0o077 == 0
        for name in ("out.html", "out.txt"):
            with pytest.raises(typer.Exit):
                await tell_story(*about, share=tmp_path / name, amounts=True, as_json=False)
        assert (tmp_path / "out.html").read_text("utf-8").startswith("<!doctype html>"), "what is there stays"
        with pytest.raises(Exception, match="sale_unknown"):
            await tell_story(shop.url, key, "0" * 26, share=None, amounts=False, as_json=True)


async def test_latency_is_read_from_the_journal_beside_a_running_service(tmp_path: Path) -> None:
    async with inside(tmp_path) as shop:
        pos = await shop.shop.machine()
        for counter in ("1", "1", "2"):
            await shop.shop.paid(pos, counter=counter)
        told = await asyncio.to_thread(lambda: figures(stats_command.told(tmp_path / "journal.db", 10, "")))
        assert told["green"]["sales"] == 3
        assert told["green"]["p50_ms"] <= told["green"]["p95_ms"]
        assert told["bank_code"]["sales"] == 3
        mine = figures(stats_command.told(tmp_path / "journal.db", 10, "2"))
        assert mine["green"]["sales"] == 1
        assert figures(stats_command.told(tmp_path / "journal.db", 2, ""))["green"]["sales"] == 2


def test_percentiles_are_values_that_were_measured() -> None:
    sales = [(ms, [Stage("paper", ms, 10 * ms)]) for ms in range(1, 101)]
    told = figures(iter(sales))
    assert told == {
        "green": {"sales": 100, "p50_ms": 50, "p95_ms": 95},
        "paper": {"sales": 100, "p50_ms": 500, "p95_ms": 950},
    }
    assert figures(iter([(7, [])])) == {"green": {"sales": 1, "p50_ms": 7, "p95_ms": 7}}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.example()
    made.secrets()
    return made


@pytest.mark.row(135)
def test_i19_bundle_make_check_searches_for_every_secret_and_says_where_one_stands(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    said = command("bundle", "make", "--check", "--json", "--config", place.config)
    told = msgspec.json.decode(said.out)
    assert (said.code, told["found_in"]) == (0, [])
    assert told["secrets"] >= 2
    assert command("stats", "latency", "--json", "--config", place.config).out.strip() == "{}"
    loaded = load(place.config)
    with pytest.raises(typer.Exit) as ended:
        support_command.check_files(loaded, {"a.txt": b"x", "b.txt": f"{APIV3_KEY}".encode()}, as_json=False)
    assert ended.value.exit_code == 1
    assert "b.txt" in capsys.readouterr().out


@pytest.mark.row(135)
async def test_a_bundle_that_was_sent_opens_on_this_computer_at_an_address_nobody_knows(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(zipped({"versions.json": b'{"python":"3"}', "logs/a.log": b"<script>x</script>"}))
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        url = await showing(stack, read_bundle(file), 0)
        async with asyncio.timeout(WATCHDOG_S), session.get(url) as page:
            text = await page.text()
            assert page.status == 200
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert "&lt;script&gt;x" in text
        home = url.rsplit("/", 2)[0] + "/"
        for path, headers, status in ((home, {}, 404), (url, {"Host": "evil.example"}, 403)):
            async with session.get(path, headers=headers) as refused:
                assert refused.status == status
        async with session.post(url) as changed:
            assert changed.status == 405
    said = command("bundle", "open", tmp_path / "none.zip")
    assert (said.code, said.codes) == (1, ["C-81"])


@pytest.mark.row(136, 154)
def test_a_code_or_a_word_leads_to_a_sentence_and_its_fix() -> None:
    said = command("help", "P-01")
    assert said.code == 0
    assert said.out.startswith("P-01")
    assert len(said.out.strip().splitlines()) == 2
    told = msgspec.json.decode(command("help", "paper", "--json").out)
    assert "printer_paper_out" in {each["slug"] for each in told}
    assert command("help", "no", "such", "thing", "anywhere").code == 1


def test_the_doctor_says_who_answers_where_the_settings_say_so(place: Place) -> None:
    loaded = load(place.config)
    listen = msgspec.structs.replace(loaded.settings.listen, notify_port=7601)
    loaded = replace(loaded, settings=msgspec.structs.replace(loaded.settings, listen=listen))
    found = {listen.port: "python -m terminal (process 7)", listen.notify_port: "nginx (process 8)"}
    told = service_findings(loaded, lambda ports: {each: found[each] for each in ports if each in found})
    assert [(each.slug, each.level) for each in told] == [
        ("listener_up", "good"),
        ("listener_taken", "wrong"),
        ("metrics_by_key", "good"),
    ]
    assert "nginx" in told[1].words("en")[0]
    assert [each.slug for each in service_findings(loaded, lambda _ports: {})][:2] == ["listener_down"] * 2
