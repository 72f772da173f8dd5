"""The folder a shop drops its bank's statements into: looked at, taken whole, moved to ``done`` or ``refused``.

A file is taken when its size and time stood still over two looks, so that one that is still being copied waits.
It is moved only after the journal has it; the same content again changes nothing. Beside each moved file stands a
text that says what became of it.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from terminal.banks.any_bank import AnyBank
from terminal.banks.statements.amounts import told
from terminal.banks.statements.mapping import MAPPING_MAX, Mapping, read_mapping
from terminal.bills.statement_intake import Intake, Report
from terminal.counter.service import Service
from terminal.errors import BadSettings, NotFound, TerminalError
from terminal.help.registry import describe
from terminal.payments.bill import BillReader, BillRefused
from terminal.payments.reference import named
from terminal.settings import Loaded
from terminal.settings.channel_tables import AnyBankTable

log = logging.getLogger(__name__)
LOOK_S: Final = 5.0
CHUNK: Final = 64 * 1024
FILE_MAX: Final = 256 * 1024 * 1024  # the limit of a fetched bill
FILES_MAX: Final = 1_000  # looked at in one round
NOT_YET: Final = (".part", ".tmp", ".crdownload", ".filepart")  # being copied
DONE: Final = "done"
REFUSED: Final = "refused"


class Source:
    """A file as its bytes stream by, with the hash of all of them."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self.name = file, name
        self._hash = hashlib.sha256()
        self._size = 0
        self.head = self._next()

    def _next(self) -> bytes:
        chunk = self._file.read(CHUNK)
        self._size += len(chunk)
        if self._size > FILE_MAX:
            raise BillRefused("bill_too_large", limit=FILE_MAX)
        self._hash.update(chunk)
        return chunk

    def chunks(self) -> Iterator[bytes]:
        chunk = self.head
        while chunk:
            yield chunk
            chunk = self._next()

    def digest(self) -> str:
        """Of the whole file, also where its reader stopped early."""
        while self._next():
            pass
        return self._hash.hexdigest()


def reader_of(source: Source, mapping: Mapping | None) -> tuple[str, BillReader]:
    """The format and its reader. Raises BillRefused("bill_format_unknown")."""
    from terminal.banks.statements import camt, csv_file, mt940  # XML and all: hardly any shop has statements

    if name := camt.name_of(source.head):
        return name, camt.read(source.chunks())
    if mt940.is_it(source.head):
        return "mt940", mt940.read(source.chunks())
    if mapping is not None:
        return "csv", csv_file.read(source.chunks(), mapping)
    raise BillRefused("bill_format_unknown", file=source.name[:80])


@dataclass(frozen=True, slots=True)
class Imported:
    """A statement whose credits have reached their sales, before it is moved.

    ``open`` reads it again, each payment with the order it names.
    """

    channel: str
    path: Path
    format: str
    sha256: str
    open: Callable[[], BillReader]


Then = Callable[[Imported], Awaitable[object]]


async def _nothing_more(_imported: Imported) -> None:
    """Nobody settles by statements yet."""


class StatementFolder:
    """One channel's. ``run`` looks for ever; it ends only when it is cancelled.

    ``then`` is called with every statement that was imported, again after a crash: it must be one that repeats.
    """

    then: Then = staticmethod(_nothing_more)

    def __init__(
        self, channel: str, path: Path, mapping: Mapping | None, *, look_s: float = LOOK_S, language: str = "en"
    ) -> None:
        self._channel, self._path, self._mapping, self._language = channel, path, mapping, language
        self._look_s = look_s
        self._stood: dict[str, tuple[int, int]] = {}  # name -> size and time at the last look
        self._told = ""  # what was last said about a folder that cannot be used

    async def run(self, intake: Intake) -> None:
        while True:
            await self.look(intake)
            await asyncio.sleep(self._look_s)

    async def look(self, intake: Intake) -> None:
        """One round: take what stood still since the one before."""
        try:
            for each in self._still():
                await self._take(each, intake)
            self._told = ""
        except OSError as error:
            if str(error) != self._told:
                await intake.warn(self._channel, "statement_folder_unusable")
                log.error("statements of %s cannot be read in %s: %s", self._channel, self._path, error)
            self._told = str(error)

    def _still(self) -> list[Path]:
        """Files that did not change between two looks, oldest first; links and folders are passed over."""
        for folder in (self._path, self._path / DONE, self._path / REFUSED):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        now: dict[str, tuple[int, int]] = {}
        found: list[tuple[int, str]] = []
        with os.scandir(self._path) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(NOT_YET) or len(now) == FILES_MAX:
                    continue
                if entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    if not facts.st_size:
                        continue  # a place is kept for it; its bytes are on their way
                    now[entry.name] = (facts.st_size, facts.st_mtime_ns)
                    found.append((facts.st_mtime_ns, entry.name))
        still = [self._path / name for _, name in sorted(found) if self._stood.get(name) == now[name]]
        self._stood = now
        return still

    async def bring(self, path: Path, file: BinaryIO, intake: Intake) -> tuple[Report, Imported]:
        """The credits of an open file to their sales; the file stays. Raises BillRefused."""
        source = Source(file, path.name)
        format_, reader = reader_of(source, self._mapping)
        report = await intake.take(self._channel, reader, format_, source.digest)
        again = partial(self._again, path, intake)
        return report, Imported(self._channel, path, format_, source.digest(), again)

    async def _take(self, path: Path, intake: Intake) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            try:
                report, imported = await self.bring(path, file, intake)
                await self.then(imported)
            except BillRefused as refused:
                log.warning("statement %s is refused: %s", path.name, refused)
                self._move(path, REFUSED, sentence(refused, self._language))
                await intake.warn(self._channel, "statement_refused")
            else:
                log.info("statement %s: %d credits matched", path.name, len(report.found.credits))
                self._move(path, DONE, in_words(report))
        self._stood.pop(path.name, None)

    def _again(self, path: Path, intake: Intake) -> BillReader:
        with path.open("rb") as file:
            _, reader = reader_of(Source(file, path.name), self._mapping)
            yield from named(reader, intake.known(self._channel), intake.taken(self._channel))

    def _move(self, path: Path, to: str, text: str) -> None:
        """The file first: a report without it would be a lie. No name is ever taken over."""
        folder = self._path / to
        names = (path.name, *(f"{n}-{path.name}" for n in range(2, FILES_MAX)))
        name = next(
            each for each in names if not (folder / each).exists() and not (folder / f"{each}.txt").exists()
        )
        path.rename(folder / name)
        with (folder / f"{name}.txt").open("x", encoding="utf-8") as file:
            file.write(text)


