"""What a request means, whatever its bytes; and that secrets cannot be read back from it."""

from terminal.web.idempotency import meaning
from terminal.web.shapes.counters import NewScan
from terminal.web.shapes.form import Approver
from terminal.web.shapes.lines import NewLine
from terminal.web.shapes.refunds import NewRefund
from terminal.web.shapes.sales import NewSale

SECRET = b"key"


def test_defaults_spelled_out_mean_the_same_and_every_field_counts() -> None:
    plain = NewSale(counter="1", amount_minor=5, currency="CNY")
    assert meaning(SECRET, "", plain) == meaning(
        SECRET, "", NewSale(counter="1", amount_minor=5, currency="CNY", title="", directions=("push", "pull"))
    )
    others = [
        NewSale(counter="2", amount_minor=5, currency="CNY"),
        NewSale(counter="1", amount_minor=6, currency="CNY"),
        NewSale(counter="1", amount_minor=5, currency="USD"),
        NewSale(counter="1", amount_minor=5, currency="CNY", order_no="A"),
        NewSale(counter="1", amount_minor=5, currency="CNY", directions=("pull",)),
    ]
    digests = {meaning(SECRET, "", each) for each in [plain, *others]}
    assert len(digests) == len(others) + 1
    assert meaning(SECRET, "sale-1", plain) != meaning(SECRET, "sale-2", plain)


def test_a_till_that_sends_no_lines_means_what_it_meant_before_there_were_any() -> None:
    plain = NewSale(counter="1", amount_minor=5, currency="CNY")
    kept = "1c7c25de9f52aba5e92220ead815c5cd"  # of the same request, in the journal of a shop before its update
    assert meaning(SECRET, "", plain) == kept
    lines = (NewLine(name="Tea", unit_minor=5),)
    assert meaning(SECRET, "", NewSale(counter="1", amount_minor=5, currency="CNY", lines=lines)) != kept


def test_s42_a_code_is_in_it_only_under_the_shops_key_and_a_pin_not_at_all() -> None:
    scan = NewScan(code="130012345678901234")
    assert meaning(SECRET, "1", scan) != meaning(b"another shop", "1", scan)
    asks = [NewRefund(reason="r", approver=Approver(person="P", pin=pin)) for pin in ("111111", "222222")]
    assert meaning(SECRET, "s", asks[0]) == meaning(SECRET, "s", asks[1])
    assert meaning(SECRET, "s", asks[0]) != meaning(SECRET, "s", NewRefund(reason="r"))
