"""What can be typed after `python -m marketplace`, and what each of it is for."""

from __future__ import annotations

import argparse
import errno
import os
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """What can be typed: every command with its options."""
    parser = argparse.ArgumentParser(prog="python -m marketplace", description="まちの権利ひろば Hiroba")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, help: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        command.set_defaults(act=name)
        return command

    up = add("up", "start everything on this machine, with the demo town on the first run")
    up.add_argument("--port", type=_port, default=8000, help="of 127.0.0.1; %(default)s where none is named")
    home = Path(__file__).resolve().parents[1] / "data"
    up.add_argument("--data", type=_path, default=home, help="where everything is kept; data/ beside the program")
    up.add_argument("--fresh", action="store_true", help="forget the data of the last run first")
    add("worker", "do what was promised: deliver the outbox, run the sheets, send to the chain")
    follow = add("follow", "follow the chain: read contract events into our tables")
    how = follow.add_mutually_exclusive_group()
    how.add_argument("--backfill", action="store_true", help="read up to the head, with a progress bar, and end")
    how.add_argument("--replay", action="store_true", help="forget every log and read all of them again, and end")
    add("migrate", "bring the database to the present schema")
    add("deploy", "put the contracts on the chain, once, and see that what is there is ours")
    key = add("rekey", "give a role to a new key, take it from the old one; again after whatever stopped it")
    key.add_argument("role", metavar="ROLE", help="anchorer, custodian, issuer, pauser or redeemer")
    key.add_argument("--abandon", action="store_true", help="give the new key up, which does not sign yet")
    add("relock", "lock the key files under another password, which is read from the input: relock < FILE")
    own = add("vouch", "what these keys did that the books do not know was the town's own doing")
    own.add_argument("roles", metavar="ROLE", nargs="+", help="as doctor names it (keys.misused), also town")
    add("pause", "stop the contracts: nothing is issued, moved, used or offered on chain; sales go on")
    add("unpause", "let the contracts go on; what was held back goes out by itself")
    clerk = add("appoint", "make somebody staff: the first persons of an office, who then appoint the others")
    clerk.add_argument("email")
    clerk.add_argument("--name", default="", help="as colleagues know them")
    roles = "again for each: admin, approver, auditor, counter, drafter, treasury"
    clerk.add_argument("--role", action="append", required=True, help=roles)
    add("seed", "seed the demo town through the real commands (an empty database only)")
    kit = add("export", "write everything public to a directory that outlives the server")
    kit.add_argument("--public", type=_path, metavar="DIR", help="the continuity kit; DIR must not exist yet")
    kit.add_argument("--journal", type=_path, metavar="FILE", help="the whole sealed journal, for auditors only")
    check = add("verify", "check a published draw, auction, fund, CAR, journal or kit; needs no server")
    check.add_argument(
        "what", type=_path, metavar="FILE|DIR", nargs="?", help="none: this town's journal and its chain"
    )
    check.add_argument("--heads", type=_path, metavar="FILE", help="a copy of /journal.json that you kept")
    mend = add("mend", "put lost or damaged documents back from a CAR that somebody kept")
    mend.add_argument("car", type=_path, metavar="FILE.car")
    doctor = add("doctor", "look at every part: each fault with its remedy; 0 well, 1 needs care, 2 a fault")
    doctor.add_argument("--deep", action="store_true", help="also what takes long: the whole database, each key")
    doctor.add_argument("--json", action="store_true", help="for machines")
    add("rehouse", "move pictures and documents to where UPLOADS says; again after whatever stopped it")
    copy = add("backup", "copy the town while it works: database, documents, the chain that it runs itself")
    copy.add_argument("--to", type=_path, metavar="DIR", help="instead of BACKUP_DIR (DATA_DIR/backups)")
    copy.add_argument("--secrets", action="store_true", help="with keys and hiroba.env: keep such a copy apart")
    copy.add_argument(
        "--keep", type=_count, nargs=3, metavar=("DAYS", "WEEKS", "MONTHS"), help="then remove older ones"
    )
    back = add("restore", "put a backup into an empty place and compare every table with what was copied")
    back.add_argument("backup", type=_path, metavar="BACKUP")
    back.add_argument("--data", type=_path, required=True, metavar="DIR", help="a new DATA_DIR")
    return parser


def _path(typed: str) -> Path:
    """Nothing is a directory to Python: the one that a command happens to be typed in."""
    if not typed:
        raise argparse.ArgumentTypeError("an empty name is none")
    try:
        os.stat(typed)
    except OSError as trouble:
        if trouble.errno == errno.ELOOP:
            raise argparse.ArgumentTypeError(f"{typed} is a link that leads back to itself") from None
    return Path(typed)


def _count(typed: str) -> int:
    if typed.isdecimal():
        return int(typed)
    raise argparse.ArgumentTypeError(f"{typed} is not 0 or more")


def _port(typed: str) -> int:
    if typed.isdecimal() and 0 < int(typed) < 65536:
        return int(typed)
    raise argparse.ArgumentTypeError(f"{typed} is no port: a number from 1 to 65535")
