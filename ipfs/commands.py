"""What each command of `python -m ipfs` does with its options; ipfs/cli.py reads them."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from ipfs import auditing, car, resolver
from ipfs.blockstore import SqlBlockstore, blocks_table
from ipfs.building import Builder, Built
from ipfs.cid import CID, Block
from ipfs.errors import Corrupt, NotFound, ReplicaRefused
from ipfs.progress import Progress
from ipfs.rpc import KuboReplica
from ipfs.unixfs import PROFILES

_metadata = sa.MetaData()
_table = blocks_table(_metadata)
_BLOCKS_AT_ONCE = 16  # at most 32 MiB in memory
_READ_BACK = 16  # blocks that a push reads back


def cid(options: argparse.Namespace) -> None:
    """Print the CID of a file or folder; nothing is stored."""
    with Progress(sys.stderr, _bytes_at(options.path)) as progress:
        built = _build(options, progress.count)
    print(built.cid)


def add(options: argparse.Namespace) -> None:
    """Put a file or folder into the store and print its CID."""
    with _store(options, create=True) as store, Progress(sys.stderr, _bytes_at(options.path)) as progress:
        waiting: list[Block] = []

        def keep(block: Block) -> None:
            progress.count(block)
            waiting.append(block)
            if len(waiting) == _BLOCKS_AT_ONCE:
                store.put(waiting)
                waiting.clear()

        built = _build(options, keep)
        store.put(waiting)
    print(built.cid)


def ls(options: argparse.Namespace) -> None:
    """List a directory: CID, bytes of the tree below, name."""
    with _store(options) as store:
        for link in resolver.entries(store, _target(store, options.what)):
            print(f"{link.cid} {link.tree_size:>12} {link.name}")


def cat(options: argparse.Namespace) -> None:
    """Write a file's bytes to the standard output."""
    with _store(options) as store:
        for part in resolver.read(store, _target(store, options.what)):
            sys.stdout.buffer.write(part)


def export(options: argparse.Namespace) -> None:
    """Write everything below a CID as a CAR file."""
    with _store(options) as store:
        root = _target(store, options.what)
        with Progress(sys.stderr, resolver.tree_size(store.get(root))) as progress:
            pieces = car.write(root, progress.counting(resolver.walk(store, root)))
            if options.output is not None:
                _write_whole(options.output, pieces)
            elif sys.stdout.isatty():
                raise OSError(None, "a CAR is not for the screen: give -o FILE", "standard output")
            else:
                for piece in pieces:
                    sys.stdout.buffer.write(piece)


def import_(options: argparse.Namespace) -> None:
    """Take a CAR file into the store, whole or not at all, and print its root."""
    with _open(options.file) as source, _store(options, create=True) as store:
        reader = car.CarReader(source)
        with Progress(sys.stderr, _bytes_at(options.file)) as progress:
            blocks = progress.counting(reader)
            while part := list(islice(blocks, _BLOCKS_AT_ONCE)):
                store.put(part)
    print(reader.root)


def verify(options: argparse.Namespace) -> None:
    """Check a CAR file, or a CID in the store: every block hashed, nothing missing. Print root, blocks and bytes."""
    if options.what == "-" or Path(options.what).exists():
        root, progress = _verify_car(options.what)
    else:
        with _store(options) as store:
            root = _target(store, options.what)
            with Progress(sys.stderr, resolver.tree_size(store.get(root))) as progress:
                for _ in progress.counting(resolver.walk(store, root)):
                    pass
    if options.root is not None and CID.parse(options.root) != root:
        raise NotFound(f"the root is {root}, not {options.root}")
    print(f"{root} {progress.blocks} blocks {progress.bytes} bytes")


def push(options: argparse.Namespace) -> None:
    """Bring trees to a node, one CAR for each, and print every root that was found there afterwards.

    A CAR file is checked as a whole before anything is sent. The token of a hosted node is read from $IPFS_RPC_TOKEN.
    """
    node = _node(options)
    node.probe()
    for what in options.what:
        if Path(what).exists():
            root, checked = _verify_car(what)
            with _open(what) as source, Progress(sys.stderr, checked.bytes) as progress:
                _push(node, root, progress.counting(car.CarReader(source)))
        else:
            with _store(options) as store:
                root = _target(store, what)
                total = sum(len(block.data) for block in resolver.walk(store, root))  # whole, before a byte is sent
                with Progress(sys.stderr, total) as progress:
                    _push(node, root, progress.counting(resolver.walk(store, root)))
        print(root, flush=True)


