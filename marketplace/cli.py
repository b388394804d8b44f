"""The command line: up, worker, follow, migrate, deploy, rekey, vouch, appoint, seed, export, verify, doctor, …"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from marketplace.kit import logs
from marketplace.kit.freezing import here_to_stay
from marketplace.kit.progress import bar, progress

if TYPE_CHECKING:
    from flask import Flask


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Each command imports what it needs, so that --help is quick."""
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except Exception as trouble:
        from marketplace.operating.beginning import why_not

        if why := why_not(trouble):
            return _no(why)
        raise


def _run(options: argparse.Namespace) -> int:
    if options.run not in (_up, _restore) and not (options.run is _verify and options.what):
        _live_in(os.environ.get("DATA_DIR", "data"))
        with here_to_stay():
            import_module("marketplace.foundation" if options.run is _migrate else "marketplace.application")
    level = logging.WARNING if options.run in (_doctor, _backup, _restore) else logging.INFO
    logs.write("json" if os.environ.get("LOG_FORMAT") == "json" else "text", level)
    return int(options.run(options))


def parser() -> argparse.ArgumentParser:
    """What can be typed: every command with its options."""
    parser = argparse.ArgumentParser(prog="python -m marketplace", description="まちの権利ひろば Hiroba")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(run=run, act=name)
        return command

    up = add("up", _up, "start everything on this machine, with the demo town on the first run")
    up.add_argument("--port", type=_port, default=8000, help="of 127.0.0.1; %(default)s where none is named")
    home = Path(__file__).resolve().parents[1] / "data"
    up.add_argument("--data", type=Path, default=home, help="where everything is kept; data/ beside the program")
    up.add_argument("--fresh", action="store_true", help="forget the data of the last run first")
    add("worker", _worker, "do what was promised: deliver the outbox, run the sheets, send to the chain")
    follow = add("follow", _follow, "follow the chain: read contract events into our tables")
    how = follow.add_mutually_exclusive_group()
    how.add_argument("--backfill", action="store_true", help="read up to the head, with a progress bar, and end")
    how.add_argument("--replay", action="store_true", help="forget every log and read all of them again, and end")
    add("migrate", _migrate, "bring the database to the present schema")
    add("deploy", _on_chain, "put the contracts on the chain, once, and see that what is there is ours")
    key = add("rekey", _on_chain, "give a role to a new key, take it from the old one; again after whatever stopped it")
    key.add_argument("role", metavar="ROLE", help="anchorer, custodian, issuer, pauser or redeemer")
    key.add_argument("--abandon", action="store_true", help="give the new key up, which does not sign yet")
    own = add("vouch", _on_chain, "what these keys did that the books do not know was the town's own doing")
    own.add_argument("roles", metavar="ROLE", nargs="+", help="as doctor names it (chain.misused), also town")
    add("pause", _on_chain, "stop the contracts: nothing is issued, moved, used or offered on chain; sales go on")
    add("unpause", _on_chain, "let the contracts go on; what was held back goes out by itself")
    clerk = add("appoint", _appoint, "make somebody staff: the first persons of an office, who then appoint the others")
    clerk.add_argument("email")
    clerk.add_argument("--name", default="", help="as colleagues know them")
    roles = "again for each: admin, approver, auditor, counter, drafter, treasury"
    clerk.add_argument("--role", action="append", required=True, help=roles)
    add("seed", _seed, "seed the demo town through the real commands (an empty database only)")
    kit = add("export", _export, "write everything public to a directory that outlives the server")
    kit.add_argument("--public", type=Path, metavar="DIR", help="the continuity kit; DIR must not exist yet")
    kit.add_argument("--journal", type=Path, metavar="FILE", help="the whole sealed journal, for auditors only")
    check = add("verify", _verify, "check a published draw, auction, fund, CAR, journal or kit; needs no server")
    check.add_argument("what", type=Path, metavar="FILE|DIR", nargs="?", help="none: this town's journal and its chain")
    check.add_argument("--heads", type=Path, metavar="FILE", help="a copy of /journal.json that you kept")
    mend = add("mend", _mend, "put lost or damaged documents back from a CAR that somebody kept")
    mend.add_argument("car", type=Path, metavar="FILE.car")
    doctor = add("doctor", _doctor, "look at every part: each fault with its remedy; 0 well, 1 needs care, 2 a fault")
    doctor.add_argument("--deep", action="store_true", help="also what takes long: the whole database, each key")
    doctor.add_argument("--json", action="store_true", help="for machines")
    add("rehouse", _rehouse, "move pictures and documents to where UPLOADS says; again after whatever stopped it")
    copy = add("backup", _backup, "copy the town while it works: database, documents, the chain that it runs itself")
    copy.add_argument("--to", type=Path, metavar="DIR", help="instead of BACKUP_DIR (DATA_DIR/backups)")
    copy.add_argument("--secrets", action="store_true", help="with keys and hiroba.env: keep such a copy apart")
    copy.add_argument("--keep", type=int, nargs=3, metavar=("DAYS", "WEEKS", "MONTHS"), help="then remove older ones")
    back = add("restore", _restore, "put a backup into an empty place and compare every table with what was copied")
    back.add_argument("backup", type=Path, metavar="BACKUP")
    back.add_argument("--data", type=Path, required=True, metavar="DIR", help="a new DATA_DIR")
    return parser


# ruff: noqa: PLC0415 -- each command is a function of its own, whose imports are paid only when it runs


