"""``countertop train list | run | exam | plan | report | lint``: lessons, scam drills, the practical exam.

People practise at the till (its page ``/train``); these commands run the same lessons with scripted trainees on
the simulated counter, and read what was practised.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from terminal.cli.journal import DEMO, Config
from terminal.cli.words import REFUSED, console, language, put, sentences
from terminal.errors import InvalidRequest
from terminal.help.catalogue import Catalogue
from terminal.help.languages import nearest
from terminal.journal.reader import Reader
from terminal.settings import Loaded, load
from terminal.system import SystemClock
from terminal.training.lesson import FOLDER, NO_LESSONS, TRACKS, lessons, shared
from terminal.training.lint import complaints
from terminal.training.plan import effects, plan, rows_of

train = typer.Typer(no_args_is_help=True, help="Lessons, scam drills and the practical exam.")
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Seed = Annotated[int, typer.Option(help="Equal seeds give equal tasks, amounts and questions.")]
Auto = Annotated[bool, typer.Option("--auto", help="A scripted trainee, at the simulated counter.")]
Behaviour = Annotated[str, typer.Option(help="right or wrong: what the scripted trainee does.")]
Track = Annotated[str, typer.Option(help="fast or calm.")]
WEEKS_MAX: Final = 52
SEED_BYTES: Final = 32  # of a simulated shop's key
BEHAVIOURS: Final = ("right", "wrong")


@train.callback()
def _group() -> None:
    """Commands about training."""


@train.command("list")
def list_(track: Track = "fast", as_json: Json = False) -> None:
    """Every lesson and drill by module: for whom, how long at most, what is wrong in it."""
    tongue = _tongue()
    if as_json:
        put([msgspec.to_builtins(each) for each in lessons().values()])
        return
    for each in lessons().values():
        console.print(f"[bold]{each.id}[/]  {each.title[tongue]}", highlight=False, soft_wrap=True)
        facts = f"{shared().modules[each.module][tongue]} · {', '.join(each.audience)} · {each.limit_s} s"
        console.print(f"  {facts}", highlight=False, markup=False, soft_wrap=True)
        told = each.steps[0].calm if track == "calm" else each.steps[0].fast
        sentence = told[tongue].replace("{amount}", "…")
        console.print(f"  {sentence}", highlight=False, markup=False, soft_wrap=True)


@train.command()
def run(
    name: Annotated[str, typer.Argument(help="A lesson, a module, scams, incidents or all.")],
    auto: Auto = False,
    behaviour: Behaviour = "right",
    seed: Seed = 1,
    track: Track = "fast",
    as_json: Json = False,
) -> None:
    """Run lessons at the simulated counter. Exit code 1: one did not end as this behaviour must."""
    with sentences(as_json=as_json):
        _checked(behaviour, track)
        from terminal.simulation.trainee import chosen, run_lessons  # a whole world: only who runs one needs it

        names = chosen(name)
        if not auto:
            raise InvalidRequest("lesson_at_till", lesson=name)
        told = run_lessons(names, seed=seed, behaviour=_behaviour(behaviour), track=_track(track))
    if as_json:
        put(told)
    else:
        for each in told:
            found = "; ".join(shared().findings[rule][_tongue()] for rule in each["findings"])
            line = f"{each['outcome']:7} {each['seconds']:4} s  {each['lesson']}  {found}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    wanted = "passed" if behaviour == "right" else "failed"
    if any(each["outcome"] != wanted for each in told):
        raise typer.Exit(REFUSED)


@train.command()
def exam(
    auto: Auto = False,
    seed: Seed = 1,
    behaviour: Behaviour = "right",
    track: Track = "fast",
    as_json: Json = False,
    png: Annotated[Path | None, typer.Option(help="The certificate's slip as a picture.")] = None,
    out: Annotated[Path | None, typer.Option(help="The certificate, sealed by the simulated shop.")] = None,
) -> None:
    """One exam, marked by the system; the certificate. Exit code 1: it was not passed."""
    with sentences(as_json=as_json):
        _checked(behaviour, track)
        if not auto:
            raise InvalidRequest("lesson_at_till", lesson="exam")
        from terminal.simulation.trainee import run_exam

        told = run_exam(seed, behaviour=_behaviour(behaviour), track=_track(track))
    if png is not None:
        png.write_bytes(_picture(told))
    if out is not None:
        out.write_bytes(_sealed(told, seed))
    if as_json:
        put(told)
    else:
        _show(told)
    if not told["passed"]:
        raise typer.Exit(REFUSED)


@train.command("plan")
def plan_(config: Config = DEMO, as_json: Json = False) -> None:
    """Everybody who practised at this shop: skills ticked, weak ones first to be repeated."""
    with sentences(as_json=as_json), _practice(load(config)) as journal:
        told = plan(*rows_of(journal)) if journal else ()
    if as_json:
        put(msgspec.to_builtins(told))
        return
    tongue = _tongue()
    for person in told:
        console.print(f"[bold]{person.actor}[/]", highlight=False)
        marks = {"done": "x", "weak": "!", "open": " "}
        for skill in person.skills:
            line = (
                f"  [{marks[skill.state]}] {lessons()[skill.lesson].title[tongue]}  {skill.failed}/{skill.tries}"
            )
            console.print(line, highlight=False, markup=False, soft_wrap=True)


@train.command()
def report(
    weeks: Annotated[int, typer.Option(min=1, max=WEEKS_MAX, help="After each person's last exam.")] = 2,
    config: Config = DEMO,
    as_json: Json = False,
) -> None:
    """What training did: the exam, and the real till's mistakes in the weeks after it."""
    with sentences(as_json=as_json):
        loaded = load(config)
        from terminal.wiring.stores import reading_path

        with _practice(loaded) as journal:
            exams = rows_of(journal)[1] if journal else ()
        with _open(reading_path(loaded)) as live:
            told = effects(exams, live, weeks, SystemClock().wall_ms()) if live else ()
    if as_json:
        put(msgspec.to_builtins(told))
        return
    words = Catalogue.load(_tongue())
    for each in told:
        line = words.text(
            "train.report", percent=each.percent, sales=each.sales, cancels=each.cancels, reprints=each.reprints,
            late=each.late,
        )  # fmt: skip
        console.print(f"{each.actor}  {line}", highlight=False, markup=False, soft_wrap=True)


