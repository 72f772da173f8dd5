"""The pages about devices: the list is whole, and the invented device of "your own device" works as written."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.catalogue import all_protocols, of_role
from drivers.device_protocol import DeviceProtocol
from drivers.scanner.line import Line
from drivers.scanner.profile import load_profile
from drivers.transport import Transport
from terminal.virtual_time import run
from tests.devices.conformance.cases import CASES
from tests.devices.wires import wire
from tests.unit.drivers.golden import vectors

PAGES: Final = Path(__file__).parents[2] / "docs" / "devices"


@pytest.mark.row(155)
def test_the_list_of_devices_links_the_page_of_every_protocol() -> None:
    text = (PAGES / "README.md").read_text("utf-8")
    assert [each.key for each in all_protocols() if f"[`{each.key}`]({each.page})" not in text] == []
    links = [link for page in ("README.md", "your-own-device.md") for link in _links(page)]
    assert [link for link in links if not (PAGES / link).is_file()] == []


@pytest.mark.row(155)
@pytest.mark.parametrize("protocol", all_protocols(), ids=lambda protocol: protocol.key)
def test_the_page_of_a_protocol_has_bytes_of_its_vectors_sources_profiles_and_what_is_unverified(
    protocol: DeviceProtocol,
) -> None:
    page = (PAGES / protocol.page).read_text("utf-8")
    (name,) = {case.vectors for case in CASES if case.key.split(" ")[0] == protocol.key}
    assert f"tests/golden/{name}" in page
    shown = [bytes.fromhex(each) for each in re.findall(r"(?:[0-9A-F]{2} ){3,}[0-9A-F]{2}", page)]
    golden = vectors(name.removesuffix(".hex")).values()
    assert any(each in vector for each in shown for vector in golden), "no bytes of its vectors"
    assert [each for each in protocol.profiles if f"`{each}`" not in page and f'"{each}"' not in page] == []
    assert re.search(r"^(## )?Sources", page, re.MULTILINE)
    assert re.search("[Nn]ot (verified|run) on", page) or not (protocol.unverified or protocol.not_run)


def _links(page: str) -> list[str]:
    return re.findall(r"\]\(([^)#:]+\.md)\)", (PAGES / page).read_text("utf-8"))


def test_the_file_that_is_told_to_build_a_role_s_devices_builds_them() -> None:
    page = (PAGES / "your-own-device.md").read_text("utf-8")
    told = re.findall(r"^\| (\w+) \|.*a `case` in `([^`]+)` \|$", page, re.MULTILINE)
    assert [role for role, _ in told] == ["display", "speaker"]
    for role, file in told:
        code = (PAGES.parents[1] / file).read_text("utf-8")
        assert all(f'"{each.name}"' in code for each in of_role(role) if each.name != "countertop"), file


def blocks() -> list[str]:
    return re.findall(r"```\w*\n(.*?)```", (PAGES / "your-own-device.md").read_text("utf-8"), re.DOTALL)


def python(marker: str) -> dict[str, Any]:
    """What the page's block with this name in it defines."""
    code = next(block for block in blocks() if marker in block)
    namespace: dict[str, Any] = {"__name__": f"page.{marker}"}
    exec(compile(code, marker, "exec"), namespace)  # our own page
    return namespace


def test_the_page_s_codec_reads_the_page_s_examples() -> None:
    vectors = next(block for block in blocks() if block.startswith("its name: "))
    lines = dict(line.split(": ") for line in vectors.splitlines())
    tally = python("class TallySpeech")
    decoder = tally["Decoder"]()
    assert decoder.feed(bytes.fromhex(lines["its name"])) == [tally["Name"]("TALLY")]
    assert decoder.feed(bytes.fromhex(lines["a scan of 4006381"])) == [Line("4006381")]


def test_the_page_s_driver_and_its_simulated_device_understand_each_other() -> None:
    tally, stub = python("class TallySpeech"), python("class TallyScanner")["TallyScanner"]

    async def story() -> None:
        device: Transport = wire(stub())
        found = await tally["probe"](device)
        assert (found.protocol, found.detail) == ("tally", {"name": "TALLY"})
        silent: Transport = wire(stub(mute=True))
        assert await tally["probe"](silent) is None
        speech = tally["TallySpeech"](load_profile("line"))
        assert speech.asks
        assert isinstance(speech.session(), tally["Decoder"])

    run(story(), seed=1)
