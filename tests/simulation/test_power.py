"""The disk whose power can be cut: what was synced is there, of the rest any part, torn at a sector."""

from pathlib import Path

import apsw
import pytest

from terminal.chance import Chance
from terminal.simulation.power import SECTOR, Platter, PowerDisk, Write


def test_d2_what_was_synced_is_whole_and_the_rest_is_torn_at_a_sector() -> None:
    platter = Platter()
    platter.loose.append(Write(0, b"a" * SECTOR))
    platter.synced()
    platter.loose.append(Write(0, b"b" * 3 * SECTOR))
    seen = set()
    for seed in range(60):
        left = platter.after_a_cut(Chance(seed))
        sectors = [left[at : at + SECTOR] for at in range(0, len(left), SECTOR)]
        assert all(set(sector) in ({97}, {98}, {0}) for sector in sectors)
        assert sectors[0] in (b"a" * SECTOR, b"b" * SECTOR)
        seen.add(bytes(sector[0] for sector in sectors))
    assert {b"a", b"bbb"} <= seen  # nothing arrived, all arrived
    assert len(seen) > 4


def test_d2_a_cut_file_is_cut_or_not() -> None:
    platter = Platter(bytearray(b"x" * 10), [Write(4, None)])
    assert {platter.after_a_cut(Chance(seed)) for seed in range(20)} == {b"x" * 10, b"x" * 4}


@pytest.fixture
def disk() -> PowerDisk:
    return PowerDisk("power-test")


def opened(disk: PowerDisk, path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), vfs=disk.name)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = full")
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def test_d2_a_commit_that_returned_survives_every_cut_and_one_in_the_middle_is_whole_or_not_there(
    tmp_path: Path, disk: PowerDisk
) -> None:
    path, found = tmp_path / "x.db", set()
    connection = opened(disk, path)
    connection.execute("CREATE TABLE t (n INTEGER, filling TEXT)")
    for cut in range(1, 16):
        connection.execute("INSERT INTO t VALUES (?, ?)", (cut, "x" * 3000))
        left = 2 * (cut % 5)

        def at_write() -> None:
            nonlocal left
            if left == 0:
                disk.dead = True
                raise apsw.IOError("the power is gone")
            left -= 1

        disk.at_write = at_write
        with pytest.raises(apsw.IOError):
            connection.execute("INSERT INTO t VALUES (?, ?)", (-cut, "y" * 9000))
        connection.close()
        disk.cut(Chance(cut))
        connection = opened(disk, path)
        rows = list(connection.execute("SELECT n, length(filling) FROM t ORDER BY rowid"))
        assert [n for n, _ in rows if n > 0] == list(range(1, cut + 1))
        assert {length for n, length in rows if n < 0} <= {9000}
        found.add(any(n == -cut for n, _ in rows))
        assert connection.pragma("integrity_check") == "ok"
    connection.close()
    disk.close()
    assert found == {False}, "the last frame of a commit is what makes it one"
