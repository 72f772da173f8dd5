"""Odoo's receipt XML as lines of ours."""

import pytest

from terminal.errors import InvalidRequest
from terminal.payments.receipt import Blank, Row, Rule
from terminal.pos.hw_proxy_receipt import ELEMENTS_MAX, LINES_MAX, read_receipt

ODOO = """<receipt align="center" width="40" value-thousands-separator="">
<h1>Corner Noodles</h1>
<div>Tel: 555-0100</div><br/>
<div class="orderlines" line-ratio="0.6">
  <line><left>Beef noodles</left><right><value>28.5</value></right></line>
  <line indent="1"><left>1 x 28.5</left></line>
</div>
<line><right>--------</right></line><hr/>
<line class="total" size="double-height"><left><pre>TOTAL</pre></left><right><value>28.5</value></right></line>
<em>Thank &amp; you</em><barcode encoding="ean13">5449000000996</barcode><img src="data:x"/><cut/>
</receipt>"""


def test_texts_become_rows_in_their_order() -> None:
    assert read_receipt(ODOO) == (
        Row("Corner Noodles", align="center", size=2),
        Row("Tel: 555-0100"),
        Blank(),
        Row("Beef noodles", "28.5"),
        Row("1 x 28.5"),
        Row("", "--------"),
        Rule(),
        Row("TOTAL", "28.5"),
        Row("Thank & you", bold=True),
    )


@pytest.mark.parametrize(
    ("xml", "slug"),
    [
        ("", "receipt_unreadable"),
        ("<receipt>", "receipt_unreadable"),
        ("no xml", "receipt_unreadable"),
        ('<!DOCTYPE r [<!ENTITY a "b">]><receipt>&a;</receipt>', "receipt_unreadable"),
        ("<a>" * 40 + "</a>" * 40, "receipt_unreadable"),
        ("<receipt>" + "<p>x</p>" * (LINES_MAX + 2) + "</receipt>", "receipt_unreadable"),
        ("<receipt>" + "<a/>" * ELEMENTS_MAX + "</receipt>", "receipt_unreadable"),
        ('<receipt><img src="x"/></receipt>', "receipt_picture"),
        ("<receipt/>", "receipt_picture"),
    ],
)
def test_what_is_no_receipt_is_refused(xml: str, slug: str) -> None:
    with pytest.raises(InvalidRequest) as no:
        read_receipt(xml)
    assert no.value.slug == slug
