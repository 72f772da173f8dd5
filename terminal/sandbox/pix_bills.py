"""What the bills' faults do to a list of Pix, which is the only bill that receivers get. Pure.

No list tells a fee, a hash or an address: those faults find nothing here.
"""

from collections.abc import Callable, Mapping
from typing import Final

from terminal.sandbox.faults import Faults
from terminal.sandbox.pix_forms import Form


def as_a_bill(faults: Faults, forms: list[Form], now_ms: int) -> list[Form]:
    """The list as it is told."""
    for slug, change in _FAULTS.items():
        if forms and (fault := faults.take(slug, now_ms)):
            wanted = fault.text("order_no")
            place = next((at for at, each in enumerate(forms) if each["txid"] == wanted), 0)
            forms = change(forms, place, wanted)
    return forms


def _missing(forms: list[Form], place: int, _: str) -> list[Form]:
    return forms[:place] + forms[place + 1 :]


def _extra(forms: list[Form], _: int, wanted: str) -> list[Form]:
    """A payment nobody ordered here."""
    model = {name: value for name, value in forms[0].items() if name != "devolucoes"}
    strange = {"txid": wanted or "0STRANGE" + "0" * 18, "endToEndId": "E" + "0" * 20 + model["endToEndId"][-11:]}
    return [*forms, model | strange | {"valor": "1.00", "componentesValor": {"original": {"valor": "1.00"}}}]


def _taken_back(forms: list[Form], place: int, _: str) -> list[Form]:
    """A devolução nobody asked for."""
    paid = forms[place]
    back: Form = {"id": "STRANGE", "rtrId": "D" + paid["endToEndId"][1:], "valor": paid["valor"]}
    back |= {"natureza": "ORIGINAL", "status": "DEVOLVIDO"}
    back["horario"] = {"solicitacao": paid["horario"], "liquidacao": paid["horario"]}
    changed = paid | {"devolucoes": [*paid.get("devolucoes", []), back]}
    return [*forms[:place], changed, *forms[place + 1 :]]


def _twice(forms: list[Form], place: int, _: str) -> list[Form]:
    return [*forms[: place + 1], *forms[place:]]


_FAULTS: Final[Mapping[str, Callable[[list[Form], int, str], list[Form]]]] = {
    "bill-row-missing": _missing,
    "bill-row-extra": _extra,
    "bill-status-differs": _taken_back,
    "bill-duplicate-row": _twice,
}
