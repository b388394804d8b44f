"""`python -m ipfs`: name files by content, keep them in a store, carry them as CAR files, and check what others carry.

Exit status: 0 done; 1 the answer is no (missing, corrupt, incomplete, not a CID); 2 wrong use, or a file that cannot
be opened.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

import sqlalchemy as sa

from ipfs import car, resolver
from ipfs.blockstore import SqlBlockstore, blocks_table
from ipfs.building import Builder, Built
from ipfs.cid import CID, Block
from ipfs.errors import IpfsError, NotFound
from ipfs.unixfs import PROFILES, V1_2025

_metadata = sa.MetaData()
_table = blocks_table(_metadata)
_BLOCKS_AT_ONCE = 16  # at most 32 MiB in memory


class Progress:
    """Says on stderr every three seconds how far a long command has come; a short one stays silent."""

    EVERY = 3.0  # seconds

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.blocks = 0
        self.bytes = 0
        self._out = out
        self._clock = clock
        self._next = clock() + self.EVERY

    def count(self, block: Block) -> None:
        self.blocks += 1
        self.bytes += len(block.data)
        if self._clock() >= self._next:
            self._next = self._clock() + self.EVERY
            print(f"… {self.blocks:,} blocks, {self.bytes / 1e6:,.1f} MB", file=self._out, flush=True)

    def counting(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            self.count(block)
            yield block


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
        return 0
    except IpfsError as error:
        return _complain(error, 1)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader has gone: the exit flush must not fail
        return 1
    except OSError as error:
        return _complain(f"{error.filename or 'file'}: {error.strerror or error}", 2)
    except sa.exc.SQLAlchemyError as error:
        return _complain(f"the store {options.store} cannot be used: {getattr(error, 'orig', None) or error}", 2)
    except KeyboardInterrupt:
        return _complain("stopped", 130)


def _complain(what: object, status: int) -> int:
    line = str(what).encode(errors="replace").decode()  # file names may hold bytes that are not text
    print(f"ipfs: {line}", file=sys.stderr)
    return status


def cid(options: argparse.Namespace) -> None:
    """Print the CID of a file or folder; nothing is stored."""
    print(_build(options, Progress(sys.stderr).count).cid)


def add(options: argparse.Namespace) -> None:
    """Put a file or folder into the store and print its CID."""
    with _store(options, create=True) as store:
        progress = Progress(sys.stderr)

        def keep(block: Block) -> None:
            progress.count(block)
            store.put((block,))

        built = _build(options, keep)
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
        pieces = car.write(root, Progress(sys.stderr).counting(resolver.walk(store, root)))
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
        blocks = Progress(sys.stderr).counting(reader)
        while part := list(islice(blocks, _BLOCKS_AT_ONCE)):
            store.put(part)
    print(reader.root)


def verify(options: argparse.Namespace) -> None:
    """Check a CAR file, or a CID in the store: every block hashed, nothing missing. Print root, blocks and bytes."""
    progress = Progress(sys.stderr)
    if Path(options.what).exists() or options.what == "-":
        with _open(options.what) as source:
            reader = car.CarReader(source)
            for block in reader:
                progress.count(block)
        root = reader.root
    else:
        with _store(options) as store:
            root = _target(store, options.what)
            for block in resolver.walk(store, root):
                progress.count(block)
    if options.root is not None and CID.parse(options.root) != root:
        raise NotFound(f"the root is {root}, not {options.root}")
    print(f"{root} {progress.blocks} blocks {progress.bytes} bytes")


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ipfs", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--store",
        default=os.environ.get("IPFS_STORE", "ipfs.sqlite"),
        help="an SQLite file or a database URL; default $IPFS_STORE or ipfs.sqlite",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        summary = (run.__doc__ or "").partition("\n")[0]
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.set_defaults(run=run)
        return sub

    for name, run in (("cid", cid), ("add", add)):
        sub = command(name, run)
        sub.add_argument("path", metavar="PATH", help="a file, a folder, or - for the standard input")
        sub.add_argument("--profile", choices=sorted(PROFILES), default=V1_2025.name)
        sub.add_argument("--hidden", action="store_true", help="also names that begin with a dot")
    for name, run in (("ls", ls), ("cat", cat)):
        command(name, run).add_argument("what", metavar="CID[/PATH]")
    sub = command("export", export)
    sub.add_argument("what", metavar="CID[/PATH]")
    sub.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: the standard output")
    command("import", import_).add_argument("file", metavar="FILE", help="a CAR file, or - for the standard input")
    sub = command("verify", verify)
    sub.add_argument("what", metavar="FILE|CID[/PATH]")
    sub.add_argument("--root", metavar="CID", help="the root that it must have")
    return parser


if __name__ == "__main__":
    sys.exit(main())
