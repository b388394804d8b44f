"""python -m tests.chaos [seeds|crowds|fleet] [--runs N] [--first SEED] [--kills N] [--database sqlite|postgresql]

seeds   runs in one process whose every commit and every word to the outside may be the last, in bad weather
crowds  ten times as many buyers as units, fifty at the same moment
fleet   the real programs, two of each, and SIGKILL to any of them

One line for each run on stderr, one JSON object on stdout; the exit status says whether all ended as they must.
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

from marketplace.settings import Settings
from tests import given, local_stripe, postgres
from tests.apps import another
from tests.chaos.fleet import at_anchor
from tests.chaos.living import live
from tests.chaos.running import Ending, NoEnd, disturbed, undisturbed
from tests.chaos.selling_out import PRICE, naively, sell_out
from tests.chaos.stage import prepared
from tests.chaos.state import alike, fingerprint
from tests.databases import Databases, Postgresql, Sqlite, build

UNITS, PEOPLE, THREADS = 50, 500, 50


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("seeds", "crowds", "fleet"), nargs="?", default="seeds")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--kills", type=int, default=200, help="of each run of the fleet")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = parser.parse_args()
    seeds, began = range(chosen.first, chosen.first + chosen.runs), time.monotonic()
    with tempfile.TemporaryDirectory() as name, _databases(chosen.database, Path(name)) as databases:
        if chosen.what == "seeds":
            found = _seeds(databases, Path(name), seeds)
        elif chosen.what == "crowds":
            found = _crowds(databases, Path(name), seeds)
        else:
            found = _fleet(databases, Path(name), seeds, chosen.kills)
    about = {"what": chosen.what, "database": chosen.database, "seeds": [seeds.start, seeds.stop - 1]}
    print(json.dumps({**about, **found, "seconds": round(time.monotonic() - began)}), flush=True)
    return int(bool(found["diverged"]))


def _seeds(databases: Databases, folder: Path, seeds: range) -> dict[str, object]:
    deaths, weather, lost = Counter[str](), Counter[str](), 0
    diverged: dict[int, str] = {}
    with prepared(databases, folder) as stage:
        calm = undisturbed(stage)
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
        "hash": calm.hash,
        "converged": len(seeds) - len(diverged),
        "diverged": diverged,
        "deaths": deaths.total(),
        "places": dict(deaths.most_common()),
        "weather": dict(weather.most_common()),
        "webhooks_lost": lost,
    }


def _crowds(databases: Databases, folder: Path, seeds: range) -> dict[str, object]:
    diverged: dict[int, str] = {}
    refused, waves = 0, 0
    with local_stripe.running() as stripe, databases.copy() as prepared_url:
        settings = stripe.settings(Settings(data_dir=folder, secret_key=secrets.token_hex(16), beacon_url=""))
        with another(settings.model_copy(update={"database_url": prepared_url})):
            listing_id = given.a_listing(quantity=UNITS, price_yen=PRICE)
            people = [given.an_account() for _ in range(PEOPLE)]
        for seed in seeds:
            stripe.sim("reset")
            with databases.copy(prepared_url) as url, another(settings.model_copy(update={"database_url": url})) as app:
                sold = sell_out(app, stripe, listing_id, people, THREADS, seed)
            if not sold.is_right(UNITS):
                diverged[seed] = repr(sold)
            refused, waves = refused + sold.refused.total(), waves + sold.waves
            _say(f"seed {seed}: {'right' if sold.is_right(UNITS) else sold}, {sold.refused.total()} refused")
        with databases.copy(prepared_url) as url, another(settings.model_copy(update={"database_url": url})) as app:
            control = naively(app, listing_id, PEOPLE, THREADS)
    if control <= UNITS:
        diverged[0] = "the naive shop did not sell too much: there was no race"
    return {
        "converged": len(seeds) - len(set(diverged) - {0}),
        "diverged": diverged,
        "waves": waves,
        "refused": refused,
        "sold_by_the_naive_shop": control,
    }


def _fleet(databases: Databases, folder: Path, seeds: range, kills: int) -> dict[str, object]:
    diverged: dict[int, str] = {}
    killed = Counter[str]()
    with prepared(databases, folder) as stage:
        calm = alike(undisturbed(stage).state)
    for seed in seeds:
        with databases.copy() as url, at_anchor(folder / f"fleet-{seed}", url) as fleet:
            try:
                life = live(fleet, kills, seed)
            except NoEnd as trouble:
                diverged[seed] = str(trouble)
                _say(f"seed {seed}: no end: {trouble}")
                continue
            if parts := [name for name in calm if life.state[name] != calm[name]]:
                diverged[seed] = "; ".join(f"{name}: {life.state[name]} instead of {calm[name]}" for name in parts)
            killed += fleet.killed
            _say(f"seed {seed}: {life.hash[:16]} {diverged.get(seed, 'as undisturbed')}, {life.killed} killed")
    return {
        "hash": fingerprint(calm),
        "converged": len(seeds) - len(diverged),
        "diverged": diverged,
        "killed": dict(killed.most_common()),
        "kills": killed.total(),
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
