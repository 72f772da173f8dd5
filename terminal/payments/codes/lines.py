"""Codes of one field a line: EPC069-12 (SEPA credit transfer) and the Swiss QR-bill.

Sources: EPC069-12 "Quick Response Code: Guidelines to Enable Data Capture for the Initiation of a SEPA Credit
Transfer" 3.0; SIX "Swiss Implementation Guidelines QR-bill" 2.3, section 4.2.
"""

from collections.abc import Iterable, Mapping

from terminal.payments.codes.flaws import BadCode, Flaw
from terminal.payments.codes.scheme import Scheme


def write(values: Iterable[tuple[str, str]], scheme: Scheme) -> str:
    """Lines by number ("01", …), empty ones between, none after the last that is filled or must be there."""
    filled = {int(at): value for at, value in values if value}
    last = max(scheme.lines[0], *filled)
    return scheme.break_.join(filled.get(number, "") for number in range(1, last + 1))


def parse(text: str, scheme: Scheme) -> Mapping[str, str]:
    """Number of the line -> what it says, empty lines left out. LF and CRLF are both read, never mixed."""
    least, most = scheme.lines
    break_ = "\r\n" if "\r" in text else "\n"
    found = text.split(break_)
    if any("\r" in line or "\n" in line for line in found):
        raise BadCode(Flaw.ENCODING)
    if len(found) < least:
        raise BadCode(Flaw.MISSING, f"{len(found) + 1:02d}")
    if len(found) > most:
        raise BadCode(Flaw.UNEXPECTED, f"{most + 1:02d}")
    return {f"{number:02d}": line for number, line in enumerate(found, 1) if line}
