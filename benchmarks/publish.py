"""A thousand documents published in one transaction, against hashing the same bytes with SHA-256, one by one.

Published means: named, put into one directory, and committed with it to the block table of an SQLite file, under the
settings that the town's database has. What the documents say is ready before.

`publish` is processor time, which a busy machine changes little; `publish.wall` is what a clock on the wall shows, with
the disk and the neighbours in it; there a round hashes ten times, to be as long as what it is compared with.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from benchmarks import Result, compared
from ipfs.blockstore import SqlBlockstore, blocks_table
from ipfs.building import Builder
from ipfs.cid import CID, Block
from marketplace.metadata.canonical import Json, canonical

DOCUMENTS = 1000
ROUNDS = 21
AS_LONG = 10

METADATA = sa.MetaData()
TABLE = blocks_table(METADATA)


def measure() -> Iterator[Result]:
    ours: list[Taken] = []
    plain: list[Taken] = []
    with database() as engine:
        for series in range(ROUNDS):
            files = documents(series)
            ours.append(taken(partial(publish, engine, files)))
            once, long = taken(partial(hashed, files)), taken(partial(hashed, files), AS_LONG)
            plain.append(Taken(once.processor, long.wall))
    for name, which in (("publish", "processor"), ("publish.wall", "wall")):
        sides = [[1000 * getattr(each, which) for each in side] for side in (ours, plain)]
        yield compared(name, "ms", sides[0], "sha256", sides[1])


def documents(series: int) -> dict[str, bytes]:
    return {f"{serial}.json": document(series, serial) for serial in range(1, DOCUMENTS + 1)}


def hashed(files: dict[str, bytes]) -> list[bytes]:
    return [hashlib.sha256(data).digest() for data in files.values()]


def publish(engine: sa.Engine, files: dict[str, bytes]) -> CID:
    made: list[Block] = []
    builder = Builder(made.append)
    root = builder.directory({name: builder.file(data) for name, data in files.items()}).cid
    with engine.begin() as connection:
        SqlBlockstore(connection, TABLE).put(made)
    return root


def document(series: int, serial: int) -> bytes:
    """As long as a token's document of a right in two languages: about 1,200 bytes."""
    both = (
        "町の外から町を応援する証です。お持ちの方は、町の温泉を無料で使えます。\n\nProof of being a friend of the town."
    )
    attributes: list[Json] = [
        {"trait_type": "発行", "value": "まちの役場"},
        {"trait_type": "種類", "value": "デジタル住民票"},
        {"trait_type": "譲渡", "value": "できます"},
        {"display_type": "number", "max_value": DOCUMENTS, "trait_type": "番号", "value": serial},
    ]
    cid = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    return canonical(
        {
            "name": f"デジタル住民票 第3弾「四季」 #{serial} / Digital Resident, Third Edition: Four Seasons #{serial}",
            "description": both,
            "image": f"ipfs://{cid}",
            "attributes": attributes,
            "localization": {"default": "ja", "locales": ["ja", "en"], "uri": f"ipfs://{cid}/{{locale}}/{serial}.json"},
            "properties": {
                "image_sha256": "0" * 64,
                "issuer": {"en": "The Town", "ja": "まちの役場"},
                "kind": "resident",
                "of": DOCUMENTS,
                "right": "RGT-7K3M9QXA",
                "royalty_bps": 500,
                "serial": serial,
                "series": series,
                "terms": f"ipfs://{cid}",
                "text_hash": "sha256:" + "0" * 64,
                "transferable": True,
            },
        }
    )


@contextmanager
def database() -> Iterator[sa.Engine]:
    """An empty block table in a file."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'blocks.sqlite'}")

        @sa.event.listens_for(engine, "connect")
        def as_the_town_does(connection: Any, _record: object) -> None:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

        METADATA.create_all(engine)
        yield engine
        engine.dispose()


class Taken(NamedTuple):
    """Seconds."""

    processor: float
    wall: float


def taken(act: Callable[[], object], times: int = 1) -> Taken:
    """How long one act takes, as the mean of several."""
    processor, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        act()
    return Taken((time.process_time() - processor) / times, (time.perf_counter() - wall) / times)
