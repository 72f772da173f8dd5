"""What the doctor says of the service on this machine: every listener of the settings, who is told of events."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from terminal.busy_ports import listeners
from terminal.cli.doctor.checks import Finding
from terminal.errors import JournalError
from terminal.hooks.endpoint import KIND, restore
from terminal.journal.reader import Reader
from terminal.settings import Loaded
from terminal.wiring.stores import reading_path

OURS: Final = "countertop"
PAGE: Final = 256


def service_findings(
    loaded: Loaded, look: Callable[[Iterable[int]], Mapping[int, str]] = listeners
) -> list[Finding]:
    """``look``: who listens on these TCP ports of this machine."""
    wanted = {name: port for name, port in _listening(loaded) if port}
    found = look(wanted.values())
    told = [_of_listener(name, port, found.get(port)) for name, port in wanted.items()]
    if not loaded.settings.metrics.port:
        told.append(Finding("metrics_by_key", "good", {"port": str(loaded.settings.listen.port)}))
    if endpoint := loaded.settings.traces.endpoint:
        told.append(Finding("traces_sent", "good", {"where": endpoint}))
    return [*told, *_of_hooks(loaded)]


def _listening(loaded: Loaded) -> Iterator[tuple[str, int]]:
    settings = loaded.settings
    yield "pages", settings.listen.port
    yield "notifications", settings.listen.notify_port
    yield "metrics", settings.metrics.port
    for name, door in settings.doors.items():
        if not getattr(door, "line", "") and not getattr(door, "folder", ""):
            yield f"{name} ({door.kind})", door.port


def _of_listener(name: str, port: int, who: str | None) -> Finding:
    facts = {"name": name, "port": str(port)}
    if who is None:
        return Finding("listener_down", "warning", facts)
    if OURS in who or "python" in who:  # a service that was started by its module has the interpreter's name
        return Finding("listener_up", "good", facts)
    return Finding("listener_taken", "wrong", {**facts, "program": who})


def _of_hooks(loaded: Loaded) -> Iterator[Finding]:
    """By the journal, beside a running service: an endpoint that takes nothing is named by its label alone."""
    path = reading_path(loaded)
    if not path.exists():
        return
    try:
        reader = Reader.at(path)
    except JournalError as error:
        yield Finding("journal_not_read", "warning", {"why": error.slug})
        return
    try:
        hooks = [restore(row.subject, row.body) for row in reader.list(KIND, limit=PAGE, search="active")]
    finally:
        reader.close()
    for hook in hooks:
        facts = {"label": hook.label, "why": hook.why or hook.state}
        yield Finding("hook_troubled" if hook.trouble else "hook_well", "wrong" if hook.trouble else "good", facts)
