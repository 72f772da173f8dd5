"""Everything that reads bytes from outside, what it may refuse them with, and what sound bytes look like."""

import atexit
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, Final, Protocol

from drivers.display.bonrix import LineDecoder as BonrixDecoder
from drivers.display.cobs import Decoder as FrameDecoder
from drivers.display.dgus import DgusDecoder
from drivers.display.nextion import NextionDecoder
from drivers.printer.star import StateDemux
from drivers.printer.status import Demux
from drivers.scanner import gm65, gmssi, hon, keys, m3y, nls, ssi
from drivers.scanner.line import LineDecoder
from drivers.speaker import dfplayer, jq8900
from terminal import strict_json
from terminal.banks import alipay_bill, alipay_messages, pix_list, pix_messages, wechatpay_bill, wechatpay_messages
from terminal.banks.fields import Unreadable
from terminal.banks.statements import camt, mt940
from terminal.banks.statements.csv_file import read as read_csv
from terminal.banks.statements.mapping import Mapping, read_mapping
from terminal.errors import TerminalError
from terminal.payments.bill import BillReader
from terminal.payments.codes import cpm, emv, links, upi
from terminal.payments.codes.consumer import recognise
from terminal.payments.codes.entry import identify
from terminal.payments.scan import PaymentRule
from terminal.pos import amount_lines, folder_request, hw_proxy, nexo_messages, zvt_answers, zvt_codec, zvt_frames
from terminal.pos.hw_proxy_receipt import read_receipt
from terminal.regions import known_codes, load_region, region_names
from terminal.settings import load
from terminal.visit.pack import read_pack
from terminal.visit.pack_codes import Gathering
from terminal.visit.seal import check
from tests.fuzz import seeds

LIMIT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Parser:
    """``read`` gives anything or refuses with one of ``refuses``; everything else is a defect."""

    name: str
    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    refuses: tuple[type[Exception], ...] = (TerminalError,)


class Feeds(Protocol):
    def feed(self, data: bytes) -> Iterable[object]: ...


def _stream(make: Callable[[], Feeds]) -> Callable[[bytes], object]:
    """A stream's messages do not depend on how its bytes arrive (L4)."""

    def read(data: bytes) -> object:
        whole, pieces = make(), make()
        cut = len(data) * 3 // 7
        found = list(whole.feed(data))
        assert found == [*pieces.feed(data[:cut]), *pieces.feed(data[cut:])], "the split changes what is read"
        return found

    return read


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode())


def _bill(read: Callable[[Iterable[bytes]], BillReader]) -> Callable[[bytes], object]:
    return lambda data: list(read(iter(data.splitlines(keepends=True))))


def _statement(read: Callable[[Iterable[bytes]], BillReader]) -> Callable[[bytes], object]:
    return lambda data: list(read(iter((data[:700], data[700:]))))


@cache
def _mapping() -> Mapping:
    text = (
        'account = "A1"\ncurrency = "EUR"\ndelimiter = ";"\ndates = "dmy"\ndecimal = ","\ngroup = "."\n'
        '[columns]\ndate = "Datum"\namount = "Betrag"\nreferences = ["Zweck"]\nbank_reference = "Nr"\n'
    )
    return read_mapping(text.encode(), "bank.toml")


@cache
def _schemes() -> tuple[Any, ...]:
    return tuple(scheme for name in region_names() for scheme in load_region(name).schemes)


_RULES: Final = (
    PaymentRule("wechatpay", ("10", "11", "12", "13", "14", "15"), (18,)),
    PaymentRule("alipay", ("25", "26", "27", "28", "29", "30"), (16, 17, 18, 19, 20, 21, 22, 23, 24)),
)


def _wechat_headers(data: bytes) -> object:
    """Each line of the input is a header's value; they may lack, not be too many."""
    names = ("Timestamp", "Nonce", "Serial", "Signature", "Signature-Type")
    values = data.decode("latin-1").split("\n")
    told = {f"Wechatpay-{name}": value for name, value in zip(names, values, strict=False)}
    return wechatpay_messages.seal_of(told, data, type_required=True)


def _zvt_command(data: bytes) -> object:
    """The commands that carry data, as they come over the line."""
    reads: dict[int, Callable[[bytes], object]] = {
        zvt_answers.AUTHORISATION: zvt_answers.read_wanted,
        zvt_answers.REVERSAL: lambda told: zvt_answers.read_wanted(told, password=True),
        zvt_answers.REGISTRATION: lambda told: zvt_answers.read_registration(told, "JPY"),
    }
    return [reads[each.command](each.data) for each in zvt_codec.Decoder().feed(data) if each.command in reads]


@cache
def _place() -> Path:
    """A folder of this process; in memory where the system has such a place."""
    shared = Path("/dev/shm")
    folder = Path(mkdtemp(prefix="countertop-", dir=shared if shared.is_dir() else None))
    atexit.register(rmtree, folder, ignore_errors=True)
    secrets = folder / "secrets.toml"
    secrets.write_bytes(seeds.SECRETS)
    secrets.chmod(0o600)
    return folder


def _settings(data: bytes) -> object:
    file = _place() / "countertop.toml"
    file.write_bytes(data)
    return load(file)


def _amount_lines(data: bytes) -> object:
    """Whole or in pieces the same lines, and each an amount, a word or a refusal."""
    lines = _stream(amount_lines.Lines)(data)
    found = amount_lines.Lines().feed(data)
    for each in found:
        if each is not None:
            with suppress(TerminalError):
                amount_lines.read_line(each, amount_lines.Rules("CNY"))
    return lines


