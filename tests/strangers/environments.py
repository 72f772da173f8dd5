"""Environments of their own for packages that test ours from outside, made once and kept under .venv/strangers."""

import asyncio
import fcntl
import hashlib
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
LIMIT_S: Final = 180.0
TOGETHER: Final = 2


async def python_of(name: str) -> Path:
    """The interpreter of the environment made from ``tests/strangers/<name>.txt``, pinned and hashed.

    A package that comes as source only has a ``<name>.build.txt`` beside it: what builds it is pinned too. A first
    line ``# alone`` takes the package without what it depends on: only its files are wanted.

    Raises:
        AssertionError: it could not be made, with what pip said; without the registry the test fails.
    """
    requirements = HERE / f"{name}.txt"
    builder = requirements.with_name(f"{name}.build.txt")
    home = ROOT / ".venv" / "strangers" / name
    home.parent.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    made, python = home / "made-from", home / "bin" / "python"
    with (home.parent / f"{name}.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if not made.exists() or made.read_text() != wanted:
            await run(
                sys.executable, "-m", "venv", "--clear", "--without-pip", str(home)
            )  # ours installs: 4 s less
            pip = (sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-input")
            wheels: tuple[str, ...] = ("--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:")
            if builder.exists():
                await run(*pip, *wheels, "-r", str(builder))
                wheels = (*wheels, "--no-build-isolation", "--no-binary", name)
            alone = ("--no-deps",) if requirements.read_text().startswith("# alone") else ()
            await run(*pip, *wheels, *alone, "-r", str(requirements))
            made.write_text(wanted)
    return python


async def run(*command: str) -> str:
    """What the command wrote; AssertionError with its own words when it failed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError(f"no end of {command} in {LIMIT_S} s") from None
    assert process.returncode == 0, f"{' '.join(command)}\n{errors.decode()}"
    return out.decode()


async def make_all() -> None:
    """Every environment, so that no test has to wait for one."""
    names = sorted(each.stem for each in HERE.glob("*.txt") if not each.stem.endswith(".build"))
    turns = asyncio.Semaphore(TOGETHER)

    async def make(name: str) -> None:
        async with turns:
            await python_of(name)

    await asyncio.gather(*map(make, names))


if __name__ == "__main__":
    asyncio.run(make_all())
