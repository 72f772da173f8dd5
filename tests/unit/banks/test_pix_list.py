"""A day of Pix from the bank's lists: pages, spans, what is whole and what is not, and the file it is told in."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from terminal.banks.ask_pix_list import PixLists
from terminal.banks.connector import Call
from terminal.banks.pix_list import is_it, read
from terminal.banks.profile_file import load_profile
from terminal.bills.readers import open_bill
from terminal.counter.ports import HttpReply, HttpRequest, NoAnswer
from terminal.payments.bill import (
    BillEnd,
    BillKind,
    BillLine,
    BillRefused,
    FetchedBill,
    LineKind,
    LineState,
    NoBill,
)
from terminal.payments.evidence import Account
from terminal.payments.profile import Profile
from tests.unit.banks.test_bill_file import names

KEY, DAY = "caixa+1@loja.example", date(2026, 11, 1)
READY_S = 1_793_592_000  # 2026-11-02 01:00 in Brasília
TXID = "01K5MZ0000ABCDEFGHJKMNPQRS"
PAID_AT, NEXT_DAY = "2026-11-02T02:59:59.999Z", "2026-11-02T03:00:00Z"  # midnight in Brasília between them


def pix(number: int, **changes: Any) -> dict[str, Any]:
    told = {"endToEndId": f"E{number:031d}", "txid": TXID, "valor": "37.00", "horario": PAID_AT, "chave": KEY}
    return told | changes


def back(number: int, settled: str = PAID_AT, **changes: Any) -> dict[str, Any]:
    times = {"solicitacao": "2026-11-01T15:00:00Z"} | ({"liquidacao": settled} if settled else {})
    told = {
        "id": f"R{number}",
        "rtrId": f"D{number:031d}",
        "valor": "7.89",
        "horario": times,
        "status": "DEVOLVIDO",
    }
    return told | changes


@dataclass(slots=True)
class Bank:
    """The channel's side of the exchange: lists by whether only what has devoluções is asked for."""

    today: list[dict[str, Any]] = field(default_factory=list)
    earlier: list[dict[str, Any]] = field(default_factory=list)
    at_s: float = READY_S
    page: int = 2
    change: dict[int, Any] = field(default_factory=dict)  # by number of the request: what is answered instead
    asked: list[dict[str, str]] = field(default_factory=list)
    profile: Profile = field(
        default_factory=lambda: msgspec.structs.replace(load_profile("pix"), queries_per_s=1000.0)
    )
    account: Account = field(default_factory=lambda: Account("pix", KEY, ""))

    def now_s(self) -> float:
        return self.at_s

    async def signed(self, call: Call) -> HttpRequest:
        raise AssertionError("nothing lies at another address")

    async def exchange(self, call: Call) -> tuple[HttpReply, bool]:
        parts = urlsplit(call.target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (call.method, parts.path) == ("GET", "/api/v2/pix")
        self.asked.append(query)
        changed = self.change.get(len(self.asked))
        if isinstance(changed, Exception):
            raise changed
        if isinstance(changed, int):
            return HttpReply(changed, {}, b"{}"), False
        found = self.earlier if query.get("devolucaoPresente") == "true" else self.today
        at, size = int(query["paginacao.paginaAtual"]), int(query["paginacao.itensPorPagina"])
        paging: dict[str, Any] = {"paginaAtual": at, "itensPorPagina": size, "quantidadeDePaginas": 1}
        paging |= {"quantidadeTotalDeItens": len(found)} | (changed or {})
        told = {"parametros": {"paginacao": paging}, "pix": found[at * size : at * size + size]}
        return HttpReply(200, {}, json.dumps(told).encode()), False

    async def fetch(self, folder: Path, kind: BillKind = "trade") -> FetchedBill | NoBill:
        return await PixLists("/api/v2", page=self.page).fetch(self, DAY, kind, folder)


def lines_of(found: FetchedBill | NoBill) -> list[BillLine]:
    assert isinstance(found, FetchedBill), found
    *lines, end = open_bill(found.path, found.format)
    assert end == BillEnd(len(lines), account=KEY, first_day=DAY, last_day=DAY)
    return [each for each in lines if isinstance(each, BillLine)]


@pytest.mark.row(110)
async def test_every_page_of_a_day_in_brasilia_and_what_went_back_of_earlier_days(tmp_path: Path) -> None:
    midnight = "2026-11-01T03:00:00Z"
    bank = Bank(
        [
            pix(1, horario=midnight, devolucoes=[back(1), back(2, NEXT_DAY)]),
            pix(2, chave="another key"),
            pix(3, horario="2026-11-01T23:00:00-03:00", devolucoes=[back(3, "", status="EM_PROCESSAMENTO")]),
            pix(4, horario=NEXT_DAY),  # "fim" is inclusive
            {"endToEndId": f"E{5:031d}", "valor": "0.01", "horario": PAID_AT},  # to the key, without any charge
        ],
        [
            pix(6, horario="2026-10-01T12:00:00Z", devolucoes=[back(4), back(5, "2026-10-31T12:00:00Z")]),
            pix(7, horario=midnight, devolucoes=[back(6)]),  # told above already
        ],
    )
    found = await bank.fetch(tmp_path)
    lines = lines_of(found)
    assert [(x.kind, x.state, x.provider_txn[-1], x.refund_no, x.gross_minor) for x in lines] == [
        (LineKind.PAYMENT, LineState.DONE, "1", "", 3700),
        (LineKind.REFUND, LineState.DONE, "1", "R1", 789),
        (LineKind.PAYMENT, LineState.DONE, "3", "", 3700),
        (LineKind.REFUND, LineState.PENDING, "3", "R3", 789),
        (LineKind.PAYMENT, LineState.DONE, "5", "", 1),
        (LineKind.REFUND, LineState.DONE, "6", "R4", 789),
    ]
    assert [(x.order_no, x.merchant_id, x.currency) for x in lines[3:5]] == [(TXID, KEY, "BRL"), ("", KEY, "BRL")]
    assert {x.at[:10] for x in lines} == {"2026-11-01"}
    assert lines[0].at == "2026-11-01T00:00:00-03:00"
    assert (lines[1].provider_refund, lines[1].settle_minor, lines[1].fee_milli) == (f"D{1:031d}", 789, 0)
    spans = [(each["inicio"], each["fim"], each["paginacao.paginaAtual"]) for each in bank.asked]
    today = [("2026-11-01T03:00:00Z", "2026-11-02T03:00:00Z", str(page)) for page in range(3)]
    assert spans == [*today, ("2026-08-03T03:00:00Z", "2026-11-01T03:00:00Z", "0")]
    assert isinstance(found, FetchedBill)
    assert found.path.name == "pix-caixa_1_loja_example-trade-2026-11-01.jsonl"
    assert names(tmp_path) == [found.path.name]


async def test_a_day_on_which_nothing_happened_is_empty_and_before_its_time_nothing_is_asked(
    tmp_path: Path,
) -> None:
    assert await Bank(earlier=[pix(1, devolucoes=[back(1)])]).fetch(tmp_path) == NoBill("empty")
    early = Bank(at_s=READY_S - 1)
    assert await early.fetch(tmp_path) == NoBill("not_ready")
    assert await Bank(at_s=READY_S + 91 * 86_400).fetch(tmp_path) == NoBill("not_offered", "too_old")
    assert await early.fetch(tmp_path, "funds") == NoBill("not_offered")
    assert not early.asked
    assert not names(tmp_path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({2: {"quantidadeTotalDeItens": 4}}, "list_changed"),  # paid or given back between two pages
        ({2: {"paginaAtual": 0}}, "list_changed"),
        ({1: {"quantidadeTotalDeItens": 1}}, "list_changed"),
        ({at: {"quantidadeTotalDeItens": 9} for at in (1, 2, 3)}, "list_changed"),
        ({1: {"quantidadeTotalDeItens": "3"}}, "unreadable: paginacao"),
        ({1: 429}, "http_429"),
        ({3: 503}, "http_503"),
        ({2: NoAnswer("ClientOSError")}, "ClientOSError"),
    ],
)  # fmt: skip
async def test_b3_a_list_that_is_not_whole_leaves_no_file(tmp_path: Path, change: Any, why: str) -> None:
    bank = Bank([pix(1), pix(2), pix(3)], change=change)
    assert await bank.fetch(tmp_path) == NoBill("unclear", why)
    assert not names(tmp_path)


