"""The same work in shops that many run, from PyPI, each installed into a folder of its own, on a PostgreSQL.

`peers.pretix` and `peers.oscar` are CPU-milliseconds of the town's web and worker for a whole order (ordering.py),
against those of pretix and of django-oscar for one, under the same gunicorn with as many processes, without debugging,
their templates compiled once and their background work done at once. In pretix: page, cart, questions, payment by bank
transfer, confirmation and the page of the order. In django-oscar: page of the product, basket, the guest's mail
address, payment details, preview and the page of the order, whose letter is thrown away. A right is not shipped, and
oscar's own checkout asks nothing to be paid: ours pays by card on another server's page, hears of it by a signed
webhook, posts it, promises a token and writes a letter, of which oscar does nothing.

`peers.oscar.placed` is the same work in both: somebody who is signed in goes from the page of the right to the page of
their order, which stands and is not paid; no letter is written. Afterwards each order must stand in the database of the
shop; otherwise this raises.

The first run installs them, and each builds their tables, which takes minutes; where PyPI cannot be reached this says
why and measures nothing.
"""

import sys
from collections.abc import Callable, Iterator, Mapping

from benchmarks import Result, compared
from benchmarks.ordering import costs_of
from benchmarks.peers import oscar, ours, pretix
from benchmarks.peers.shops import ORDERS, ROUNDS, CannotRun

Costs = Callable[[], list[float]]


def whole() -> list[float]:
    return costs_of("postgresql", ROUNDS, ORDERS).whole


def placed() -> list[float]:
    return ours.costs_placed(ROUNDS, ORDERS)


PEERS: Mapping[str, tuple[Costs, Costs]] = {
    "pretix": (pretix.costs, whole),
    "oscar": (oscar.costs, whole),
    "oscar.placed": (oscar.costs_placed, placed),
}


def measure() -> Iterator[Result]:
    for name, (theirs, own) in PEERS.items():
        try:
            against = theirs()
        except CannotRun as why:
            sys.stderr.write(f"peers: no {name} here: {why}\n")
            continue
        yield compared(f"peers.{name}", "CPU-ms", own(), name.partition(".")[0], against)
