"""The M3Y-W's frames against the published ones; a code that begins with Z is no frame."""

import asyncio

import pytest

from drivers.errors import DeviceRefused
from drivers.scanner.line import Line, LineDecoder, Refusal
from drivers.scanner.m3y import READ, REST, TEXT_MAX, VERSION, Answer, Decoder, command
from firmware_stubs.scanner_m3y import M3yScanner
from terminal.virtual_time import run
from tests.devices.scanner_rig import CODE, running
from tests.unit.drivers.golden import vectors

V = vectors("m3y")
DONE = Answer(b"\x90\x00")


@pytest.mark.row(41)
def test_the_published_commands_are_what_we_send() -> None:
    assert (command(READ), command(REST)) == (V["start SR030301"], V["stop SR030300"])
    assert (command(VERSION), command("S_CMD_FFFF")) == (V["version"], V["factory reset"])


@pytest.mark.row(41)
def test_l4_every_split_of_an_answer_between_codes_gives_the_same() -> None:
    data = b"Z123456\r" + V["reply OK"] + b"Z\r" + V["reply OK"] + b"130012345678901234\r\n"
    for cut in range(len(data)):
        decoder = Decoder()
        found = decoder.feed(data[:cut]) + decoder.feed(data[cut:])
        assert found == [Line("Z123456"), DONE, Line("Z"), DONE, Line("130012345678901234")], cut
        assert not decoder.pending


@pytest.mark.row(41)
@pytest.mark.parametrize(
    "frame",
    [
        V["reply OK"][:-2] + b"\x92\xa5",
        V["reply OK"][:-1] + b"\xa4",
        b"\x5a\x01" + (TEXT_MAX + 1).to_bytes(2, "big") + bytes(TEXT_MAX + 3),
        b"\x5a\x01\xff\xff" + bytes(70),
        b"\x5a\x01\x01\x02\x90\x00\x92\xa5",
    ],
    ids=["check", "end mark", "too long", "vast", "the length's low byte alone"],
)
def test_l3_what_only_looks_like_an_answer_is_refused_and_the_next_one_read(frame: bytes) -> None:
    decoder = Decoder()
    found = decoder.feed(frame + b"\r") + decoder.feed(b"\r" + V["reply OK"])
    assert found[-1] == DONE
    assert all(isinstance(each, Refusal) for each in found[:-1])


@pytest.mark.row(41)
def test_c2_what_is_left_of_an_answer_is_dropped_when_the_line_goes_quiet() -> None:
    decoder = Decoder()
    assert decoder.feed(V["reply OK"][:3]) == []
    assert decoder.pending
    assert decoder.idle() == [Refusal.INCOMPLETE]
    assert decoder.feed(V["reply OK"]) == [DONE]


@pytest.mark.row(41)
def test_a_code_of_one_letter_that_could_begin_an_answer_is_a_code_when_the_line_goes_quiet() -> None:
    decoder = Decoder(line=LineDecoder(suffix="none"))
    assert decoder.feed(b"Z") == []
    assert decoder.idle() == [Line("Z")]


@pytest.mark.row(41)
def test_a_module_reads_between_start_and_stop_is_never_reset_and_its_no_is_told() -> None:
    async def story() -> None:
        stub = M3yScanner(on_demand=True)
        async with running(stub, "m3y-trigger", chunk=1) as counter:
            who = await counter.scanner.hello()
            assert (who.known, who.software) == (True, "M3Y-W V1.02")
            counter.scan("too early")
            async with counter.scanner.armed():
                counter.scan(CODE)
                await asyncio.sleep(1)
            assert counter.texts == [CODE]
            stub.refuses = True
            with pytest.raises(DeviceRefused, match="another profile"):
                async with counter.scanner.armed():
                    pass
        assert stub.resets == 0

    run(story(), seed=1)


@pytest.mark.row(41)
def test_l7_a_version_that_comes_late_is_no_answer_to_start() -> None:
    async def story() -> None:
        stub = M3yScanner(on_demand=True)
        async with running(stub, "m3y-trigger") as counter:
            await counter.scanner.hello()
            counter.cable.delay_s = 0.6  # beyond its half second
            assert await counter.scanner.alive()
            await asyncio.sleep(0.4)  # asked twice: the second answer comes 0.1 s from now
            counter.cable.delay_s = 0.2
            async with counter.scanner.armed():
                counter.scan(CODE)
                await asyncio.sleep(0.3)
            assert counter.texts == [CODE]

    run(story(), seed=1)
