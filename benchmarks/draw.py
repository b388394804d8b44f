"""Draws out of the database, against plain SHA-256 and a sort of the same rows, which are in memory before.

`draw.proofs` is a whole draw of 13,440 with its root and every entrant's way to it, `draw.million` one of a million
with its root. `draw.growth` is how much more processor time ten times the rows take, `draw.memory` how much memory the
draw of a million needs beyond what the program had before it read the first row, against the same for the plain side.
Each of these is measured in a process of its own.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from benchmarks import Result, compared
from marketplace.application import create_app
from marketplace.kit import merkle
from marketplace.kit.db import db
from marketplace.kit.engines import begun
from marketplace.lotteries import draw
from marketplace.lotteries.closing import entered
from marketplace.lotteries.models import Entry
from marketplace.settings import Settings

PERSONS, TENTH, MILLION = 13_440, 100_000, 1_000_000
ROUNDS = 5
AT_ONCE = 10_000
RANDOMNESS = b"d:04719283640192837465"


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        places = {rows: Path(folder) / str(rows) for rows in (PERSONS, TENTH, MILLION)}
        for rows, place in places.items():
            fill(place, rows)
        found: dict[tuple[str, int], list[dict[str, float]]] = {}
        for _ in range(ROUNDS):  # in turns: whatever else the machine does meets all of them
            for what, rows in _PLAN:
                found.setdefault((what, rows), []).append(_apart(what, places[rows]))
    seconds = {key: [one["seconds"] for one in runs] for key, runs in found.items()}
    memory = {key: [one["mebibytes"] for one in runs] for key, runs in found.items()}
    yield compared("draw.proofs", "s", seconds["proofs", PERSONS], "sha256+sort", seconds["plain", PERSONS])
    yield compared("draw.million", "s", seconds["places", MILLION], "sha256+sort", seconds["plain", MILLION])
    yield compared("draw.growth", "s", seconds["places", MILLION], "a tenth", seconds["places", TENTH])
    yield compared("draw.memory", "MiB", memory["places", MILLION], "sha256+sort", memory["plain", MILLION])


_PLAN = (
    *(("proofs", PERSONS), ("plain", PERSONS)),
    *(("places", MILLION), ("plain", MILLION), ("places", TENTH)),
)


def proofs() -> None:
    """A draw, its root, and the path of every entrant."""
    rows = list(entered(1))
    found = draw.places(commit(len(rows)), RANDOMNESS, rows)
    tree = draw.tree(draw.Entry(*row) for row in rows)
    assert tree.root == found.root
    ways = [tree.path(index) for index in range(len(rows))]
    assert merkle.climb(draw.leaf(draw.Entry(*rows[-1])), ways[-1]) == found.root
    assert len(found.numbers()) == len(rows)


def places() -> None:
    """A draw and its root, each row read once."""
    found = draw.places(commit(MILLION), RANDOMNESS, entered(1))
    assert found.cutoff(1000)


def commit(count: int) -> dict[str, Any]:
    rules = {"listing": "LST-BENCH1", "rules": "sha256:" + "0" * 64, "n": count, "units": 1000}
    return {**rules, "root": "0" * 64, "chain": "dice", "round": 0}


def plain(lines: list[bytes]) -> None:
    assert sorted(sha256(line).digest() for line in lines)


def _apart(what: str, place: Path) -> dict[str, float]:
    """Run one act in a process of its own: processor seconds, and how much its memory grew."""
    command = [sys.executable, "-m", "benchmarks.draw", what, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _main(what: str, place: Path) -> None:
    with town(place):
        act: Callable[[], None] = {"proofs": proofs, "places": places}.get(what, lambda: None)
        lines: list[bytes] = []
        list(db.session.execute(sa.select(Entry.no).limit(1)))
        before = peak()
        if what == "plain":
            lines = [f"{no}{ch}{lots}".encode() for no, ch, lots in entered(1)]
        began = time.process_time()
        if what == "plain":
            plain(lines)
        else:
            act()
        seconds = time.process_time() - began
        sys.stdout.write(json.dumps({"seconds": seconds, "mebibytes": peak() - before}))


def peak() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def town(place: Path) -> Iterator[Flask]:
    app = create_app(Settings(data_dir=place))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def fill(place: Path, rows: int) -> None:
    """A database with the entries of one lottery: of their columns, those that a draw reads."""
    columns = 'id INTEGER PRIMARY KEY, lottery_id INT, seq INT, no TEXT, ch TEXT, lots INT, "group" TEXT, state TEXT'
    with town(place), begun(db.engine, writing=True) as connection:
        connection.exec_driver_sql(f"CREATE TABLE entries ({columns}, UNIQUE (lottery_id, seq), UNIQUE (no))")
        for first in range(1, rows + 1, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, rows + 1))
            batch = [(n, 1, n, f"BENCH1-{n:07}", sha256(b"%d" % n).hexdigest(), 1, "", "applied") for n in numbers]
            connection.exec_driver_sql("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
