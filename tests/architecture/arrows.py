"""Which way imports point, as data. An arrow is an import; no arrow, no import."""

import sys
from collections.abc import Iterator

from tests.architecture.source import Source

PORTS = "terminal.counter.ports"
CORE_TYPES = tuple(
    f"terminal.payments.{name}"
    for name in (
        *(
            "anchor",
            "bill",
            "codes",
            "currencies",
            "event",
            "evidence",
            "fees",
            "money",
            "notice",
            "profile",
            "receipt",
        ),
        *("reference", "settled"),
    )
)
COMMON = (
    "terminal.errors",
    "terminal.log_context",
    "terminal.on_demand",
    "terminal.precedence",
    "terminal.strict_json",
    "terminal.ulid",
)

EVERYTHING = ("terminal", "drivers", "firmware_stubs")
"""For those who build and wire, and for worlds that hold a whole counter."""

ARROWS: dict[str, tuple[str, ...]] = {
    # the core and its ring
    "terminal.errors": (),
    "terminal.payments": ("terminal.errors",),
    "terminal.counter": ("terminal.payments", *COMMON),
    # by shape these are the counter's ports: they see its types and never each other
    "terminal.journal": (*CORE_TYPES, "terminal.tls.trust", "terminal.whole_file", PORTS, *COMMON),
    "terminal.banks": (*CORE_TYPES, "terminal.tls.trust", PORTS, *COMMON),
    "terminal.peripherals": (*CORE_TYPES, "terminal.given_file", PORTS, *COMMON, "drivers"),
    "terminal.conformance": (
        "terminal.banks",
        "terminal.regions",
        "terminal.virtual_time",
        "terminal.whole_file",
        *CORE_TYPES,
        PORTS,
        *COMMON,
    ),
    "terminal.connectors": ("terminal.banks", "terminal.conformance", *CORE_TYPES, PORTS, *COMMON),
    # beside the core
    "terminal.help": ("terminal.payments.money", "terminal.errors"),
    "terminal.people": (*CORE_TYPES, "terminal.whole_file", PORTS, *COMMON),
    "terminal.settlement": ("terminal.payments", PORTS, *COMMON),
    "terminal.privacy": (*CORE_TYPES, PORTS, *COMMON),
    "terminal.risk": ("terminal.payments", "terminal.counter", *COMMON),
    "terminal.observe": ("terminal.payments", PORTS, *COMMON),  # counts and tells; nothing else knows of it
    "terminal.hooks": (*CORE_TYPES, "terminal.counter", *COMMON),
    "terminal.visit": ("terminal.payments", "terminal.people.roles", "terminal.whole_file", PORTS, *COMMON),
    "terminal.training": (
        *("terminal.payments", "terminal.people.roles", "terminal.chance", "terminal.given_file", PORTS),
        *COMMON,
    ),
    "terminal.brand": ("drivers.raster", "drivers.printer.bitmap", "terminal.whole_file", *CORE_TYPES, *COMMON),
    "terminal.care": (*CORE_TYPES, PORTS, *COMMON),
    "terminal.regions": ("terminal.payments.codes", "terminal.errors"),
    "terminal.settings": (
        *(*CORE_TYPES, "terminal.payments.payout", "terminal.counter.settings"),
        *("terminal.given_file", "terminal.whole_file"),
        *COMMON,
    ),
    # edges: parse, call, format
    "terminal.web": (
        "terminal.counter",
        "terminal.payments",
        "terminal.people",
        "terminal.settlement",
        "terminal.risk",
        "terminal.privacy",
        "terminal.observe",
        "terminal.hooks",
        "terminal.brand",
        "terminal.care",
        "terminal.visit",
        "terminal.training",
        "terminal.help",
        "drivers.qr",  # pure: text to modules, so that glass and page show the same code
        *COMMON,
    ),
    "terminal.client": (),  # runs in a till's own program
    "terminal.pos": (
        *("terminal.counter", "terminal.payments", "terminal.people", "terminal.help", "terminal.settings.tables"),
        *COMMON,
    ),
    # the machine, and its twin for simulations
    "terminal.system": ("terminal.ulid",),
    "terminal.ulid": (PORTS,),
    "terminal.chance": (),
    "terminal.on_demand": (),
    "terminal.precedence": (),
    "terminal.guard": (),
    "terminal.busy_ports": (),
    "terminal.whole_file": (),
    "terminal.given_file": (),
    "terminal.log_context": (),
    "terminal.strict_json": ("terminal.errors",),
    "terminal.virtual_time": ("terminal.chance", "terminal.guard", "terminal.ulid"),
    "terminal.tls": ("terminal.whole_file", PORTS),  # certificates: our own, and whose are trusted
    "terminal.versions": ("terminal.errors",),  # of this program: what is in one, who signed it, which runs
    "terminal.data": (),  # scripts that made data, run by hand
    # the world outside, simulated: sees nothing of banks
    "terminal.sandbox": (
        "terminal.chance",  # a customer of a given seed
        "terminal.tls.trust",
        "terminal.whole_file",
        *COMMON,
    ),
    "terminal.lab": (
        "firmware_stubs",
        "drivers.qr",
        "drivers.raster",
        "terminal.sandbox",
        "terminal.help",
        "terminal.web",
        "terminal.given_file",
        "terminal.whole_file",
        *CORE_TYPES,
        PORTS,
        *COMMON,
    ),
    "terminal.simulation": EVERYTHING,
    "terminal.testing": EVERYTHING,  # the pytest plugin: a whole counter as a library
    # these build and wire
    "terminal.app": EVERYTHING,
    "terminal.wiring": EVERYTHING,  # its parts: channels, journal, devices, risk, privacy, doors
    "terminal.bills": EVERYTHING,  # bills and statements: from a file to its reader, its job and its desk
    "terminal.cli": EVERYTHING,
    "terminal": (),
    # bytes and ports, nothing of payments; and the other side, written from the manuals alone
    "drivers": (),
    "firmware_stubs": (),
}