def sentence(refused: TerminalError, language: str) -> str:
    said = describe(refused.slug, refused.facts, language)
    return f"{said.sentence} ({said.code})\n{said.fix}\n"


def in_words(report: Report) -> str:
    """What was matched, what was not and why; no text of the bank's, so no spreadsheet calculates it."""
    if report.again:
        return "This statement was imported before. Nothing changed.\n"
    found = report.found
    lines = [f"{found.lines} lines, {len(found.credits)} matched, {found.known} known from another file."]
    for credit, sale in zip(found.credits, report.sales, strict=True):
        what = "taken back" if credit.back else "received"
        amount = told(credit.amount_minor, credit.currency)
        lines.append(f"line {credit.line}: {amount} {what} for {credit.order_no}, the sale is {sale}")
    why = {
        "no_reference": "carries no reference of ours",
        "unknown_reference": "carries a reference this counter did not give",
        "two_orders": "names two orders",
    }
    for left in found.left:
        lines.append(f"line {left.line}: {told(left.amount_minor, left.currency)} not matched: it {why[left.why]}")
    if found.left_more:
        lines.append(f"and {found.left_more} more that are not matched")
    if found.waiting:
        lines.append(f"{found.waiting} intraday credits wait for the day's statement")
    lines += [describe(slug, {}, "en").sentence for slug in report.alerts]
    return "\n".join(lines) + "\n"


class StatementDesk:
    """The folders of all channels without an API, and their intake: what the app starts."""

    def __init__(self, service: Service, intake: Intake, folders: dict[str, StatementFolder]) -> None:
        self._service, self.intake, self._folders = service, intake, folders

    def settle_by(self, then: Then) -> None:
        """Who matches whole statements and says what is settled.

        Two events, each told once: ``statement_credits`` of the intake pays, at once and also intraday;
        ``settled`` of the reconciliation settles, when the day's statement is matched as a whole.
        """
        for folder in self._folders.values():
            folder.then = then

    async def take(self, path: Path, channel: str) -> Imported:
        """A file from elsewhere: its credits reach their sales, whoever called settles by it.

        Raises:
            BillRefused: it cannot be believed. NotFound: ``channel_unknown``, it has no folder.
        """
        folder = self._folders.get(channel)
        if folder is None:
            raise NotFound("channel_unknown", channel=channel)
        try:
            with path.open("rb") as file:
                return (await folder.bring(path, file, self.intake))[1]
        except OSError as error:
            raise BillRefused("bill_unreadable", file=path.name, why=error.strerror or "unknown") from error

    def start(self) -> None:
        """Once the service is ready: what was half taken is finished, and the folders are looked at for ever."""
        if self._folders:
            self._service.tasks.start("statements half taken", self.intake.resume)
        for name, folder in self._folders.items():
            self._service.tasks.start(f"statements {name}", partial(folder.run, self.intake))


def statement_desk(loaded: Loaded, service: Service) -> StatementDesk:
    """Before the service runs: from then on its channels without an API can be asked.

    Raises:
        BadSettings: ``mapping_unusable``.
    """
    banks = {name: each for name, each in service.providers().items() if isinstance(each, AnyBank)}
    folders: dict[str, StatementFolder] = {}
    for name in banks:
        table = loaded.settings.channels[name]
        assert isinstance(table, AnyBankTable), name
        mapping, look_s = mapping_of(loaded, table), table.statement_look_s
        folders[name] = StatementFolder(name, loaded.path(table.statement_folder), mapping, look_s=look_s)
    return StatementDesk(service, Intake(service, banks), folders)


def check_mappings(loaded: Loaded) -> None:
    """Raises BadSettings("mapping_unusable"): of the first that cannot be used."""
    for table in loaded.settings.channels.values():
        if isinstance(table, AnyBankTable):
            mapping_of(loaded, table)


def mapping_of(loaded: Loaded, table: AnyBankTable) -> Mapping | None:
    """Raises BadSettings("mapping_unusable")."""
    if not table.statement_mapping:
        return None
    path = loaded.path(table.statement_mapping)
    try:
        with path.open("rb") as file:
            return read_mapping(file.read(MAPPING_MAX + 1), path.name)
    except OSError as error:
        raise BadSettings("mapping_unusable", file=path.name, why=error.strerror or "unreadable") from error
