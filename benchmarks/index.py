"""Events in a second, from a node into the tables: our follower beside Ponder, web3's event helper and a bare reader.

`dense` is 20,000 events of rights that were issued in batches, `sparse` 1,500 movements with a block for each. All read
the same blocks of the same node, in turns; a result is named by whom ours was measured beside. Ours checks each window
for reorganisations, remembers hashes to roll back by, and says which rights were touched. The `bare` reader does
nothing of that: it asks for 2,000 blocks at once, slices the words out of the answer, and inserts a row. `unkept` is
the same without any table. `.cpu` is microseconds of processor time for one event.
"""

import http.client
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from benchmarks import Result, chains, compared, ponder
from marketplace.chain import following, register
from marketplace.chain.contract import RIGHTS, artifact, topic
from marketplace.chain.models import Block, Contract, Cursor, Log
from marketplace.kit.db import db, transaction
from marketplace.settings import settings

DENSE, TOGETHER = 10_000, 12
"""Rights, two events each; in one transaction."""
SPARSE = 1_500
EVENTS = ("Transfer", "RightIssued")
WINDOW = 2_000
ROUNDS = 5
SLOW_ROUNDS = 2
"""Of what takes a minute."""
SETTLED = 40
"""Empty blocks on top, so that Ponder reads everything as settled history, which is the faster of its two ways."""
COLUMNS = 8


class Task(NamedTuple):
    port: int
    address: str
    first: int
    last: int


class Taken(NamedTuple):
    """Microseconds for one event."""

    wall: float
    processor: float


def measure() -> Iterator[Result]:
    with chains.town() as (_app, chain):
        chains.a_series()
        chains.issue(range(1, DENSE + 1), TOGETHER)
        first = db.session.scalar(sa.select(sa.func.min(Contract.block))) or 0
        last = settled(chain)
        yield from _measured("dense", Task(chain.port, register.address_of(RIGHTS), first, last), 2 * DENSE)
        chains.move(chain, range(1, SPARSE + 1))
        yield from _measured("sparse", Task(chain.port, register.address_of(RIGHTS), last + 1, settled(chain)), SPARSE)


def settled(chain: Any) -> int:
    """The head, under some empty blocks."""
    last = int(chain.ask("eth_blockNumber"), 16)
    chain.ask("anvil_mine", hex(SETTLED))
    return last


def _measured(name: str, task: Task, events: int) -> Iterator[Result]:
    ways = {"bare": partial(bare, task), "unkept": partial(bare, task, kept=False), "web3": partial(web3, task)}
    for against, theirs in ways.items():
        times = ROUNDS if against != "web3" else SLOW_ROUNDS
        yield from _beside(name, task, events, against, theirs, times)
    yield from beside_ponder(name, task, events)


def beside_ponder(name: str, task: Task, events: int) -> Iterator[Result]:
    """Nothing, with the reason on stderr, where Ponder can't be installed or ends before it is done."""
    ours, others = [], []
    abi = [artifact(RIGHTS).events[each] for each in EVENTS]
    try:
        ponder.install()
        for _ in range(SLOW_ROUNDS):
            run = ponder.index(
                f"http://127.0.0.1:{task.port}", chains.CHAIN_ID, task.address, abi, task.first, task.last
            )
            assert run.events == events, run
            others.append(Taken(1e6 * run.wall / events, 1e6 * run.processor / events))
            forget(task)
            ours.append(taken(partial(follow, task), events))
    except ponder.CannotRun as why:
        sys.stderr.write(f"index.{name}: no Ponder here: {why}\n")
        return
    yield from _results(name, "ponder", ours, others)


def _beside(
    name: str, task: Task, events: int, against: str, theirs: Callable[[], int], times: int
) -> Iterator[Result]:
    ours, others = [], []
    for _ in range(times):
        forget(task)
        ours.append(taken(partial(follow, task), events))
        others.append(taken(theirs, events))
    yield from _results(name, against, ours, others)


def _results(name: str, against: str, ours: list[Taken], theirs: list[Taken]) -> Iterator[Result]:
    rates = [[1e6 / each.wall for each in side] for side in (ours, theirs)]
    yield compared(f"index.{name}.{against}", "ev/s", rates[0], against, rates[1])
    used = [[each.processor for each in side] for side in (ours, theirs)]
    yield compared(f"index.{name}.{against}.cpu", "us/ev", used[0], against, used[1])


def taken(act: Callable[[], int], events: int) -> Taken:
    """What one act takes for each of the events that it must find."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    found = act()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    assert found == events, f"{found} of {events}"
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(1e6 * wall / events, 1e6 * used / events)


def forget(task: Task) -> None:
    """Nothing was read yet."""
    chain = settings().chain_id
    with transaction() as session:
        for kept in (Log, Block, Cursor):
            session.execute(sa.delete(kept).where(kept.chain_id == chain))
        session.add(Cursor(chain_id=chain, block=task.first - 1))


def follow(task: Task) -> int:
    """Our follower: how many events of the collection it kept."""
    following.follow_once()
    count = sa.select(sa.func.count()).select_from(Log).where(Log.name.in_(EVENTS), Log.address == task.address)
    found = db.session.scalar(count.where(Log.block_number >= task.first)) or 0
    db.session.rollback()
    return found


def bare(task: Task, kept: bool = True) -> int:
    """What a page of Python does: ask, slice, insert. `kept`: into a table, else nowhere."""
    topics = [topic(artifact(RIGHTS).events[each]) for each in EVENTS]
    connection = http.client.HTTPConnection("127.0.0.1", task.port)
    found = 0
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder) / "bare.db") as database:
        database.execute("PRAGMA journal_mode=WAL")
        columns = ", ".join(f"c{number}" for number in range(COLUMNS))
        database.execute(f"CREATE TABLE log ({columns}, UNIQUE (c1, c2))")
        for first in range(task.first, task.last + 1, WINDOW):
            last = min(task.last, first + WINDOW - 1)
            wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": task.address, "topics": [topics]}
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [wanted]})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            rows = [_sliced(log) for log in json.loads(connection.getresponse().read())["result"]]
            found += len(rows)
            if kept:
                database.executemany(f"INSERT INTO log VALUES ({', '.join('?' * COLUMNS)})", rows)  # noqa: S608 -- marks
                database.commit()
    database.close()
    connection.close()
    return found


def _sliced(log: dict[str, Any]) -> tuple[Any, ...]:
    topics = log["topics"]
    number = topics[3] if len(topics) == 4 and topics[0].startswith("0xddf2") else topics[1]
    return (
        *(int(log["blockNumber"], 16), log["blockHash"], int(log["logIndex"], 16), log["transactionHash"]),
        *(topics[0], int(number, 16), topics[2][26:], topics[3][26:]),
    )


def web3(task: Task) -> int:
    """The way of web3's documentation, with the rows in a list."""
    from web3 import HTTPProvider, Web3  # noqa: PLC0415 -- slow to import

    provider = HTTPProvider(f"http://127.0.0.1:{task.port}")
    client = Web3(provider)
    contract = client.eth.contract(address=client.to_checksum_address(task.address), abi=list(artifact(RIGHTS).abi))
    found = 0
    for first in range(task.first, task.last + 1, WINDOW):
        last = min(task.last, first + WINDOW - 1)
        found += sum(len(contract.events[name]().get_logs(from_block=first, to_block=last)) for name in EVENTS)
    return found