@train.command()
def lint(
    file: Annotated[Path | None, typer.Argument(help="A lesson file; all of the product's without one.")] = None,
) -> None:
    """What is wrong with a lesson file, in sentences. Exit code 1: something is."""
    files = [file] if file else [each for each in sorted(FOLDER.glob("*.toml")) if each.name not in NO_LESSONS]
    bad = False
    with sentences():
        for each in files:
            try:
                found = complaints(each)
            except OSError as error:
                raise InvalidRequest("lesson_file", path=str(each), why=error.strerror or "") from None
            for sentence in found:
                console.print(f"{each.name}: {sentence}", highlight=False, markup=False, soft_wrap=True)
            bad = bad or bool(found)
    if bad:
        raise typer.Exit(REFUSED)


def _tongue() -> str:
    return nearest(language())


def _checked(behaviour: str, track: str) -> None:
    """Raises InvalidRequest."""
    if behaviour not in BEHAVIOURS:
        raise InvalidRequest("lesson_choice", value=behaviour, known=", ".join(BEHAVIOURS))
    if track not in TRACKS:
        raise InvalidRequest("lesson_choice", value=track, known=", ".join(TRACKS))


def _behaviour(text: str) -> Any:
    return "wrong" if text == "wrong" else "right"


def _track(text: str) -> Any:
    return "calm" if text == "calm" else "fast"


@contextmanager
def _practice(loaded: Loaded) -> Iterator[Reader | None]:
    """What was practised at this machine; None: nobody ever did."""
    from terminal.wiring.practice import journal_of

    with _open(journal_of(loaded)) as journal:
        yield journal


@contextmanager
def _open(path: Path) -> Iterator[Reader | None]:
    if not path.exists():
        yield None
        return
    shelf = Reader.at(path)
    try:
        yield shelf
    finally:
        shelf.close()


def _sealed(told: dict[str, Any], seed: int) -> bytes:
    """With a key that this seed makes: nobody's, and the same each time."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from terminal.visit.seal import seal

    return seal("certificate", told, Ed25519PrivateKey.from_private_bytes(seed.to_bytes(SEED_BYTES)))


def _picture(told: dict[str, Any]) -> bytes:
    import asyncio

    from terminal.training.certificate import slip
    from terminal.wiring.preview import receipt_picture

    return asyncio.run(receipt_picture(slip(told, _tongue(), _day(told["ended_ms"]))))


def _day(wall_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%d")


def _show(told: dict[str, Any]) -> None:
    from terminal.payments.receipt import Row
    from terminal.training.certificate import slip

    for line in slip(told, _tongue(), _day(told["ended_ms"])):
        text = f"{line.left}  {line.right}" if isinstance(line, Row) else ""
        console.print(text, highlight=False, markup=False, soft_wrap=True)
