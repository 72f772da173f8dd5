"""Asking an unknown port which scanner is there: right, within its limit, and harmless to every other device."""

import asyncio

import pytest

from drivers.catalogue import of_role
from drivers.device_protocol import DeviceProtocol, Found
from drivers.errors import DeviceGone
from firmware_stubs.scanner import LineScanner
from terminal.virtual_time import run
from tests.devices.conformance.case import DeviceCase
from tests.devices.conformance.cases import CASES
from tests.devices.wires import wire

PROBED = [protocol for protocol in of_role("scanner") if protocol.probe]
PROBE_S = 1.5
each_probe = pytest.mark.parametrize("protocol", PROBED, ids=lambda protocol: protocol.name)

# CR, LF and FF make a printer print, BEL opens a Star printer's drawer, the other control bytes set or move
# something on printers and text displays; then the bytes that begin or end a frame of panels and talking chips.
ACTING = {*range(0x07, 0x20), 0x5A, 0xAA, 0xFD, 0xEF}


async def ask(protocol: DeviceProtocol, case: DeviceCase, **faults: bytes) -> tuple[Found | None, bytes, bool]:
    cable = wire(case.stub(), baud=case.baud, **faults)
    sent = bytearray()
    cable.tap = lambda source, data: sent.extend(data) if source == "host" else None
    began_s = asyncio.get_running_loop().time()
    assert protocol.probe
    found = await protocol.probe(cable)
    assert asyncio.get_running_loop().time() - began_s <= PROBE_S
    await asyncio.sleep(20)
    cable.poke()
    return found, bytes(sent), case.did(cable.stub)


@pytest.mark.row(97)
@each_probe
def test_l10_a_probe_finds_its_own_and_no_other_and_no_device_acts(protocol: DeviceProtocol) -> None:
    async def story() -> None:
        for case in CASES:
            found, sent, acted = await ask(protocol, case)
            key = case.key.split(" ")[0]
            assert (found is not None) == (key == protocol.key), key
            assert not found or (found.role, found.protocol) == ("scanner", protocol.name)
            assert not acted, key
            assert not ACTING & {*sent}

    run(story(), seed=1)


@each_probe
def test_a_probe_hears_its_answer_behind_old_bytes_and_changes_nothing(protocol: DeviceProtocol) -> None:
    async def story() -> None:
        (case,) = [case for case in CASES if case.key == protocol.key]
        found, _, _ = await ask(protocol, case, flood=b"half a co")
        assert found
        assert found.profile in protocol.profiles

    run(story(), seed=1)


@each_probe
def test_a_probe_of_a_port_that_goes_says_so_and_of_a_chatterbox_ends(protocol: DeviceProtocol) -> None:
    async def story() -> None:
        cable = wire(LineScanner(), cut_after=1)
        assert protocol.probe
        with pytest.raises(DeviceGone):
            await protocol.probe(cable)
        stub = LineScanner()
        stub.scan(b"7" * 4000, times=1000, every_ms=1)
        talker = wire(stub)
        async with asyncio.timeout(PROBE_S):
            assert await protocol.probe(talker) is None
        stalled = wire(LineScanner(), stall_after=0)
        async with asyncio.timeout(PROBE_S):
            assert await protocol.probe(stalled) is None

    run(story(), seed=1)
