"""What can be wrong with the text of a payment code, by name."""

from enum import StrEnum

from terminal.errors import TerminalError


class Flaw(StrEnum):
    EMPTY = "empty"
    TOO_LONG = "too_long"  # the whole text
    CHARSET = "charset"
    TAG = "tag"  # an id or length that is not two digits, a parameter without a name
    LENGTH = "length"  # says more than there is
    ZERO_LENGTH = "zero_length"
    DUPLICATE = "duplicate"
    ORDER = "order"  # something must be first or last and is not
    FORMAT = "format"  # not this kind of code, or a version nobody knows
    CRC_MISSING = "crc_missing"
    CRC = "crc"
    CRC_LOWER_CASE = "crc_lower_case"  # readable, but not to be shown
    TEMPLATE = "template"  # a nested object that is none, or has no owner
    NO_ACCOUNT = "no_account"
    MISSING = "missing"
    UNEXPECTED = "unexpected"  # a field this scheme does not have, or has one too many of
    OVERLONG = "overlong"  # one field
    VALUE = "value"
    CHECK_DIGITS = "check_digits"
    INITIATION = "initiation"  # static and dynamic mixed up
    AMOUNT = "amount"
    CURRENCY = "currency"
    COUNTRY = "country"
    TIP = "tip"
    ENCODING = "encoding"  # percent signs, line ends
    DIFFERS = "differs"  # sound, but not what was ordered


class BadCode(TerminalError):
    """This text is no sound code of its scheme, or not the one that was ordered. Never shown.

    Args:
        at: the field: a path of tags ("26.01"), a parameter, a line, or a field's name; never its value.
    """

    def __init__(self, flaw: Flaw, at: str = "") -> None:
        super().__init__("code_unsound", flaw=flaw.value, at=at or "-")
        self.flaw = flaw
        self.at = at
