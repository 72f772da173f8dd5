"""The simulated clip players and the newer talking chip by their manuals, with bytes from them and no driver."""

from firmware_stubs.speaker_audio import AudioStub
from firmware_stubs.speaker_dfplayer import DfPlayerStub
from firmware_stubs.speaker_jq8900 import Jq8900Stub, name_of
from firmware_stubs.speaker_xfs5152 import Xfs5152
from tests.unit.drivers.golden import vectors

DF, JQ, XFS, WAV = vectors("dfplayer"), vectors("jq8900"), vectors("xfs5152"), vectors("wav")
TALKING = bytes.fromhex("AA 01 01 01 AD")


def test_the_chip_without_check_speaks_and_refuses_what_has_a_wrong_length() -> None:
    stub = Xfs5152(ms_per_character=100)
    assert stub.receive(XFS["speak 收款1元"], 0) == b"\x41"
    assert stub.receive(XFS["status"], 20) == b"\x4e"
    assert stub.tick(400) == b"\x4f"
    assert stub.heard == ["收款1元"]
    assert Xfs5152().receive(vectors("syn6288")["status"], 0) == b"\x45"
    assert Xfs5152().receive(b"\xfd\xff\xff" + XFS["status"], 0) == b"\x4f"
    assert Xfs5152().receive(XFS["stop"], 0) == b"\x41"


def test_a_dfplayer_acknowledges_plays_and_tells_the_end() -> None:
    stub = DfPlayerStub(clips={1: 500}, gap_ms=100)
    assert stub.receive(DF["play MP3/0001 with ack"], 0) == DF["ack"]
    assert stub.due(0) == 600
    assert stub.tick(599) == b""
    assert stub.tick(600) == DF["card track 1 done"]
    assert stub.heard == [1]
    assert stub.receive(DF["play MP3/0001"], 700) == b""
    assert stub.playing


def test_a_dfplayer_is_deaf_until_it_says_that_it_is_ready() -> None:
    stub = DfPlayerStub(clips={1: 500}, boot_ms=1200)
    assert stub.receive(DF["query status"], 1000) == b""
    assert stub.due(1000) == 1200
    assert stub.tick(1200) == DF["ready, card"]
    assert len(stub.receive(DF["query status"], 1300)) == 10


def test_a_dfplayer_tells_what_is_wrong_and_sets_its_volume() -> None:
    stub = DfPlayerStub()
    assert stub.receive(DF["play MP3/0001"], 0) == DF["error not found"]
    wrong_check = DF["play MP3/0001"][:8] + b"\x00\xef"
    assert stub.receive(wrong_check, 0)[3:7] == bytes.fromhex("40 00 00 04")
    stub.receive(DF["volume 15"], 0)
    assert stub.volume == 15
    stub.receive(DF["reset"], 0)
    assert (stub.volume, stub.receive(DF["query status"], 500)) == (30, b"")


def test_a_dfplayers_clone_tells_its_ends_twice() -> None:
    stub = DfPlayerStub(clips={1: 300}, gap_ms=0, twice=40)
    stub.receive(DF["play MP3/0001"], 0)
    assert (stub.tick(300), stub.tick(339), stub.tick(340)) == (
        DF["card track 1 done"],
        b"",
        DF["card track 1 done"],
    )


def test_a_combination_is_played_without_gaps_and_its_state_asked_for() -> None:
    stub = Jq8900Stub(clips={"01": 300, "02": 400})
    assert stub.receive(JQ["combine 01 02"], 0) == b""
    assert stub.receive(JQ["status query"], 699) == TALKING
    assert stub.receive(JQ["status query"], 700) == JQ["status stopped"]
    assert stub.heard == [["01", "02"]]


def test_a_combination_ends_at_a_missing_clip_or_a_stop() -> None:
    stub = Jq8900Stub(clips={"01": 300})
    stub.receive(JQ["combine 01 02"], 0)
    assert stub.receive(JQ["status query"], 310) == JQ["status stopped"]
    stub.receive(JQ["combine 01 02"] + JQ["stop"], 400)
    assert (stub.playing, stub.heard) == (False, [])
    stub.receive(JQ["volume 20"][:-1] + b"\x00", 500)
    assert stub.bad_frames == 1


def test_names_of_clips_count_in_36_digits() -> None:
    assert [name_of(number) for number in (1, 10, 36, 501)] == ["01", "0A", "10", "DX"]


def test_a_sound_output_takes_a_file_in_pieces_and_tells_its_end() -> None:
    file = WAV["four samples, 8 bits, 11025"]
    for cut in range(1, len(file)):
        stub = AudioStub()
        assert stub.receive(file[:cut], 0) == b""
        assert stub.receive(file[cut:], 0) == b"\x00"
        assert stub.played == [file[44:]]
    assert AudioStub(fail=1).receive(file, 0) == b"\x01"
    assert AudioStub(hang=True).receive(file, 0) == b""
