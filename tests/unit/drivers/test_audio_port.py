"""The sound output behind a player program: fake players stand for aplay, with real processes and pipes."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from drivers.audio_port import KILLED, AudioPort, audio_command, open_audio
from drivers.errors import DeviceError, DeviceGone, DeviceTimeout
from drivers.speaker.profile import load_profile
from terminal.counter.ports import HealthState, Played, Utterance
from terminal.payments.money import Money
from terminal.peripherals.phrases import phrase
from terminal.peripherals.speaker import TalkingSpeaker
from terminal.system import SystemClock

WATCHDOG_S = 30.0  # never waited for
SOUND = b"RIFF" + bytes(200_000)  # more than a pipe holds


def player(folder: Path, script: str) -> str:
    """A program that does this with its input."""
    file = folder / "player"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def sizes(folder: Path) -> list[int]:
    return [file.stat().st_size for file in folder.glob("*.wav")]


async def test_a_file_reaches_the_player_whole_and_its_end_is_told(tmp_path: Path) -> None:
    port = await open_audio("audio:default", (player(tmp_path, f'cat > "{tmp_path}/$1"'), "{device}"))
    async with asyncio.timeout(WATCHDOG_S):
        await port.write(SOUND, deadline_s=WATCHDOG_S)
        assert await port.read() == b"\0"
    assert (tmp_path / "default").read_bytes() == SOUND
    await port.close()


@pytest.mark.parametrize(
    ("script", "status"), [("exit 1", 1), ("cat > /dev/null; exit 7", 7), ("kill -9 $$", KILLED)]
)
async def test_how_a_player_ended_is_told(script: str, status: int, tmp_path: Path) -> None:
    port = await open_audio("audio:default", (player(tmp_path, script),))
    async with asyncio.timeout(WATCHDOG_S):
        await port.write(SOUND, deadline_s=WATCHDOG_S)
        assert await port.read() == bytes((status,))
        await port.write(SOUND, deadline_s=WATCHDOG_S)
        assert await port.discard_input() == bytes((status,))


async def test_v1_a_player_that_sleeps_is_killed_at_its_deadline_and_the_next_is_played(tmp_path: Path) -> None:
    script = f'if [ -e "{tmp_path}/woken" ]; then cat > /dev/null; else exec sleep 600; fi'
    port = await open_audio("audio:default", (player(tmp_path, script),))
    async with asyncio.timeout(WATCHDOG_S):
        with pytest.raises(DeviceTimeout, match="still playing"):
            await port.write(SOUND, deadline_s=0.2)
        (tmp_path / "woken").touch()
        await port.write(SOUND, deadline_s=WATCHDOG_S)
        assert await port.read() == b"\0"


async def test_an_empty_write_stops_what_is_played(tmp_path: Path) -> None:
    started = tmp_path / "started"
    port = await open_audio("audio:default", (player(tmp_path, f'touch "{started}"; exec sleep 600'),))
    async with asyncio.timeout(WATCHDOG_S):
        playing = asyncio.create_task(port.write(b"RIFF", deadline_s=WATCHDOG_S))
        while not started.exists():  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.005)
        await port.write(b"")
        await playing
        assert await port.read() == bytes((KILLED,))


async def test_a_program_that_is_not_installed_is_told_at_the_opening_and_at_the_first_sound(
    tmp_path: Path,
) -> None:
    with pytest.raises(DeviceGone, match="no-such-player is not installed"):
        await open_audio("audio:default", ("no-such-player",))
    port = AudioPort("audio:default", (str(tmp_path / "gone"),))
    heard: list[DeviceError] = []
    port.on_end(heard.append)
    with pytest.raises(DeviceGone, match="cannot be started"):
        await port.write(SOUND)
    assert [type(error) for error in heard] == [DeviceGone]
    with pytest.raises(DeviceGone):
        await port.read()


@pytest.mark.parametrize(
    "binding", ["", "audio:", "audio", "audio:-v", "audio:a b", "audio:x;y", "audio:../x", "link:/dev/x"]
)
def test_bad_input_a_name_that_could_be_an_option_or_a_command_is_none(binding: str) -> None:
    with pytest.raises(ValueError, match="names no sound output"):
        audio_command(binding, ("aplay",))


@pytest.mark.parametrize("name", ["audio", "audio-pulse", "audio-pipewire"])
def test_each_profile_names_the_output_in_one_word(name: str) -> None:
    words = audio_command("audio:hw:0,0", load_profile(name).command)
    assert sum("hw:0,0" in word for word in words) == 1
    assert not any("{" in word for word in words)


@pytest.mark.row(50, 51)
async def test_a_payment_is_heard_through_a_program_once_with_its_chime_and_amount(tmp_path: Path) -> None:
    script = player(tmp_path, f'cat > "{tmp_path}/$$.wav"')
    profile = replace(load_profile("audio"), command=(script,))
    open_ = partial(open_audio, "audio:default", profile.command)
    speaker = TalkingSpeaker("audio:default", open_, SystemClock(), profile=profile, phrase=phrase)
    running = asyncio.create_task(speaker.run())
    paid = Utterance("paid", Money(2850, "CNY"), "wechatpay", "zh-CN", test=True)
    try:
        async with asyncio.timeout(WATCHDOG_S):
            while not speaker.health().detail.get("model"):  # noqa: ASYNC110  # health tells nobody
                await asyncio.sleep(0.005)
            assert speaker.health().state is HealthState.CANNOT_TELL, "nobody can ask a loudspeaker"
            assert await speaker.say(paid) is Played.DONE
            assert speaker.health().state is HealthState.OK
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    (size,) = sizes(tmp_path)
    assert 2 * 11025 < size < 8 * 11025, "two to eight seconds"
