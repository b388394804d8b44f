"""The bell between the processes, kept in a file."""

from pathlib import Path

from marketplace.worker import engine


def test_a_ring_is_not_forced_onto_the_disk_and_its_file_stays_whole(tmp_path: Path) -> None:
    bell = engine(f"sqlite:///{tmp_path / 'queue.db'}")
    connection = bell.storage.conn
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL
    bell.storage.close()
