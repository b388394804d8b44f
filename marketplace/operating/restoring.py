"""Put a backup into an empty place, and prove that what stands there is what was copied.

Nothing is overwritten: the database must be empty and DATA_DIR without a chain. So a restore can be rehearsed on any
machine, and one that stops in the middle is begun again in a new place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from marketplace.kit import schema
from marketplace.kit.db import db, is_sqlite, let_go, transaction
from marketplace.kit.published import Record
from marketplace.kit.refusals import Refused
from marketplace.operating import copying, copying_files, digests
from marketplace.operating.archive import OF_THE_TOWN, Archive, pieces
from marketplace.operating.digests import Told


class NotEmpty(Refused):
    code = "not_empty"
    message = "空の場所にしか戻せません。"


class NoPlace(Refused):
    code = "no_place"
    message = "ここには戻せません。"


def restore_files(archive: Archive, data: Path) -> None:
    """What stands beside the database, into `data`.

    Raises NotEmpty, NoPlace, Malformed.
    """
    archive.see_that_it_is_whole()
    if not schema.knows(archive.manifest()["schema"]):
        raise NoPlace("this is a backup of a newer program than this one: restore it with that one")
    places = ("hiroba.db", "hiroba.env", "chain", "keys", "stripe.db", *OF_THE_TOWN)
    taken = [name for name in places if (data / name).exists()]
    if taken:
        raise NotEmpty(f"{data} holds {', '.join(taken)} already: name a new directory by --data")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in archive.manifest()["files"]:
        top, _, rest = path.partition("/")
        if top in ("secrets", "town"):
            with (archive.place / path).open("rb") as file:
                _write(data / rest, pieces(file))
        elif path in ("chain/chain.json.gz", "stripe.sqlite.gz"):
            name = {"chain/chain.json.gz": "chain/chain.json", "stripe.sqlite.gz": "stripe.db"}[path]
            _write(data / name, archive.unpacked(path))


def see_the_database(archive: Archive) -> None:
    """Raises NoPlace, NotEmpty, where the application's own database could not be filled from `archive`."""
    about = archive.manifest()
    kind = "sqlite" if is_sqlite() else "postgresql"
    if about["database"] != kind:
        raise NoPlace(f"this is a backup of {about['database']}, and DATABASE_URL names {kind}")
    file = Path(str(db.engine.url.database))
    if is_sqlite() and file.exists():
        raise NotEmpty(f"{file} is there already: name a new directory by --data")
    if not is_sqlite() and sa.inspect(db.engine).get_table_names():
        raise NotEmpty("the database is not empty: name a new one")


def restore_database(archive: Archive, told: Told = lambda table: None) -> list[str]:
    """Fill the application's own database, which must be empty, and bring it to the present schema.

    Files that lay in a bucket are put back too. What differs from the digests in the manifest; empty where all is as
    it was. Raises NotEmpty, NoPlace, Malformed; Unavailable where the bucket is silent.
    """
    see_the_database(archive)
    about = archive.manifest()
    if is_sqlite():
        _write(Path(str(db.engine.url.database)), archive.unpacked("database.sqlite.gz"))
    else:
        _fill(archive, about, told)
    if about["schema"] == schema.head():
        wrong = digests.different(digests.of_everything(told), about["digests"])
        let_go()
    else:
        wrong = _rows_that_went(about)
        let_go()
        schema.upgrade()
    return wrong + copying_files.put_back(archive)


def _fill(archive: Archive, about: Record, told: Told) -> None:
    schema.upgrade(about["schema"])
    db.session.remove()
    with transaction():
        for each in about["tables"]:
            name = each["table"]
            copying.load(name, each["columns"], archive.unpacked(f"tables/{name}.copy.gz"))
            told(name)
        copying.go_on_from(about["numbers"])


def _rows_that_went(about: Record) -> list[str]:
    """Of another schema the digests cannot be compared; that no row is missing can, before it is changed."""
    here = {name: copying.rows_in(name) for name in about["digests"]["tables"]}
    was = {name: told["rows"] for name, told in about["digests"]["tables"].items()}
    return [f"{name}: {here[name]} rows, was {was[name]}" for name in here if here[name] != was[name]]


def _write(path: Path, content: Iterator[bytes]) -> None:
    """For the owner's eyes only, and never over something that is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as taken:
        raise NotEmpty(f"{path} is there already") from taken
    with os.fdopen(handle, "wb") as file:
        for piece in content:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
