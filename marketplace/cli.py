"""Runs what was typed, see command_line.py: each command imports what it needs, so that --help is quick."""

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

from marketplace.command_line import parser
from marketplace.kit import logs
from marketplace.kit.freezing import here_to_stay
from marketplace.kit.piping import said
from marketplace.kit.progress import bar, progress

if TYPE_CHECKING:
    from flask import Flask


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        return said(lambda: _run(parser().parse_args(arguments)))
    except Exception as trouble:
        from marketplace.operating.beginning import why_not

        if why := why_not(trouble):
            return _no(why)
        raise


def _run(options: argparse.Namespace) -> int:
    run = COMMANDS[options.act]
    if run not in (_up, _restore) and not (run is _verify and options.what):
        _live_in(os.environ.get("DATA_DIR", "data"))
        with here_to_stay():
            import_module("marketplace.foundation" if run is _migrate else "marketplace.application")
    level = logging.WARNING if run in (_doctor, _backup, _restore) else logging.INFO
    logs.write("json" if os.environ.get("LOG_FORMAT") == "json" else "text", level)
    return int(run(options))


# ruff: noqa: PLC0415 -- each command is a function of its own, whose imports are paid only when it runs


def _live_in(data: Path | str) -> None:
    """A command by hand means the town of DATA_DIR: it is told what scripts/run tells the processes of that town."""
    from marketplace.supervising import premises

    os.environ.update(premises.merged(premises.read(Path(data) / "hiroba.env"), os.environ))


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
    from marketplace.operating import beginning
    from marketplace.settings import Settings

    settings = Settings()
    with _begun(lay(settings), "an answer"):
        beginning.see_that_it_is_not_newer()
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
    from marketplace.kit.letters import typed
    from marketplace.kit.refusals import Invalid

    unknown = set(options.role) - set(Role)
    if unknown:
        return _no(f"no such role: {', '.join(sorted(unknown))}; there are {', '.join(Role)}")
    with _town():
        try:
            appoint(options.email, typed(options.name, lines=False), options.role)
        except NotAnAddress:
            return _no(f"no mail address: {options.email}")
        except AuditorsDoNothingElse:
            return _no("an auditor can't have another role (地方自治法 196条3項)")
        except Invalid as wrong:
            return _no(f"--name: {wrong}")
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

    with _town("nothing"):  # it sees for itself, and writes down why it cannot begin
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


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "worker": _worker,
    "follow": _follow,
    "migrate": _migrate,
    "deploy": _on_chain,
    "rekey": _on_chain,
    "relock": _on_chain,
    "vouch": _on_chain,
    "pause": _on_chain,
    "unpause": _on_chain,
    "appoint": _appoint,
    "seed": _seed,
    "export": _export,
    "verify": _verify,
    "mend": _mend,
    "doctor": _doctor,
    "rehouse": _rehouse,
    "backup": _backup,
    "restore": _restore,
}
