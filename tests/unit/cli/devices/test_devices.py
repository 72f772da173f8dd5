"""``countertop devices`` where no service answers: ports are listed all the same, and why health is not."""

from pathlib import Path

import msgspec
import pytest

from terminal.cli.devices.command import proposed
from terminal.people.key_file import write_key
from tests.flows.cli_rig import command
from tests.flows.ports import claim


def test_without_a_service_the_ports_are_listed_and_the_reason_is_told(tmp_path: Path) -> None:
    write_key(tmp_path / "api-key", "some-key")
    here = "--key-file", tmp_path / "api-key", "--url", f"http://127.0.0.1:{claim()}"
    said = command("devices", *here)
    assert said.code == 0
    assert said.codes == ["N-02"]
    assert "port" in said.out
    told = command("devices", "--json", *here)
    assert (told.code, told.err) == (0, "")
    document = msgspec.json.decode(told.out)
    assert document["counters"] == []
    assert document["error"]["error"] == "service_not_running"
    assert all(set(port) == {"port", "what", "binding"} for port in document["ports"])


def test_without_a_key_it_says_so_instead_of_blaming_the_service(tmp_path: Path) -> None:
    said = command("devices", "--key-file", tmp_path / "none")
    assert (said.code, said.codes) == (0, ["C-29"])


@pytest.mark.row(44)
def test_who_looks_like_a_dead_device_s_replacement_is_told_with_where_to_say_yes() -> None:
    gone = {"state": "fault", "reason": "printer_gone", "age_s": 2, "detail": {"port": "usb-path:1.2"}}
    offer = {"role": "printer", "port": "usb-path:1.4", "title": "Epson TM-T88"}
    counter = {"id": "1", "health": {"printer": gone}, "stand_ins": [offer]}
    [said] = proposed(counter, "en")
    assert said == (
        "Printer usb-path:1.2 does not answer. Epson TM-T88 at usb-path:1.4 looks like its replacement: use it? "
        "(Use it: /c/1/till, /devices)"
    )
    for language in ("zh-CN", "pt-BR"):
        [said] = proposed(counter, language)
        assert all(each in said for each in ("usb-path:1.2", "Epson TM-T88", "usb-path:1.4"))
    assert proposed({**counter, "stand_ins": []}, "en") == []
