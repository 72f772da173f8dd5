"""What a listening person types, and what a hand with a scanner does with codes that are none of its business."""

import pytest

from drivers.qr import encode
from firmware_stubs.display import DisplayStub
from firmware_stubs.printer import PrinterStub
from firmware_stubs.scanner import Gm65
from firmware_stubs.speaker import Syn6288
from firmware_stubs.wire import Wire
from terminal.counter.ports import Utterance
from terminal.lab.eye import ByItself, Eye, digits_heard
from terminal.lab.qr_reader import NotReadable
from terminal.lab.stand import Stand
from terminal.lab.timeline import Timeline
from terminal.payments.money import Money
from terminal.peripherals.clips import phrase_clips
from terminal.peripherals.phrases import phrase
from terminal.virtual_time import VirtualClock, run
from tests.unit.firmware_stubs.test_display import frame, show


def digits(text: str, language: str) -> Utterance:
    return Utterance("digits", Money(0, "CNY"), "", language, True, digits=text)


@pytest.mark.row(97)
@pytest.mark.parametrize("language", ["zh-CN", "en", "pt-BR"])
def test_digits_are_said_one_by_one_and_heard_as_they_were(language: str) -> None:
    for text in ("4711", "1234", "5678", "9999"):
        assert digits_heard(phrase(digits(text, language))) == text
    clips = phrase_clips(digits("4711", language))
    assert len(clips) >= 5  # the mark of a test, then four digits
    assert clips[-1] == clips[-2] != clips[-3]


def test_an_amount_is_not_taken_for_digits() -> None:
    for language in ("zh-CN", "en", "pt-BR"):
        said = phrase(Utterance("paid", Money(471_100, "CNY"), "wechatpay", language, True))
        assert digits_heard(said) == ""


def test_a_customer_s_code_is_left_alone_and_a_test_s_is_scanned() -> None:
    async def story() -> None:
        stubs = {"display": DisplayStub(), "scanner": Gm65(), "printer": PrinterStub(), "speaker": Syn6288()}
        stand = Stand({role: Wire(stub, name=role) for role, stub in stubs.items()}, Timeline(VirtualClock()))
        hand, display = ByItself(stand, Eye()), stand.display
        display.tick(0)
        with pytest.raises(NotReadable, match="nothing is shown"):
            Eye().see_glass(display)
        for number, text in ((5, "weixin://wxpay/bizpayurl?pr=abcdefg00"), (6, "CT-PROOF-7F3K")):
            code = encode(text, level="M")
            display.receive(frame(0x10, number, show(number, code.version, code.packed)), number)
            await hand.look()
            assert ("CT-PROOF-7F3K" in hand.last) == (number == 6)
        display.receive(frame(0x12, 7, b""), 9)

    run(story(), seed=1)