async def test_an_amount_that_is_a_number_is_no_amount(tmp_path: Path) -> None:
    assert await Bank([pix(1, valor=37.0)]).fetch(tmp_path) == NoBill("unclear", "unreadable: valor")


def written(*changes: tuple[str, str]) -> list[bytes]:
    text = (
        '{"format":"pix-list","version":1,"key":"k","day":"2026-11-01","offset_min":-180}\n'
        f'{{"pix":"E1","txid":"{TXID}","valor":"37.00","horario":"2026-11-01T12:00:00Z"}}\n'
        f'{{"devolucao":"R1","pix":"E1","txid":"{TXID}","rtrId":"D1","valor":"7.89","status":"DEVOLVIDO","horario":"2026-11-01T13:00:00Z"}}\n'
        '{"end":true,"pix":1,"valor_pix":"37.00","devolucoes":1,"valor_devolucoes":"7.89"}\n'
    )
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("changes", "slug", "line"),
    [
        ([('"version":1', '"version":2')], "bill_header_missing", 1),
        ([("2026-11-01\"", "2026-11-31\"")], "bill_header_missing", 1),
        ([('"offset_min":-180', '"offset_min":-180180180180180')], "bill_header_missing", 1),
        ([('"valor":"37.00"', '"valor":"37.0"')], "bill_line_unreadable", 2),
        ([('"valor":"37.00"', '"valor":"37.01"')], "bill_sums_differ", 4),
        ([('"pix":1', '"pix":2')], "bill_sums_differ", 4),
        ([("DEVOLVIDO", "TALVEZ")], "bill_line_unreadable", 3),
        ([('7.89"}\n', '7.89"}\n{}\n')], "bill_line_unreadable", 5),
    ],
)  # fmt: skip
def test_a_file_that_is_not_sound_names_line_and_reason(changes: Any, slug: str, line: int) -> None:
    with pytest.raises(BillRefused, match=slug) as refused:
        list(read(written(*changes)))
    assert refused.value.facts["line"] == line


def test_a_file_that_ends_early_is_cut_short_wherever_it_ends() -> None:
    whole = written()
    assert is_it(whole[0])
    assert isinstance(list(read(whole))[-1], BillEnd)
    for count in range(1, 4):
        for part in (whole[:count], [*whole[:count], whole[count][:20]]):
            with pytest.raises(BillRefused, match="bill_cut_short"):
                list(read(part))
    with pytest.raises(BillRefused, match="bill_header_missing"):
        list(read([]))