def _live_in(data: Path | str) -> None:
    """A command by hand means the town of DATA_DIR: it is told what scripts/run tells the processes of that town."""
    from marketplace.supervising import premises

    os.environ.update(premises.merged(premises.read(Path(data) / "hiroba.env"), os.environ))


def _port(typed: str) -> int:
    if typed.isdecimal() and 0 < int(typed) < 65536:
        return int(typed)
    raise argparse.ArgumentTypeError(f"{typed} is no port: a number from 1 to 65535")


def _up(options: argparse.Namespace) -> int:
    from marketplace import supervising

    return supervising.up(options.port, options.data, options.fresh)


def _worker(_options: argparse.Namespace) -> int:
    from marketplace import worker

    worker.run()
    return 0


def _follow(options: argparse.Namespace) -> int:
    from marketplace.chain import commands

    with _town("our tables" if options.backfill or options.replay else "nothing"):
        return commands.follow(options.backfill, options.replay, bar)


def _migrate(_options: argparse.Namespace) -> int:
    from marketplace.foundation import break_ground, lay
    from marketplace.kit import schema
    from marketplace.settings import Settings

    settings = Settings()
    with _begun(lay(settings), "an answer"):
        break_ground(settings)
        schema.upgrade()
    return 0


def _on_chain(options: argparse.Namespace) -> int:
    from marketplace.chain import commands

    with _town():
        return commands.ACTS[options.act](options)


def _appoint(options: argparse.Namespace) -> int:
    from marketplace.accounts.appointing import AuditorsDoNothingElse, appoint
    from marketplace.accounts.models import Role
    from marketplace.accounts.rules import NotAnAddress

    unknown = set(options.role) - set(Role)
    if unknown:
        return _no(f"no such role: {', '.join(sorted(unknown))}; there are {', '.join(Role)}")
    with _town():
        try:
            appoint(options.email, options.name, options.role)
        except NotAnAddress:
            return _no(f"no mail address: {options.email}")
        except AuditorsDoNothingElse:
            return _no("an auditor can't have another role (地方自治法 196条3項)")
    sys.stdout.write(f"{options.email}: {', '.join(options.role)}\n")
    return 0


def _seed(_options: argparse.Namespace) -> int:
    from marketplace.demo import seeding

    with _town():
        seeding.seed()
    return 0


def _export(options: argparse.Namespace) -> int:
    from ipfs.errors import IpfsError
    from marketplace.continuity import exporting
    from marketplace.kit.refusals import Refused

    if not (options.public or options.journal):
        return _no("give --public DIR, or --journal FILE, or both")
    with _town():
        try:
            if options.public:
                name = exporting.export(options.public, progress("files written"))
                sys.stdout.write(f"{options.public}: manifest sha256:{name}\n")
            if options.journal:
                with options.journal.open("wb") as file:
                    file.writelines(exporting.journal())
                sys.stdout.write(f"{options.journal}\n")
        except (Refused, OSError, IpfsError) as trouble:
            return _no(str(trouble))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from marketplace.kit.published import Malformed

    try:
        if options.what is None:
            from marketplace.continuity.standing import verify_here

            with _town():
                found = verify_here(progress("days looked up"))
        else:
            from marketplace.continuity.verifying import verify

            found = verify(options.what, progress("files checked"), options.heads)
    except Malformed as wrong:
        return _no(str(wrong))
    sys.stdout.write(f"ok: {found}\n")
    return 0


def _mend(options: argparse.Namespace) -> int:
    from ipfs.errors import IpfsError
    from marketplace.metadata import auditing

    with _town():
        try:
            with options.car.open("rb") as file:
                sys.stdout.write(f"{auditing.restore(file)} blocks put back\n")
        except OSError as trouble:
            return _no(f"cannot read {options.car}: {trouble.strerror}")
        except (IpfsError, LookupError) as trouble:
            return _no(str(trouble))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from pydantic import ValidationError

    from marketplace.operating import commands

    try:
        with _town("nothing"):
            return commands.doctor(options.deep, options.json)
    except ValidationError as wrong:
        return commands.wrong_settings(wrong, options.json)


def _rehouse(_options: argparse.Namespace) -> int:
    from marketplace.blobs import rehousing

    with _town():
        return rehousing.command(progress("files moved"))


def _backup(options: argparse.Namespace) -> int:
    from marketplace.operating import commands

    with _town("a database"):
        keep = tuple(options.keep) if options.keep else None
        return commands.backup(options.to, options.secrets, keep, progress("files and tables copied"))


def _restore(options: argparse.Namespace) -> int:
    from marketplace.kit.published import Malformed
    from marketplace.operating import archive, commands

    try:
        given = archive.opened(options.backup)
    except (Malformed, OSError) as trouble:
        return _no(str(trouble))
    os.environ["DATA_DIR"] = str(options.data)
    _live_in(given.place / "secrets")  # what will lie there: a wrong setting is refused before anything does
    with _town("an answer"):
        return commands.restore(given, options.data, progress("tables compared"))


def _town(needs: str = "our tables") -> AbstractContextManager[None]:
    from marketplace.application import create_app

    return _begun(create_app(), needs)


@contextmanager
def _begun(app: Flask, needs: str) -> Iterator[None]:
    """Where a command is at work. `needs`: what operating.beginning sees to first."""
    from marketplace.foundation import within
    from marketplace.operating import beginning

    with within(app):
        beginning.see(needs)
        yield


def _no(why: str) -> int:
    """One line on stderr, and the exit code of a no."""
    sys.stderr.write(f"{why}\n")
    return 2
