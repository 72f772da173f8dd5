"""Time, chance, sockets, threads, processes, files, catch-alls: only at named places, each with its reason."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from tests.architecture.source import Source


class Ban(NamedTuple):
    """``modules`` may not be imported; ``calls`` are dotted names that may not be written."""

    modules: tuple[str, ...]
    calls: tuple[str, ...]


BANS: dict[str, Ban] = {
    "clock": Ban(
        ("time", "sched"),
        ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"),
    ),
    "chance": Ban(("random", "uuid", "secrets"), ("os.urandom", "os.getrandom")),
    "socket": Ban(
        ("socket", "socketserver", "http", "urllib.request", "ssl"),
        (
            "asyncio.open_connection",
            "asyncio.start_server",
            "asyncio.open_unix_connection",
            "asyncio.start_unix_server",
            "aiohttp.ClientSession",
            "web.TCPSite",
            "web.UnixSite",
            "web.run_app",
        ),
    ),
    "thread": Ban(
        ("threading", "_thread", "concurrent", "multiprocessing", "queue"),
        ("asyncio.to_thread", "loop.run_in_executor", "os.fork"),
    ),
    "process": Ban(
        ("subprocess", "signal"),
        (
            "asyncio.create_subprocess_exec",
            "asyncio.create_subprocess_shell",
            "os.system",
            "os.popen",
            "os.kill",
        ),
    ),
    "file": Ban(("tempfile", "shutil"), ("open", "os.open", "io.open")),
    "hidden import": Ban((), ("importlib.import_module", "import_module", "__import__", "eval", "exec")),
}

FILE_METHODS = {"read_text", "read_bytes", "write_text", "write_bytes"}
FILE_MODES = {"r", "rb", "w", "wb", "a", "ab", "x", "xb", "r+b", "w+b"}
"""Of a Path; a file is also opened by these, or by ``.open`` with such a mode."""

ALLOWED: dict[tuple[str, str], str] = {
    ("terminal/system.py", "clock"): "the one real clock",
    ("terminal/system.py", "chance"): "the kernel's random numbers, for ids and keys",
    ("terminal/guard.py", "clock"): "refuses it to the product while a virtual world runs",
    ("terminal/guard.py", "chance"): "as above",
    ("terminal/guard.py", "socket"): "as above",
    ("terminal/guard.py", "thread"): "as above",
    ("terminal/journal/writer.py", "thread"): "the journal's one writing thread: fsync never blocks the loop",
    ("terminal/journal/postgres/", "thread"): "the view's disk and long work leave the loop",
    ("terminal/journal/postgres/place.py", "socket"): "TLS to the database, its name verified",
    ("terminal/journal/", "file"): "lock, keys, checkpoints and suspect copies are files by nature",
    ("terminal/settings/", "file"): "the configuration and its secrets, once at start",
    ("terminal/risk/table.py", "file"): "the rules' numbers, once",
    ("terminal/pos/folder_shelf.py", "file"): "a till's requests and results are files",
    ("terminal/pos/folder.py", "thread"): "reading and writing them leaves the loop; inline in a virtual world",
    ("terminal/privacy/datamap.py", "file"): "the data map, once",
    ("terminal/web/late.py", "thread"): "loading a page's code leaves the loop; inline in a virtual world",
    ("terminal/web/cards.py", "thread"): "drawing a page leaves the loop",
    ("terminal/web/card_sheet.py", "thread"): "as above",
    ("terminal/wiring/support_bundle.py", "thread"): "reading journal and logs leaves the loop",
    ("terminal/wiring/support_bundle.py", "file"): "what a bundle is gathered from, and the bundle",
    ("terminal/wiring/care.py", "thread"): "the bundle for support is gathered off the loop",
    ("terminal/wiring/observing.py", "file"): "how much memory the kernel says this process has",
    ("terminal/wiring/privacy.py", "thread"): "looking through folders leaves the loop",
    ("terminal/wiring/privacy.py", "file"): "the ledger's own file, and what is old",
    ("terminal/wiring/practice.py", "file"): "the simulated bank's credentials, once when somebody practises",
    ("terminal/wiring/risk.py", "thread"): "writing them leaves the loop",
    ("terminal/wiring/visit.py", "file"): "sealed records",
    ("terminal/brand/shelf.py", "file"): "a brand is a data file, kept whole in the state folder",
    ("terminal/training/video.py", "file"): "a lesson's video is told by its first bytes",
    ("terminal/visit/presets.py", "file"): "presets are data files, each read once",
    ("terminal/visit/keys.py", "file"): "the key that seals a visit's record, for its owner alone",
    ("terminal/training/", "file"): "lessons, questions and the exam's rules are data files, read once",
    ("terminal/simulation/trainee.py", "file"): "a private folder for each classroom's journal",
    ("terminal/regions.py", "file"): "region packs, once at start",
    ("terminal/banks/profile_file.py", "file"): "channel profiles, once at start",
    ("terminal/banks/signing.py", "file"): "keys, once at start",
    ("terminal/banks/bill_file.py", "file"): "a fetched bill becomes a file once its hash is right",
    ("terminal/banks/bill_fetching.py", "thread"): "waits for the disk; inline in a virtual world",
    ("terminal/banks/ask_pix_list.py", "thread"): "a list is made durable beside the loop",
    ("terminal/bills/readers.py", "file"): "bills and statements are files, read as they are matched",
    ("terminal/bills/files.py", "file"): "fetched and imported bills are kept as files",
    ("terminal/bills/files.py", "thread"): "reading and copying them leaves the loop; inline in a virtual world",
    ("terminal/conformance/", "file"): "results of the kit, and the template of a connector",
    ("terminal/conformance/proof.py", "thread"): "the kit has a loop of its own beside the service's",
    ("terminal/bills/statement_folder.py", "file"): "statements are dropped into a folder as files",
    ("terminal/banks/signing.py", "thread"): "RSA leaves the loop; inline in a virtual world",
    ("terminal/people/pins.py", "thread"): "Argon2 leaves the loop; inline in a virtual world",
    ("terminal/sandbox/server.py", "thread"): "making RSA keys leaves the loop",
    ("terminal/tls/ends.py", "socket"): "when an authority of our own ends, as TLS reads it; it opens nothing",
    ("terminal/tls/local_authority.py", "file"): "the machine's own certificate, made once",
    ("terminal/whole_file.py", "file"): "a file that is there whole or not at all",
    ("terminal/given_file.py", "file"): "a file that somebody named, read within its limit",
    ("terminal/given_file.py", "clock"): "how long a pipe that was handed to a command may take",
    ("terminal/app.py", "file"): "tells its starter where it answers, readable by the owner alone",
    ("terminal/app.py", "socket"): "TLS for the notification listener",
    ("firmware_stubs/cables.py", "socket"): "a simulated device behind TCP, on loopback",
    ("firmware_stubs/held_back.py", "thread"): "a lock: the end of a frame comes from the journal's thread",
    ("terminal/tls/trust.py", "socket"): "whom TLS trusts, in one place; it opens nothing",
    ("terminal/banks/client.py", "socket"): "the only outgoing HTTP to banks",
    ("terminal/hooks/sender.py", "socket"): "webhooks leave here alone: every address is judged before",
    ("terminal/hooks/limits.py", "file"): "the numbers of webhooks, once",
    ("terminal/help/", "file"): "catalogues and the error registry, once",
    ("terminal/people/", "file"): "the list of common PINs; the key file written for its owner alone",
    ("terminal/system.py", "socket"): "no list of authorities for connections nobody makes",
    ("terminal/peripherals/phrases.py", "file"): "phrases as data, once",
    ("terminal/peripherals/clips.py", "file"): "the list of recorded clips, once",
    ("terminal/peripherals/glyphs.py", "file"): "amounts as ready dots, once",
    ("terminal/peripherals/drawings.py", "thread"): "drawing words leaves the loop; inline in a virtual world",
    ("terminal/peripherals/drawings.py", "file"): "words that every day needs, drawn once",
    ("terminal/sandbox/__main__.py", "process"): "SIGTERM ends the simulated bank in order",
    ("terminal/sandbox/", "file"): "the simulated bank's own keys and pages",
    ("terminal/sandbox/", "socket"): "the simulated bank listens and notifies, on loopback",
    ("terminal/lab/", "socket"): "the simulated world's pages, on loopback; a trainer's page by TLS where asked",
    ("terminal/lab/", "file"): "its pages and fault data",
    ("terminal/lab/", "process"): "starts and kills the service on purpose",
    ("terminal/lab/pages.py", "thread"): "pictures of paper leave the loop",
    ("terminal/cli/lab/virtual.py", "thread"): "the virtual counter has a loop of its own, on a thread of its own",
    ("terminal/lab/eye.py", "thread"): "looking through the camera leaves the loop",
    ("terminal/lab/laboratory.py", "thread"): "as above",
    ("terminal/wiring/power_on.py", "file"): "which start of the machine this is (proc), and which it was last",
    ("terminal/wiring/goods.py", "thread"): "the shop's products are read again off the loop when they changed",
    ("terminal/wiring/fitting.py", "thread"): "a chosen device is written to the disk off the loop",
    ("terminal/tls/lan_authority.py", "file"): "its key and certificate, which only the service reads",
    ("terminal/wiring/lan.py", "file"): "which addresses this machine has (proc)",
    ("terminal/wiring/lan.py", "socket"): "TLS for phones and second screens of the shop",
    ("terminal/wiring/door_lines.py", "socket"): "an old till connects to its line",
    ("terminal/wiring/open_nexo.py", "socket"): "TLS for a till's messages",
    ("terminal/cli/devices/proof.py", "thread"): "a person types while the service is asked on",
    ("terminal/wiring/preview.py", "thread"): "the preview of a receipt is drawn off the loop",
    ("terminal/web/", "socket"): "the service's listeners",
    ("terminal/web/pages/reports.py", "thread"): "a workbook is written off the loop",
    ("terminal/web/", "file"): "pages and styles, once",
    ("terminal/client/__init__.py", "chance"): "idempotency keys, made in the till's own program",
    ("terminal/busy_ports.py", "file"): "who listens on this machine (proc)",
    ("terminal/cli/", "process"): "the demo supervises sandbox, lab and service",
    ("terminal/cli/demo/leash.py", "thread"): "hears the end of the parent whatever the program's own loop does",
    ("terminal/cli/", "file"): "commands read and write what people name",
    ("terminal/versions/", "file"): "versions side by side in a folder, each made of the wheels in another",
    ("terminal/cli/", "socket"): "commands that ask a running service",
    ("terminal/simulation/rings.py", "file"): "fixed RSA test keys, once",
    ("terminal/simulation/mass.py", "thread"): "a mass run takes every core, outside its virtual worlds",
    ("terminal/simulation/run.py", "file"): "a private folder in memory for each seed's journal",
    ("terminal/simulation/rails_run.py", "file"): "the same",
    ("terminal/simulation/power.py", "file"): "what a power cut leaves of that journal",
    ("terminal/testing/counter.py", "file"): "a private folder in memory for each counter's journal",
    ("terminal/testing/stories.py", "file"): "the same for a story",
    ("terminal/testing/live.py", "clock"): "looks at a real process, from a test",
    ("terminal/testing/live.py", "socket"): "drives the lab over HTTP, on loopback",
    ("terminal/testing/live.py", "process"): "starts and ends the counter of a test in real time",
    ("terminal/testing/live.py", "file"): "the keys that the demo leaves for its owner",
    ("drivers/own_thread.py", "thread"): "a system's call that hangs keeps no thread that others need",
    ("drivers/descriptor_pipe.py", "thread"): "a lock: the end of a frame comes from the journal's thread",
    ("drivers/tcp_port.py", "socket"): "devices behind TCP",
    ("drivers/audio_port.py", "process"): "the player behind the computer's own sound output, bounded in time",
    ("drivers/speaker/audio_driver.py", "file"): "recorded clips are data files, each read once",
    ("firmware_stubs/board/", "clock"): "the board's own program, under MicroPython",
    ("firmware_stubs/board/main.py", "chance"): "a number for each start of the board",
    ("drivers/display/profile.py", "file"): "device profiles are data files",
    ("drivers/printer/profile.py", "file"): "device profiles are data files",
    ("drivers/scanner/profile.py", "file"): "device profiles are data files",
    ("drivers/usb_printer.py", "file"): "a printer on USB is opened like a file",
    ("drivers/hotplug.py", "file"): "the kernel's own lists of what is plugged in",
    ("drivers/scanner/evdev.py", "file"): "an input device is opened like a file",
    ("drivers/speaker/profile.py", "file"): "device profiles are data files",
}

CATCH_ALL: dict[str, str] = {
    "terminal/counter/tasks.py": "the supervisor: a task's error is logged and its counter restarted",
    "terminal/web/live/hub.py": "the supervisor of the live jobs: an error is logged, sockets end, it begins anew",
    "terminal/counter/book.py": "what could begin ahead begins in its time: no bug there keeps a payment out",
    "terminal/journal/committer.py": "what waits for an append is a device's: its error is a line of the log",
    "terminal/journal/writer.py": "the thread's error is raised by its owner once every waiter was told",
    "terminal/web/problems.py": "an unforeseen error answers 500 without its text, and is logged",
    "terminal/conformance/run.py": "whatever a connector raises is its red case, not the run's end",
    "terminal/on_demand.py": "begun work hands every error to the one who waits, as a task does",
    "terminal/virtual_time.py": "an executor hands every error to the one who waits",
    "drivers/own_thread.py": "nobody waits for what a thread lets go of: its error is a line of the log",
}
"""A handler that ends with a bare ``raise`` swallows nothing and needs no entry."""


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of names and attributes, else empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""


def outside_uses(source: Source) -> Iterator[tuple[int, str, str]]:
    """(line, kind of ban, what)."""
    for line, name, _ in source.imports:
        for kind, ban in BANS.items():
            if any(name == module or name.startswith(module + ".") for module in ban.modules):
                yield line, kind, name
    for node in source.nodes:
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            for kind, ban in BANS.items():
                if called in ban.calls:
                    yield node.lineno, kind, called
            if isinstance(node.func, ast.Attribute) and _touches_file(node, node.func.attr):
                yield node.lineno, "file", node.func.attr
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                for kind, ban in BANS.items():
                    if f"{node.module}.{alias.name}" in ban.calls:
                        yield node.lineno, kind, f"{node.module}.{alias.name}"


def _touches_file(call: ast.Call, method: str) -> bool:
    modes = {each.value for each in call.args if isinstance(each, ast.Constant)}
    return method in FILE_METHODS or (method == "open" and bool(FILE_MODES & modes))


def outside_violations(source: Source, used: set[tuple[str, str]] | None = None) -> Iterator[str]:
    """``used`` collects the entries of ALLOWED that were needed."""
    for line, kind, what in outside_uses(source):
        entry = next(
            ((path, kind) for path, each in ALLOWED if each == kind and source.path.startswith(path)), None
        )
        if entry is None:
            yield f"{source.path}:{line}: {what}: {kind} outside its port"
        elif used is not None:
            used.add(entry)


def catch_all_violations(source: Source, used: set[str] | None = None) -> Iterator[str]:
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler) or not _catches_all(node):
            continue
        last = node.body[-1]
        if isinstance(last, ast.Raise) and last.exc is None:
            continue
        if source.path not in CATCH_ALL:
            yield f"{source.path}:{node.lineno}: catches everything; name the error, or the process edge"
        elif used is not None:
            used.add(source.path)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(dotted(each) in {"Exception", "BaseException"} for each in types)
