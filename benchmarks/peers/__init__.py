"""The same work in shops that many run, from PyPI, each installed into a folder of its own, on a PostgreSQL.

`peers.pretix` and `peers.oscar` are CPU-milliseconds of the town's web and worker for a whole order (ordering.py),
against those of pretix and of django-oscar for one, under the same gunicorn with as many processes, without debugging,
their templates compiled once and their background work done at once. In pretix: page, cart, questions, payment by bank
transfer, confirmation and the page of the order. In django-oscar: page of the product, basket, the guest's mail
address, payment details, preview and the page of the order, whose letter is thrown away; a right is not shipped, and
its own checkout asks nothing to be paid, so it does less than a town does. Afterwards each order must stand in the
peer's database; otherwise this raises.

The first run installs them, and each builds their tables, which takes minutes; where PyPI cannot be reached this says
why and measures nothing.
"""

import sys
from collections.abc import Callable, Iterator, Mapping

from benchmarks import Result, compared
from benchmarks.ordering import costs_of
from benchmarks.peers import oscar, pretix
from benchmarks.peers.shops import ORDERS, CannotRun

PEERS: Mapping[str, Callable[[], list[float]]] = {"pretix": pretix.costs, "oscar": oscar.costs}


def measure() -> Iterator[Result]:
    for name, costs in PEERS.items():
        try:
            theirs = costs()
        except CannotRun as why:
            sys.stderr.write(f"peers: no {name} here: {why}\n")
            continue
        ours = costs_of("postgresql", len(theirs), ORDERS).whole
        yield compared(f"peers.{name}", "CPU-ms", ours, name, theirs)
