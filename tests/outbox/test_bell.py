"""The bell between the processes: a file, the town's own PostgreSQL, or Redis."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huey import Huey

from marketplace.worker import engine
from tests.local_redis import LocalRedis


def test_a_ring_is_not_forced_onto_the_disk_and_its_file_stays_whole(tmp_path: Path) -> None:
    bell = engine(f"sqlite:///{tmp_path / 'queue.db'}")
    connection = bell.storage.conn
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL
    bell.storage.close()


@pytest.fixture(params=["file", "database", "redis"])
def url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    if request.param == "database" and not database_url.startswith("postgresql"):
        pytest.skip("PostgreSQL: the database of this run is another")
    if request.param == "redis":
        server = LocalRedis(tmp_path)
        yield server.url
        server.stop()
    else:
        yield database_url if request.param == "database" else f"sqlite:///{tmp_path / 'queue.db'}"


def hung(url: str, heard: list[list[int]]) -> tuple[Huey, Callable[[list[int]], object]]:
    """The bell as one process hangs it, and its rope."""
    bell = engine(url)

    def deliver(message_ids: list[int]) -> None:
        heard.append(message_ids)

    return bell, bell.task(name="deliver")(deliver)


def test_what_one_process_rings_one_worker_hears_once(url: str) -> None:
    heard: list[list[int]] = []
    web, ring = hung(url, heard)
    workers = [hung(url, heard)[0] for _ in range(2)]
    ring([1, 2])
    ring([3])
    for worker in (*workers, *workers):
        task = worker.dequeue()
        if task is not None:
            worker.execute(task)
    assert heard == [[1, 2], [3]]
    for bell in (web, *workers):
        if hasattr(bell.storage, "close"):
            bell.storage.close()
