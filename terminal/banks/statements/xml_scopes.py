"""XML as flat records while it streams: no tree, no document type, no entity, bounded in every direction.

Names are matched without their namespace, because the same message lives in a dozen versions of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from xml.etree import ElementTree as ET

from terminal.payments.bill import BillRefused

DEPTH_MAX: Final = 40
TEXT_MAX: Final = (
    2000  # characters of one value; ISO 20022's longest is Max2048Text, of which nobody needs the end
)
VALUES_MAX: Final = 2000  # in one record
NAMES_MAX: Final = 5000  # the largest of these messages has a tenth of it

Record = dict[str, list[str]]
"""Path below the record's element -> its texts in order; an amount's currency stands under "…/Amt@Ccy"."""


class _Target:
    """What the parser calls. A record ends with its element and takes nothing of the records inside it."""

    def __init__(self, scopes: frozenset[str]) -> None:
        self._scopes = scopes
        self._open: list[tuple[int, Record]] = []  # depth, what it holds
        self._names: list[str] = []
        self._paths: list[str] = []  # of each open element, below its record's
        self._plain: dict[str, str] = {}  # tag -> name without its namespace
        self._text: list[str] = []
        self._length = 0
        self.news: list[tuple[str, Record | None, Record]] = []

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise BillRefused("bill_xml_doctype")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = self._plain.get(tag) or self._name(tag)
        self._names.append(name)
        depth = len(self._names)
        if depth > DEPTH_MAX:
            raise BillRefused("bill_xml_unreadable", why="nested too deep")
        if name in self._scopes or depth <= 2:
            if depth == 2:
                self.news.append((name, None, {}))
            self._open.append((depth, {}))
            self._paths.append("")
        else:
            above = self._paths[-1]
            path = f"{above}/{name}" if above else name
            self._paths.append(path)
            if attributes and (currency := attributes.get("Ccy")) is not None:
                self._put(f"{path}@Ccy", currency)
        self._forget()

    def _name(self, tag: str) -> str:
        if len(self._plain) > NAMES_MAX:
            raise BillRefused("bill_xml_unreadable", why="too many names")
        return self._plain.setdefault(tag, tag.rpartition("}")[2])

    def data(self, text: str) -> None:
        if self._length < TEXT_MAX:
            self._text.append(text)
            self._length += len(text)

    def end(self, _tag: str) -> None:
        name, path = self._names.pop(), self._paths.pop()
        if not path:
            _, record = self._open.pop()
            self.news.append((name, record, self._open[-1][1] if self._open else {}))
        elif text := "".join(self._text).strip():
            self._put(path, text[:TEXT_MAX])
        self._forget()

    def _forget(self) -> None:
        self._text.clear()
        self._length = 0

    def close(self) -> None:
        return None

    def _put(self, path: str, value: str) -> None:
        record = self._open[-1][1]
        values = record.setdefault(path, [])
        if len(record) > VALUES_MAX or len(values) >= VALUES_MAX:
            raise BillRefused("bill_xml_unreadable", why="too much in one entry")
        values.append(value)


def records(chunks: Iterable[bytes], scopes: frozenset[str]) -> Iterator[tuple[str, Record | None, Record]]:
    """(local name, its record, the record around it) whenever an element of ``scopes`` ends.

    The message's own element, the second in the file, is told when it begins: then its record is None. What stands
    before an inner element is in the record around it already.

    Raises:
        BillRefused: ``bill_xml_doctype``, ``bill_xml_unreadable`` with the reason.
    """
    target = _Target(scopes)
    parser = ET.XMLParser(target=target)  # noqa: S314  # a document type, and with it every entity, is refused
    try:
        for chunk in chunks:
            parser.feed(chunk)
            yield from target.news
            target.news.clear()
        parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise BillRefused("bill_xml_unreadable", why=str(error)[:80]) from None
    yield from target.news
