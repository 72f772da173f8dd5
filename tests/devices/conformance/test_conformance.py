"""Every protocol against its independent stub: on cables in memory with faults, on ptys, on sockets."""

from pathlib import Path

import pytest

from drivers.catalogue import all_protocols
from terminal.virtual_time import run
from tests.devices.conformance.case import DeviceCase
from tests.devices.conformance.cases import CASES
from tests.devices.conformance.checks import ON_WIRES, on_pty, on_tcp, strangers, works_and_survives_unplugging

pytestmark = pytest.mark.no_cover  # many cases of few lines: other tests measure those

GOLDEN = Path(__file__).parents[2] / "golden"
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)


def test_every_protocol_has_a_case_and_its_vectors() -> None:
    assert {case.key.split(" ")[0] for case in CASES} == {protocol.key for protocol in all_protocols()}
    assert not [case.vectors for case in CASES if not (GOLDEN / case.vectors).is_file()]


@pytest.mark.row(41, 58, 97)
@pytest.mark.parametrize("check", ON_WIRES)
@each_case
def test_l1_l3_l4_l6_l7_l8_a_protocol_stands_every_fault_of_its_line(case: DeviceCase, check: str) -> None:
    run(_story(case, check), seed=1)


async def _story(case: DeviceCase, check: str) -> None:
    await ON_WIRES[check](case)


@pytest.mark.row(41)
@each_case
def test_l10_no_other_device_is_taken_for_ours(case: DeviceCase) -> None:
    async def story() -> None:
        await strangers(case, CASES)

    run(story(), seed=1)


@pytest.mark.row(41, 43)
@each_case
async def test_l1_on_a_pseudo_terminal_and_again_after_unplugging(case: DeviceCase, tmp_path: Path) -> None:
    async with on_pty(case, tmp_path) as (cable, open_):
        await works_and_survives_unplugging(case, cable, open_)


@pytest.mark.row(41, 43)
@each_case
async def test_l1_on_a_socket_and_again_after_unplugging(case: DeviceCase) -> None:
    async with on_tcp(case) as (cable, open_):
        await works_and_survives_unplugging(case, cable, open_)
