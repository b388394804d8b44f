"""Megabytes for a second of processor time: from the block table into a CAR, and through its check. Against SHA-256.

`documents` is a series of 1,000 token documents, where each block is a kilobyte; `pictures` has a MiB in each.
"""

import hashlib
import io
from collections.abc import Iterator

from benchmarks import Result, compared
from benchmarks.publish import TABLE, database, documents, publish, taken
from ipfs import car, resolver
from ipfs.blockstore import SqlBlockstore

PICTURES = 16
PICTURE = bytes(range(256)) * 8192  # 2 MiB, before its number makes each another
ROUNDS = 9


def measure() -> Iterator[Result]:
    yield from _measured("documents", documents(1))
    yield from _measured("pictures", {f"{n}.png": b"%d" % n + PICTURE for n in range(PICTURES)})


def _measured(name: str, files: dict[str, bytes]) -> Iterator[Result]:
    with database() as engine:
        root = publish(engine, files)
        with engine.connect() as connection:
            store = SqlBlockstore(connection, TABLE)
            blocks = [block.data for block in resolver.walk(store, root)]
            whole = b"".join(car.export(store, root))
            size = sum(map(len, blocks)) / 1e6
            export: list[float] = []
            verify: list[float] = []
            plain: list[float] = []
            for _ in range(ROUNDS):
                export.append(size / taken(lambda: sum(map(len, car.export(store, root)))).processor)
                verify.append(size / taken(lambda: sum(1 for _ in car.CarReader(io.BytesIO(whole)))).processor)
                plain.append(size / taken(lambda: [hashlib.sha256(block).digest() for block in blocks]).processor)
    yield compared(f"car.export.{name}", "MB/s", export, "sha256", plain)
    yield compared(f"car.verify.{name}", "MB/s", verify, "sha256", plain)
