"""The command line: name files by content, keep them in a store, carry them as CAR files, and check what others carry.

Exit status: 0 done; 1 the answer is no (missing, corrupt, incomplete, not a CID); 2 wrong use, or a file that cannot
be opened.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from ipfs import commands
from ipfs.errors import IpfsError, Malformed
from ipfs.rpc import to_multiaddr
from ipfs.unixfs import PROFILES, V1_2025


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
    sys.stderr.write(f"ipfs: {line}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ipfs", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--store",
        default=os.environ.get("IPFS_STORE", "ipfs.sqlite"),
        help="an SQLite file or a database URL; default $IPFS_STORE or ipfs.sqlite",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        summary = (run.__doc__ or "").partition("\n")[0]
        sub = subparsers.add_parser(name, help=summary, description=summary)
        sub.set_defaults(run=run)
        return sub

    for name, run in (("cid", commands.cid), ("add", commands.add)):
        sub = command(name, run)
        sub.add_argument("path", metavar="PATH", help="a file, a folder, or - for the standard input")
        sub.add_argument("--profile", choices=sorted(PROFILES), default=V1_2025.name)
        sub.add_argument("--hidden", action="store_true", help="also names that begin with a dot")
    for name, run in (("ls", commands.ls), ("cat", commands.cat)):
        command(name, run).add_argument("what", metavar="CID[/PATH]")
    sub = command("export", commands.export)
    sub.add_argument("what", metavar="CID[/PATH]")
    sub.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: the standard output")
    command("import", commands.import_).add_argument(
        "file", metavar="FILE", help="a CAR file, or - for the standard input"
    )
    sub = command("verify", commands.verify)
    sub.add_argument("what", metavar="FILE|CID[/PATH]")
    sub.add_argument("--root", metavar="CID", help="the root that it must have")
    sub = command("push", commands.push)
    sub.add_argument("what", metavar="FILE|CID[/PATH]", nargs="+")
    _add_node(sub, required=True)
    sub = command("audit", commands.audit)
    sub.add_argument("what", metavar="FILE|CID", nargs="+")
    sub.add_argument("--blocks", type=Path, metavar="DIR", help="a folder of blocks, each named by its CID")
    _add_node(sub, required=False)
    return parser


def _add_node(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--rpc", type=_address, required=required, metavar="URL", help="such as http://127.0.0.1:5001")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for each answer; default 30")


def _address(url: str) -> str:
    try:
        to_multiaddr(url)
    except Malformed as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return url
