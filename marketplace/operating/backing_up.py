"""Copy the town while it works: one moment of the database, and what stands beside it.

The chain that the town runs itself is copied before the database: what the database knows and the chain does not is
sent again with the same bytes (chain/sending.py), while a chain that knew more could not be explained. A public chain
and Stripe are ahead of any backup; `follow --backfill` and the reconciler read what came since.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from marketplace.chain import snapshots
from marketplace.continuity.exporting import Kit
from marketplace.kit import schema
from marketplace.kit.clock import now
from marketplace.kit.db import db, is_sqlite, let_go, see_one_moment
from marketplace.kit.published import Record
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.operating import copying, copying_files, digests
from marketplace.operating.archive import (
    MANIFEST,
    OF_THE_TOWN,
    VERSION,
    Archive,
    name_of,
    newest,
    opened,
    packed,
    pieces,
)
from marketplace.operating.digests import Told
from marketplace.operating.retaining import clear_away, unfinished
from marketplace.settings import settings


class NoBackup(Refused):
    code = "no_backup"
    message = "バックアップできません。"


def back_up(directory: Path, secrets: bool = False, told: Told = lambda path: None) -> Archive:
    """A new backup in `directory`, which is made if it is missing. It appears when it is whole.

    Args:
        secrets: keys and hiroba.env too. Who has them and the database has the town: keep such a backup apart.
        told: is told each file and table that is done.

    Raises NoBackup, OSError.
    """
    if not schema.is_present():
        raise NoBackup("the database has another schema than this program: run the program that it belongs to")
    moment = now()
    place = directory / name_of(moment)
    if place.exists():
        raise NoBackup(f"{place} is there already")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear_away(directory)
    beside = unfinished(place)
    beside.mkdir(mode=0o700)
    try:
        kit = Kit(beside, told)
        _copy_chain(kit)
        about = _copy_sqlite(kit, told) if is_sqlite() else _copy_postgresql(kit, told)
        filed = copying_files.in_the_bucket()
        let_go()  # what follows may take long, and needs no snapshot
        about["missing"] = _copy_files(kit, filed, directory)
        _copy_the_rest(kit, secrets)
        about |= {"version": VERSION, "made_at": moment.isoformat(), "secrets": secrets}
        about |= {"town": settings().town_name, "schema": schema.head()}
        kit.json(MANIFEST, {**about, "files": kit.files})
        _sync(beside)
        beside.rename(place)
        _sync(directory)
    except sqlite3.Error as trouble:
        raise NoBackup(f"the copy can't be written to {directory}: {trouble}") from trouble
    except (sa.exc.DBAPIError, db.engine.dialect.loaded_dbapi.Error) as trouble:
        raise NoBackup(f"the database broke off: {str(trouble).partition(chr(10))[0]}") from trouble
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        _hang_up()
    return opened(place)


def _hang_up() -> None:
    """Also where the database has done so before: COPY goes past what would have noticed it."""
    try:
        let_go()
    except sa.exc.DBAPIError:
        db.session.remove()


def _copy_chain(kit: Kit) -> None:
    found = snapshots.newest(settings().data_dir / "chain") if settings().chain_embedded else None
    if found is not None:
        kit.write("chain/chain.json.gz", packed([found.read_bytes()]))


def _copy_sqlite(kit: Kit, told: Told) -> Record:
    """By SQLite's online backup: readers and writers go on. https://sqlite.org/backup.html"""
    copy = kit.place / "copying.sqlite"
    see_one_moment()
    try:
        copying.copy_sqlite(copy)
        with copy.open("rb") as file:
            kit.write("database.sqlite.gz", packed(pieces(file)))
    finally:
        copy.unlink(missing_ok=True)
    return {"database": "sqlite", "digests": digests.of_everything(told), "tables": [], "numbers": {}}


def _copy_postgresql(kit: Kit, told: Told) -> Record:
    see_one_moment()
    for table in digests.tables():
        kit.write(f"tables/{table.name}.copy.gz", packed(copying.rows_of(table)))
    about = {"tables": copying.columns_of_all(), "numbers": copying.last_numbers()}
    return {"database": "postgresql", "digests": digests.of_everything(told), **about}


def _copy_files(kit: Kit, filed: list[copying_files.Filed], directory: Path) -> list[str]:
    try:
        return copying_files.copy_files(kit, filed, newest(directory))
    except Unavailable as trouble:
        raise NoBackup(f"the files in the bucket can't be copied: {trouble}") from trouble


def _copy_the_rest(kit: Kit, secrets: bool) -> None:
    data = settings().data_dir
    if settings().stripe_api_base and (data / "stripe.db").exists():
        copy = kit.place / "stripe.sqlite"
        with closing(sqlite3.connect(data / "stripe.db")) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        kit.write("stripe.sqlite.gz", packed([copy.read_bytes()]))
        copy.unlink()
    for name in OF_THE_TOWN:
        if (data / name).exists():
            kit.write(f"town/{name}", [(data / name).read_bytes()])
    if secrets:
        for file in (data / "hiroba.env", *sorted((data / "keys").glob("*.json"))):
            if file.exists():
                kit.write(f"secrets/{file.relative_to(data)}", [file.read_bytes()])


def _sync(directory: Path) -> None:
    """On the disk before it has its name. Files first, then the directories that name them."""
    for path in sorted(directory.rglob("*"), reverse=True):
        _flush(path)
    _flush(directory)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
