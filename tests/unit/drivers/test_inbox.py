"""What arrives is bounded, and a flood is not a device."""

import asyncio

import pytest

from drivers.errors import DeviceGone, DeviceRefused, Garbage
from drivers.inbox import FLOOD_MAX, INPUT_MAX, Inbox


async def test_l6_the_rest_of_a_flood_is_dropped_and_counted() -> None:
    inbox = Inbox("port")
    inbox.put(b"a" * INPUT_MAX + b"b")
    inbox.put(b"c" * 10)
    assert inbox.dropped == 11
    assert await inbox.get() == b"a" * INPUT_MAX


async def test_l6_a_port_without_a_frame_in_64_kib_is_quarantined() -> None:
    inbox = Inbox("port")
    for _ in range(FLOOD_MAX // 1024):
        inbox.put(bytes(1024))
        inbox.take()
    assert not inbox.quarantined
    inbox.put(b"\0")
    assert inbox.quarantined
    with pytest.raises(Garbage, match=r"port: 64 KiB arrived.*baud"):
        await inbox.get()


async def test_l6_a_sound_frame_starts_the_count_again() -> None:
    inbox = Inbox("port")
    for _ in range(3 * FLOOD_MAX // 1024):
        inbox.put(bytes(1024))
        inbox.take()
        inbox.frame_seen()
    assert not inbox.quarantined


async def test_what_arrived_is_read_before_the_end() -> None:
    inbox = Inbox("port")
    inbox.put(b"last words")
    inbox.end(DeviceGone("unplugged"))
    inbox.end(DeviceGone("closed"))
    assert await inbox.get() == b"last words"
    with pytest.raises(DeviceGone, match="unplugged"):
        await inbox.get()


async def test_a_waiting_reader_wakes() -> None:
    inbox = Inbox("port")
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(inbox.get())
        await asyncio.sleep(0)
        inbox.put(b"x")
    assert reading.result() == b"x"


async def test_two_readers_are_a_bug() -> None:
    inbox = Inbox("port")
    async with asyncio.TaskGroup() as group:
        group.create_task(inbox.get())
        await asyncio.sleep(0)
        with pytest.raises(AssertionError, match="two readers"):
            await inbox.get()
        inbox.put(b"x")


async def test_who_listens_hears_what_waits_what_comes_and_the_end() -> None:
    inbox, heard = Inbox("port"), list[bytes]()
    inbox.put(b"before")
    inbox.listen(heard.append)
    inbox.put(b"now")
    inbox.listen(None)
    inbox.put(b"for a reader")
    assert await inbox.get() == b"for a reader"
    inbox.listen(heard.append)
    inbox.end(DeviceGone("unplugged"))
    inbox.end(DeviceGone("closed"))
    assert heard == [b"before", b"now", b""]
    late = list[bytes]()
    inbox.listen(late.append)
    assert late == [b""], "it is closed already"
    with pytest.raises(DeviceGone, match="unplugged"):
        await inbox.get()


async def test_l6_a_flood_ends_a_port_that_somebody_listens_to_and_frames_start_the_count_again() -> None:
    inbox, heard = Inbox("port"), list[bytes]()
    inbox.listen(heard.append)
    for _ in range(2):
        for _ in range(FLOOD_MAX // 1024):
            inbox.put(bytes(1024))
        assert not inbox.quarantined
        inbox.frame_seen()
    for _ in range(FLOOD_MAX // 1024):
        inbox.put(bytes(1024))
    heard.clear()
    inbox.put(b"one more")
    assert (inbox.quarantined, heard) == (True, [b""])
    with pytest.raises(DeviceRefused, match="none of it made sense"):
        await inbox.get()
