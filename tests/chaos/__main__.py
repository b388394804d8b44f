"""python -m tests.chaos [--seeds N] [--first SEED] [--database sqlite|postgresql]

One line for each seed on stderr, one JSON object on stdout; the exit status says whether all ended alike.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres
from tests.chaos.running import Ending, NoEnd, disturbed, undisturbed
from tests.chaos.stage import Stage, prepared
from tests.databases import Databases, Postgresql, Sqlite, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        _databases(given.database, Path(name)) as databases,
        prepared(databases, Path(name)) as stage,
    ):
        found = _all(stage, range(given.first, given.first + given.seeds))
    print(json.dumps({"database": given.database, **found}), flush=True)
    return int(bool(found["diverged"]))


def _all(stage: Stage, seeds: range) -> dict[str, object]:
    began, calm = time.monotonic(), undisturbed(stage)
    deaths, weather, lost = Counter[str](), Counter[str](), 0
    diverged: dict[int, str] = {}
    for seed in seeds:
        try:
            ending = disturbed(stage, seed)
        except NoEnd as trouble:
            diverged[seed] = str(trouble)
            _say(f"seed {seed}: no end: {trouble}")
            continue
        if different := _different(ending, calm):
            diverged[seed] = different
        deaths += ending.deaths
        weather += ending.weather
        lost += ending.lost_letters
        _say(f"seed {seed}: {ending.hash[:16]} {different or 'as undisturbed'}, {ending.deaths.total()} deaths")
    return {
        "seeds": [seeds.start, seeds.stop - 1],
        "hash": calm.hash,
        "converged": len(seeds) - len(diverged),
        "diverged": diverged,
        "deaths": deaths.total(),
        "places": dict(deaths.most_common()),
        "weather": dict(weather.most_common()),
        "webhooks_lost": lost,
        "seconds": round(time.monotonic() - began),
    }


def _different(ending: Ending, calm: Ending) -> str:
    """What is not as in the undisturbed run; nothing where the hashes are equal."""
    if ending.hash == calm.hash:
        return ""
    parts = [name for name in calm.state if ending.state[name] != calm.state[name]]
    return "; ".join(f"{name}: {ending.state[name]} instead of {calm.state[name]}" for name in parts)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextmanager
def _databases(kind: str, folder: Path) -> Iterator[Databases]:
    if kind == "sqlite":
        found: Databases = Sqlite(folder, folder)
        found.template(lambda url: build(url, folder))
        yield found
        return
    with postgres.server() as url:
        served = Postgresql(url, secrets.token_hex(4), folder)
        served.template(lambda url: build(url, folder))
        yield served
        served.forget_template()


if __name__ == "__main__":
    raise SystemExit(main())
