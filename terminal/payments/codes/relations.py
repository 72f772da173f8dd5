"""What fields of one code say about each other, by the names that schemes use.

A rule gets the fields by name and returns the name of the field that is wrong, or "".
Sources: EPC069-12 3.0, table of data elements (version 001 asks for the BIC); SIX "Swiss Implementation Guidelines
QR-bill" 2.3, 4.2.2 (reference types, lengths, addresses); ABS "SGQR specification" (proxy types); NPCI "UPI
Linking Specifications" 1.6 (signed modes).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from terminal.payments.codes.proofs import creditor_reference, is_qr_iban, swiss_reference

Fields = Mapping[str, str]
_PROXIES: Final = {
    "0": re.compile(r"\+65[0-9]{8}"),
    "2": re.compile(r"[0-9A-Z]{9,16}"),
}
_SWISS_PROOFS: Final = {"QRR": swiss_reference, "SCOR": creditor_reference}
_DEBTOR: Final = ("debtor_type", "debtor_name", "debtor_postal", "debtor_town", "debtor_country")
_DEBTOR_MAY: Final = ("debtor_street", "debtor_house")
_SIGNED: Final = frozenset({"02", "05", "13", "14", "16", "18", "21", "23"})


def epc_bic(fields: Fields) -> str:
    return "account.bic" if fields["version"] == "001" and not fields.get("account.bic") else ""


def epc_texts(fields: Fields) -> str:
    """Structured reference or free text, never both."""
    return "message" if fields.get("reference") and fields.get("message") else ""


def swiss_kind(fields: Fields) -> str:
    """A QR reference goes with a QR-IBAN, the others with an ordinary one; no reference says NON."""
    kind, reference = fields["reference_type"], fields.get("reference", "")
    if (kind == "QRR") != is_qr_iban(fields["account.iban"]):
        return "account.iban"
    sound = not reference if kind == "NON" else _SWISS_PROOFS[kind](reference)
    return "" if sound else "reference"


def swiss_texts(fields: Fields) -> str:
    """Message and bill information share 140 characters."""
    return "message" if len(fields.get("message", "")) + len(fields.get("bill_information", "")) > 140 else ""


def swiss_debtor(fields: Fields) -> str:
    """The payer's address is there whole, or not at all."""
    have = [name for name in (*_DEBTOR, *_DEBTOR_MAY) if fields.get(name)]
    return next((name for name in _DEBTOR if have and name not in have), "")


def paynow_proxy(fields: Fields) -> str:
    return "" if _PROXIES[fields["account.proxy_type"]].fullmatch(fields["account.proxy"]) else "account.proxy"


def upi_signed(fields: Fields) -> str:
    return "signature" if fields.get("mode") in _SIGNED and not fields.get("signature") else ""


RULES: Final[Mapping[str, Callable[[Fields], str]]] = {
    "epc_bic": epc_bic,
    "epc_texts": epc_texts,
    "swiss_kind": swiss_kind,
    "swiss_texts": swiss_texts,
    "swiss_debtor": swiss_debtor,
    "paynow_proxy": paynow_proxy,
    "upi_signed": upi_signed,
}
