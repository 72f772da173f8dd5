"""What goes over a printer's cable, as people read it in the timeline."""

from terminal.lab.readable import readable


def test_a_slip_s_words_stay_and_its_settings_and_rules_do_not_fill_the_line() -> None:
    slip = b"\x1b@\x1c&" + "已付".encode("gb18030") + b"\n" + b"-" * 48 + b"\n\x1c.28.50\n"
    assert readable("printer", "host", slip) == "已付 · --- · 28.50"


def test_a_code_on_paper_is_its_text() -> None:
    store = b"\x1d(k\x07\x001P0CT:S-1"
    code = b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1" + store + b"\x1d(k\x03\x001Q0"
    assert readable("printer", "host", code) == "CT:S-1"
