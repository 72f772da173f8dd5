"""Panel profiles are data; a code is whole or refused; words are one line of letters."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers.catalogue import of_role
from drivers.display import panel
from drivers.display.bonrix import BonrixProfile
from drivers.display.dgus import CHUNK, DgusProfile
from drivers.display.mertech import MertechProfile
from drivers.display.nextion import NextionProfile
from drivers.display.panel import PanelScreen, checked_code, cut, one_line, said
from drivers.display.pole import PoleProfile
from drivers.display.profile import load_panel
from drivers.errors import DeviceRefused

SHAPES: dict[str, type[Any]] = {
    "bonrix": BonrixProfile,
    "mertech": MertechProfile,
    "nextion": NextionProfile,
    "dgus": DgusProfile,
    "cd5220": PoleProfile,
    "escpos-vfd": PoleProfile,
    "led8n": PoleProfile,
}


def test_every_profile_file_belongs_to_a_protocol_and_reads() -> None:
    files = {path.stem for path in (Path(panel.__file__).parent / "profiles" / "panels").glob("*.toml")}
    named = {name for protocol in of_role("display") for name in protocol.profiles if protocol.name in SHAPES}
    assert files == named
    for protocol in of_role("display"):
        for name in protocol.profiles if protocol.name in SHAPES else ():
            profile = load_panel(SHAPES[protocol.name], name)
            assert profile.name == name
            assert profile.baud in protocol.bauds


def test_bad_input_a_profile_of_another_protocol_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="display profile cd5220"):
        load_panel(NextionProfile, "cd5220")
    with pytest.raises(FileNotFoundError):
        load_panel(NextionProfile, "none-such")


def test_addresses_of_texts_leave_room_for_their_longest() -> None:
    profile = load_panel(DgusProfile, "dgus")
    places = sorted((profile.amount_vp, profile.title_vp, profile.words_vp, profile.test_vp))
    assert all(low + (profile.text_max + 4) // 2 <= high for low, high in pairwise(places))
    assert profile.code_vp + profile.code_max // 2 + 2 < 0x7000
    assert CHUNK % 2 == 0


def test_a_code_is_given_whole_or_refused_with_its_length_and_the_limit() -> None:
    assert checked_code("x", "weixin://1", 10, "here") == b"weixin://1"
    with pytest.raises(DeviceRefused, match="this code has 11 characters, the display holds 10 \\(here\\)"):
        checked_code("x", "weixin://12", 10, "here")
    for text in ("", "a\nb", "a\tb", "付款", "a\x7f"):
        with pytest.raises(DeviceRefused):
            checked_code("x", text, 100, "here")
    with pytest.raises(DeviceRefused, match="holds '\\{'"):
        checked_code("x", "{a}", 100, "here", forbidden=("{", "}"))


def test_s61_one_line_holds_no_control_no_bidi_mark_and_no_second_line() -> None:
    assert one_line("a\r\nb\x00\x1b[2J\u202ec\u2028d\u00a0e\t\tf  g") == "a b[2Jc d e f g"
    assert one_line("Cafe\u0301") == "Café"


def test_words_are_cut_between_characters_never_within_one() -> None:
    assert cut("街角面馆", 5, "gbk") == "街角".encode("gbk")
    assert cut("街角", 60, "iso-8859-1") == b"??"


def test_i25_a_test_says_so_in_letters_the_panel_has_whatever_the_language() -> None:
    screen = PanelScreen(
        "code", amount="¥28.50", digits="28.50", title="街角面馆", words="请扫码", test="测试 – 不会扣款"
    )
    ascii_only = said(screen, "ascii")
    assert (ascii_only.test, ascii_only.amount, ascii_only.title, ascii_only.words) == ("TEST", "28.50", "", "")
    chinese = said(screen, "gbk")
    assert (chinese.test, chinese.title) == ("测试 - 不会扣款", "街角面馆")
    assert said(replace(screen, test=""), "ascii").test == ""
    assert said(replace(screen, title="Pão Tô"), "ascii").title == "Pao To"
