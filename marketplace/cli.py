"""The command line: up, worker, follow, migrate, deploy, seed."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Each command imports what it needs, so that --help is quick."""
    parser = argparse.ArgumentParser(prog="python -m marketplace", description="まちの権利ひろば Hiroba")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start everything on this machine, with the demo town on the first run")
    up.add_argument("--port", type=int, default=8000)
    up.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[1] / "data")
    up.add_argument("--fresh", action="store_true", help="forget the data of the last run first")
    add("worker", _worker, "do what was promised: deliver the outbox, run the sheets, send to the chain")
    add("follow", _follow, "follow the chain: read contract events into our tables")
    add("migrate", _migrate, "bring the database to the present schema")
    add("deploy", _deploy, "put the contracts on the chain, once, and see that what is there is ours")
    add("seed", _seed, "seed the demo town through the real commands (an empty database only)")

    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    if options.run is not _up:
        _live_here()
    result = options.run(options)
    assert isinstance(result, int)
    return result


# Each command is a function of its own so that its imports are paid only when it runs.
# ruff: noqa: PLC0415 -- the reason above holds for every import below


def _live_here() -> None:
    """A command by hand means the town of DATA_DIR: it is told what scripts/run tells the processes of that town."""
    from marketplace.supervising import premises

    kept = premises.read(Path(os.environ.get("DATA_DIR", "data")) / "hiroba.env")
    os.environ.update(premises.merged(kept, os.environ))


def _up(options: argparse.Namespace) -> int:
    from marketplace import supervising

    return supervising.up(options.port, options.data, options.fresh)


def _worker(_options: argparse.Namespace) -> int:
    from marketplace import worker

    worker.run()
    return 0


def _follow(_options: argparse.Namespace) -> int:
    from marketplace.application import create_app
    from marketplace.chain import following

    with create_app().app_context():
        following.follow()
    return 0


def _migrate(_options: argparse.Namespace) -> int:
    import flask_migrate

    from marketplace.application import create_app

    with create_app().app_context():
        flask_migrate.upgrade()
    return 0


def _deploy(_options: argparse.Namespace) -> int:
    from marketplace.application import create_app
    from marketplace.chain import deploying

    with create_app().app_context():
        for name, address in deploying.ensure_contracts().items():
            sys.stdout.write(f"{name} {address}\n")
    return 0


def _seed(_options: argparse.Namespace) -> int:
    from marketplace.application import create_app
    from marketplace.demo import seeding

    with create_app().app_context():
        seeding.seed()
    return 0