def audit(options: argparse.Namespace) -> None:
    """Hash every block of some trees again and print all that is missing or damaged.

    A root is looked at in each place that is named: its CAR file, a folder of blocks, a node; otherwise in the store.
    """
    faults = 0
    for what in options.what:
        for place, found in _audits(options, what):
            faults += len(found.faults)
            verdict = "damaged" if found.faults else "whole"
            print(f"{found.root} {verdict} in {place}: {found.blocks} blocks {found.bytes} bytes", flush=True)
            for cid, why in found.faults.items():
                print(f"  {cid}: {why}", flush=True)
    if faults:
        raise Corrupt(f"{faults} blocks are missing or damaged")


def _audits(options: argparse.Namespace, what: str) -> Iterator[tuple[str, auditing.Audit]]:
    if Path(what).exists():
        root, read = _verify_car(what)
        yield "the CAR", auditing.Audit(root, read.blocks, read.bytes)
    else:
        root = CID.parse(what)
    if options.blocks is not None:
        if not options.blocks.is_dir():
            raise NotADirectoryError(20, "is not a folder", str(options.blocks))
        with Progress(sys.stderr) as progress:
            yield "the folder", auditing.audit(root, auditing.BlockFolder(options.blocks).get, progress.count)
    if options.rpc is not None:
        node = _node(options)
        with Progress(sys.stderr) as progress:
            found = auditing.audit(root, node.fetch_verified, progress.count)
        if not node.pinned(root):
            found.faults.setdefault(root, "the node does not promise to keep it")
        yield "the node", found
    if options.blocks is None and options.rpc is None and not Path(what).exists():
        with _store(options) as store, Progress(sys.stderr) as progress:
            yield "the store", auditing.audit(root, store.get, progress.count)


def _verify_car(path: str) -> tuple[CID, Progress]:
    with _open(path) as source:
        reader = car.CarReader(source)
        with Progress(sys.stderr, _bytes_at(path)) as progress:
            for _ in progress.counting(reader):
                pass
    return reader.root, progress


def _push(node: KuboReplica, root: CID, blocks: Iterable[Block]) -> None:
    """Send, then read the root and a sample of the rest back: the node's word alone is not enough."""
    sent: list[CID] = []

    def noting() -> Iterator[Block]:
        for block in blocks:
            sent.append(block.cid)
            yield block

    node.push_car(root, car.write(root, noting()))
    if not node.pinned(root):
        raise ReplicaRefused(f"the node does not promise to keep {root}")
    for cid in auditing.sample((root, *sent), _READ_BACK):
        node.fetch_verified(cid)


def _node(options: argparse.Namespace) -> KuboReplica:
    return KuboReplica(options.rpc, token=os.environ.get("IPFS_RPC_TOKEN"), timeout=options.timeout)


def _bytes_at(path: str) -> int | None:
    """How many bytes a file or folder has, for the progress bar; None where that isn't known before reading."""
    try:
        if os.path.isdir(path):
            return sum(file.lstat().st_size for file in Path(path).rglob("*"))
        return None if path == "-" else os.stat(path).st_size or None
    except OSError:
        return None  # whoever reads it next says what is wrong with it


def _build(options: argparse.Namespace, emit: Callable[[Block], None]) -> Built:
    builder = Builder(emit, PROFILES[options.profile])
    if options.path == "-":
        return builder.file(sys.stdin.buffer)
    return builder.path(Path(options.path), hidden=options.hidden)


def _target(store: SqlBlockstore, what: str) -> CID:
    name, _, path = what.removeprefix("ipfs://").removeprefix("/ipfs/").partition("/")
    return resolver.resolve(store, CID.parse(name), path).cid


@contextmanager
def _store(options: argparse.Namespace, *, create: bool = False) -> Iterator[SqlBlockstore]:
    """The store in one transaction: all that a command puts is kept, or nothing."""
    url = options.store
    if "://" not in url:
        if not create and not Path(url).exists():
            raise FileNotFoundError(2, "there is no store here (see --store)", url)
        url = sa.URL.create("sqlite", database=url)
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            if create:
                _metadata.create_all(connection)
            yield SqlBlockstore(connection, _table)
    finally:
        engine.dispose()


def _open(path: str) -> BinaryIO:
    return sys.stdin.buffer if path == "-" else Path(path).open("rb")


def _write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write beside the file and rename at the end: nobody meets half a CAR under its name."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        try:
            for piece in pieces:
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
            os.chmod(out.name, 0o644)
            os.replace(out.name, path)
        except BaseException:
            os.unlink(out.name)
            raise
