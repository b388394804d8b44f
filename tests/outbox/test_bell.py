"""The bell between the processes: a file, the town's own PostgreSQL, or Redis."""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from huey import Huey

from marketplace.worker import engine
from tests.local_redis import LocalRedis
from tests.racing import at_once


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


def test_whoever_hangs_it_first_makes_its_place_and_the_others_wait(url: str, app: Flask) -> None:
    bells = at_once(app, 6, lambda _number: engine(url))
    assert [type(bell).__name__ for bell in bells] == [type(bells[0]).__name__] * 6
    assert [len(bell) for bell in bells] == [0] * 6
    for bell in bells:
        if hasattr(bell.storage, "close"):
            bell.storage.close()


def test_what_rings_is_read_as_letters_and_whatever_else_stands_there_is_not_run(url: str, tmp_path: Path) -> None:
    heard: list[list[int]] = []
    trace = tmp_path / "trace"
    bell, ring = hung(url, heard)
    bell.storage.enqueue(pickle.dumps(Harmful(trace)))
    with pytest.raises(ValueError, match="can't decode"):
        bell.dequeue()
    ring([7])
    bell.execute(bell.dequeue())
    assert (heard, trace.exists()) == ([[7]], False)
    if hasattr(bell.storage, "close"):
        bell.storage.close()


class Harmful:
    """Makes a file where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.trace,)
