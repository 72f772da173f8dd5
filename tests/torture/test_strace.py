"""What strace wrote, read as what happened to the disk."""

from pathlib import Path

from tests.torture.strace import Step, read


def coded(text: str) -> str:
    return "".join(f"\\x{each:02x}" for each in text.encode())


def test_a_write_counts_from_its_begin_and_a_sync_from_its_end(tmp_path: Path) -> None:
    wal, new = coded("/s/journal.db-wal"), coded("/s/b")
    log = tmp_path / "log"
    log.write_text(
        f'7  pwrite64(4<{wal}>, "{coded("ab")}", 2, 32) = 2\n'
        f"7  fdatasync(4<{wal}> <unfinished ...>\n"
        f'8  sendto(9<{coded("socket:[1]")}>, "{coded("told")}", 4, 0, NULL, 0) = 4\n'
        "7  <... fdatasync resumed>) = 0\n"
        f'7  pwrite64(4<{wal}>, "{coded("cd")}", 2, 34 <unfinished ...>\n'
        "7  <... pwrite64 resumed>) = 2\n"
        f"7  fdatasync(4<{wal}>) = -1 EIO (Input/output error)\n"
        f"7  ftruncate(4<{wal}>, 10) = 0\n"
        f'7  rename("{coded("/s/a")}", "{new}") = 0\n'
        f'7  unlink("{new}") = 0\n'
        "+++ exited with 0 +++\n"
    )
    assert list(read(log)) == [
        Step("write", "/s/journal.db-wal", b"ab", 32),
        Step("sent", "socket:[1]", b"told"),
        Step("sync", "/s/journal.db-wal"),
        Step("write", "/s/journal.db-wal", b"cd", 34),
        Step("cut", "/s/journal.db-wal", offset=10),
        Step("moved", "/s/a", to="/s/b"),
        Step("gone", "/s/b"),
    ]