def _proxy_call(data: bytes) -> object:
    call = hw_proxy.read_call(data)
    return hw_proxy.read_payment(call.params, "CNY")


def _pack_codes(data: bytes) -> object:
    """One code a line, as a scanner that types sends them; whole once the last one came."""
    gathering = Gathering()
    for line in data.decode("latin-1").split("\n"):
        gathering.take(line)
    return gathering.whole()


def parsers() -> tuple[Parser, ...]:
    merchant, customer = seeds.codes("merchant_codes"), seeds.codes("customer_codes")
    pix = (Unreadable,)
    streams: dict[str, tuple[Callable[[], Feeds], str]] = {
        "scanner line": (LineDecoder, "line"),
        "scanner GM65": (gm65.Decoder, "gm65"),
        "scanner GM SSI": (gmssi.Decoder, "gmssi"),
        "scanner Zebra SSI": (ssi.Decoder, "ssi"),
        "scanner Honeywell": (hon.Decoder, "hon"),
        "scanner Newland": (nls.Decoder, "nls"),
        "scanner M3Y": (m3y.Decoder, "m3y"),
        "scanner keys": (keys.Decoder, "evdev"),
        "display frames": (FrameDecoder, "display"),
        "display Bonrix": (BonrixDecoder, "bonrix"),
        "display DGUS": (lambda: DgusDecoder(crc=True), "dgus"),
        "display Nextion": (NextionDecoder, "nextion"),
        "printer status": (Demux, "escpos"),
        "printer Star": (StateDemux, "star_line"),
        "speaker DFPlayer": (dfplayer.Decoder, "dfplayer"),
        "speaker JQ8900": (jq8900.Decoder, "jq8900"),
        "till ZVT": (zvt_codec.Decoder, "zvt"),
        "till ZVT serial": (zvt_frames.FrameDecoder, "zvt"),
    }
    return (
        *(Parser(name, _stream(make), seeds.wire(golden)) for name, (make, golden) in streams.items()),
        Parser("till ZVT command", _zvt_command, seeds.wire("zvt"), (zvt_codec.Misread,)),
        Parser("till amount line", _amount_lines, seeds.AMOUNT_LINES),
        Parser(
            "till folder text", lambda data: folder_request.read_request("a.txt", data, "CNY"), seeds.REQUEST_TEXT
        ),
        Parser(
            "till folder JSON", lambda data: folder_request.read_request("a.json", data, "CNY"), seeds.REQUEST_JSON
        ),
        Parser("till proxy call", _proxy_call, seeds.PROXY_CALL, (TerminalError, hw_proxy.Unreadable)),
        Parser("till proxy receipt", _text(read_receipt), seeds.PROXY_RECEIPT),
        Parser("till nexo", lambda data: nexo_messages.read(nexo_messages.envelope_of(data)), seeds.NEXO),
        Parser("strict JSON", lambda data: strict_json.parse(data, limit=LIMIT), seeds.JSON),
        Parser("EMV code", _text(emv.parse), merchant[:1]),
        Parser("any merchant code", _text(lambda text: identify(_schemes(), text)), merchant),
        Parser("UPI link", _text(upi.parse), seeds.UPI),
        Parser("link", _text(links.parse), (b"https://qr.example/a?b=c",)),
        Parser("customer's EMV code", _text(cpm.look), customer),
        Parser("scanned text", _text(lambda text: recognise(text, _RULES, known_codes())), (*merchant, *customer)),
        Parser("WeChat Pay headers", _wechat_headers, seeds.WECHAT_HEADERS),
        Parser("Alipay answer", alipay_messages.seal_of_answer, seeds.ALIPAY_ANSWER),
        Parser("Alipay notification", alipay_messages.seal_of_notification, seeds.ALIPAY_FORM),
        Parser("Pix charge", pix_messages.charge, seeds.CHARGE, pix),
        Parser("Pix list", pix_messages.listed, seeds.PAGE, pix),
        Parser("Pix refund", pix_messages.returned, seeds.BACK, pix),
        Parser("Pix hint", pix_messages.hinted, seeds.HINT),
        Parser("WeChat Pay bill", _bill(wechatpay_bill.trade_bill), seeds.WECHAT_BILL),
        Parser("WeChat Pay funds", _bill(wechatpay_bill.fund_flow), seeds.WECHAT_FUNDS),
        Parser("Alipay bill", _bill(alipay_bill.trade_bill), seeds.ALIPAY_BILL),
        Parser("Alipay funds", _bill(alipay_bill.ledger), seeds.ALIPAY_FUNDS),
        Parser("Pix bill", _bill(pix_list.read), seeds.PIX_BILL),
        Parser("camt", _statement(camt.read), seeds.CAMT),
        Parser("MT940", _statement(mt940.read), seeds.MT940),
        Parser("CSV statement", _statement(lambda chunks: read_csv(chunks, _mapping())), seeds.CSV),
        Parser("settings file", _settings, seeds.SETTINGS),
        Parser("sealed settings pack", lambda data: read_pack(check(data, kind="pack").document), (seeds.PACK,)),
        Parser("settings pack codes", _pack_codes, seeds.PACK_CODES),
        Parser("CSV mapping", lambda data: read_mapping(data, "bank.toml"), seeds.MAPPING),
    )
