"""The kit: green for the connectors that come along, red in exactly the right cases for broken ones."""

from pathlib import Path
from typing import Final

import msgspec
import pytest

from terminal.banks.alipay import Alipay
from terminal.banks.wechatpay import WeChatPay
from terminal.conformance import proof
from terminal.conformance.benches import BENCHES, wechatpay_bench
from terminal.conformance.catalogue import ALL_CASES, LEAST
from terminal.conformance.kit import NonconformingError, capabilities
from terminal.conformance.page import PAGE, place, text
from terminal.conformance.run import Bench, Report, Result, run_kit
from tests.architecture.source import Source
from tests.unit.conformance import broken

ROOT: Final = Path(__file__).parents[3]
WHOLE: Final = {"wechatpay", "alipay"}  # both directions, signatures on everything
pytestmark = pytest.mark.no_cover


@pytest.fixture(scope="module", params=sorted(BENCHES))
def report(request: pytest.FixtureRequest) -> Report:
    return run_kit(BENCHES[request.param]())


def shown(results: tuple[Result, ...]) -> list[str]:
    return [f"{each.case.name}: {each.why}" for each in results]


@pytest.mark.row(40, 28, 31, 32)
def test_every_connector_that_comes_along_is_green(report: Report) -> None:
    assert shown(report.of("red")) == []
    assert report.green
    if report.name in WHOLE:
        assert len(report.of("green")) >= LEAST


@pytest.mark.row(40)
def test_what_does_not_apply_is_declared_in_the_profile_and_says_so(report: Report) -> None:
    profile = BENCHES[report.name]().profile
    for each in report.of("not applicable"):
        undeclared = each.case.needs <= capabilities(profile) and each.case.word not in profile.speaks.lacks
        assert not undeclared, each.case.name
        assert each.why.startswith("no ")
    words = {case.word for case in ALL_CASES}
    assert set(profile.speaks.lacks) <= words, "a word no case asks for is declared away"


def test_what_the_release_brings_is_in_step_with_cases_and_outcome(report: Report) -> None:
    """Not with the hash of the code: who edits a docstring makes the result anew at the first live start."""
    shipped = proof.read(proof.SHIPPED / f"{report.name}.json")
    assert shipped, "run: make conformance"
    assert shipped == msgspec.structs.replace(proof.proof_of(report, ""), code=shipped.code), (
        "run: make conformance"
    )


def test_every_case_has_a_rule_a_reason_and_its_own_place_on_the_page() -> None:
    assert len({case.name for case in ALL_CASES}) == len(ALL_CASES) >= LEAST
    page = (ROOT / PAGE).read_text("utf-8")
    assert page == text(), "run: make conformance"
    for case in ALL_CASES:
        assert f"\n### {case.name}\n" in page
        assert case.rule.endswith(".")
        assert case.why.endswith(".")
        assert case.faults
        assert place(case) == f"docs/conformance.md#{case.name}"


def test_the_kit_covers_every_fault_of_the_provider_s_side() -> None:
    covered = {fault for case in ALL_CASES for fault in case.faults}
    of_the_line = {f"B{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13)}  # B11 and B12: the engine and the bills
    assert of_the_line | {"S10", "S11", "S12", "S13", "I2", "I3", "I7", "I8", "I12", "I14", "I17"} <= covered
    assert {"3.1", "3.2", "3.3", "3.4"} <= covered


BROKEN: Final = [
    (broken.BelievesUnsigned, "pay-refusal-needs-proof answer-unsigned-proves-nothing link-empty-answer"),
    (broken.ComparesNoAmount, "amount-wrong-is-told-as-said amount-exact-in-every-size"),
    (
        broken.TakesStale,
        "answer-old-proves-nothing answer-of-the-future-proves-nothing notification-old-names-its-order "
        "notification-of-the-future",
    ),
    (broken.WritesAgainBeforeVerifying, "answer-checked-over-raw-bytes hostile-notification"),
    (broken.DeclinesOn500, "link-server-errors link-yes-with-an-error-status link-system-error"),
    (broken.NewNumberEachTime, "pay-told-paid pay-says-its-number amount-wrong-is-told-as-said"),
    (broken.AnyMerchantIsUs, "merchant-is-told-as-said notified-merchant-is-told-as-said"),
    (broken.FloatAmounts, "order-says-the-exact-amount order-prepared-is-the-order"),
    (broken.PaidForAClose, "close-yes close-because-paid close-not-found"),
    (
        broken.NotFoundIsNo,
        "query-not-found-is-not-refused close-not-found reverse-not-found-is-no-yes refund-not-found",
    ),
    (
        broken.AnswersForAnybody,
        "query-other-order-is-not-ours reverse-other-order-is-no-yes refund-other-is-not-ours",
    ),
    (broken.LogsTheCode, "secret-code-not-told"),
    (broken.OddIsClosed, "query-odd-state-is-unclear"),
    (broken.EveryEventIsNew, "notification-repeated-is-one"),
]


def check(report: Report, names: str) -> None:
    red = report.of("red")
    assert [each.case.name for each in red] == names.split(), shown(red)
    for each in red:
        assert each.why
        assert each.case.rule in text()
        assert place(each.case).endswith(f"#{each.case.name}")
    assert not report.green


@pytest.mark.row(40)
@pytest.mark.parametrize(("kind", "names"), BROKEN, ids=[kind.__name__ for kind, _ in BROKEN])
def test_a_broken_connector_is_red_in_exactly_its_cases(kind: type[WeChatPay | Alipay], names: str) -> None:
    check(run_kit(broken.bench(kind)), names)


@pytest.mark.row(40)
def test_b8_a_key_that_the_message_names_is_not_believed() -> None:
    check(
        run_kit(broken.bench(WeChatPay, broken.YesSayer())),
        "pay-refusal-needs-proof answer-forged-proves-nothing answer-changed-proves-nothing notification-forged "
        "notification-changed clock-forged-date-teaches-nothing",
    )


def test_peers_are_written_without_a_look_at_the_connectors() -> None:
    files = sorted((ROOT / "terminal" / "conformance" / "peers").glob("*.py"))
    assert {each.stem for each in files} >= set(BENCHES)
    for file in files:
        source = Source(file.relative_to(ROOT).as_posix(), file.read_text("utf-8"))
        ours = {name for _, name, _ in source.imports if name.startswith("terminal.")}
        peers = {f"terminal.conformance.peers.{each.stem}" for each in files}  # one may build on another
        assert ours <= {"terminal.conformance.kit", "terminal.counter.ports", *peers}, file.name


def test_whatever_a_connector_raises_is_its_red_case_and_the_run_goes_on() -> None:
    def breaks() -> object:
        raise ZeroDivisionError("in the connector")

    sound = wechatpay_bench()
    bad = run_kit(Bench("wechatpay", sound.profile, breaks))  # type: ignore[arg-type]  # it never returns
    assert len(bad.of("red")) == len(ALL_CASES) - len(bad.of("not applicable"))
    assert bad.results[0].why == "raised ZeroDivisionError: in the connector"


def test_a_connector_that_declares_everything_away_proves_nothing() -> None:
    assert not Report("x", "x", tuple(Result(case, "not applicable", "no push") for case in ALL_CASES)).green


async def test_a_peer_without_a_word_that_the_profile_does_not_lack_is_told() -> None:
    rig = wechatpay_bench().fresh()
    with pytest.raises(NonconformingError, match=r"declare it in speaks.lacks"):
        rig.genuine("refund_too_much", "refund")