WIRING_ONLY = ("terminal.app", "terminal.cli", "terminal.lab", "terminal.simulation", "terminal.testing")
"""Nobody but those who wire may import these; a world may hold another one."""
WIRES = (*WIRING_ONLY, "terminal.wiring")

STUBS = {*sys.stdlib_module_names, "firmware_stubs", "machine", "micropython"}
"""The last two are what our display's firmware finds on its board."""

ONLY_IN: dict[str, tuple[str, ...]] = {
    "serial": ("drivers/serial_port.py",),
    "zxingcpp": ("terminal/lab/camera.py",),
    "apsw": (
        *("terminal/journal/", "terminal/sandbox/store.py", "terminal/settlement/spool.py"),
        "terminal/simulation/power.py",  # a disk whose power can be cut
    ),
    "asyncpg": ("terminal/journal/",),
    "uharfbuzz": ("drivers/shaping.py",),
    "xlsxwriter": ("terminal/settlement/export.py",),
    "PIL": (
        "drivers/raster.py",
        "terminal/brand/logo.py",
        "terminal/data/brands/",
        "terminal/lab/",
        "terminal/web/",
    ),
    "qrcode": ("terminal/lab/", "terminal/web/", "terminal/sandbox/pages.py"),
    "typer": ("terminal/cli/",),
    "rich": ("terminal/cli/",),
    "argon2": ("terminal/people/",),
    "jinja2": ("terminal/web/", "terminal/sandbox/", "terminal/lab/"),
}
"""A library has one home, so that replacing it is one change."""

LATE = ("PIL", "qrcode", "babel", "uharfbuzz", "xlsxwriter")
"""Heavy libraries: imported inside the function that needs them, or a cold start pays for all of them."""


def arrow_violations(source: Source) -> Iterator[str]:
    allowed = ARROWS.get(source.package)
    if allowed is None:
        yield f"{source.path}: {source.package} has no place in the layout (tests/architecture/arrows.py)"
        return
    if source.path.endswith("/__main__.py"):
        allowed = (*allowed, "terminal.system")  # a process of its own gets the real clock and chance
    for line, name, _ in source.imports:
        if name.startswith("."):
            yield f"{source.path}:{line}: relative import"
            continue
        if name.partition(".")[0] not in EVERYTHING or _within(name, source.package):
            continue
        if not any(_within(name, each) for each in allowed):
            yield f"{source.path}:{line}: {source.package} may not import {name}"
        elif any(_within(name, each) for each in WIRING_ONLY) and source.package not in WIRES:
            yield f"{source.path}:{line}: nobody imports {name} but those who wire"


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def library_violations(source: Source) -> Iterator[str]:
    if source.path.startswith("tests/"):
        return
    for line, name, at_top in source.imports:
        library = name.partition(".")[0]
        homes = ONLY_IN.get(library)
        if homes is not None and not source.path.startswith(homes):
            yield f"{source.path}:{line}: {library} belongs into {', '.join(homes)}"
        if library in LATE and at_top:
            yield f"{source.path}:{line}: {library} at module level delays every start"
        if source.package == "terminal.payments" and library not in PURE and library not in EVERYTHING:
            yield f"{source.path}:{line}: the core is pure, it has no use for {library}"
        if source.package == "firmware_stubs" and library not in STUBS:
            yield f"{source.path}:{line}: stubs import the standard library only, not {library}"


PURE = {
    "base64",
    "datetime",  # dates and their arithmetic; the present is a clock's
    "pathlib",  # the name of a file; nothing is opened
    "binascii",
    "collections",
    "dataclasses",
    "operator",
    "decimal",
    "enum",
    "functools",
    "hashlib",
    "hmac",
    "itertools",
    "re",
    "string",
    "typing",
    "msgspec",  # the profile's schema
}
