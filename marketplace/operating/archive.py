"""The form of a backup: a directory hiroba-<moment in UTC>, whole as soon as it has its name.

database.sqlite.gz       SQLite: the file, ready to be opened
tables/<table>.copy.gz   PostgreSQL: each table as COPY writes it (text)
chain/chain.json.gz      the state of the chain that the town runs itself
stripe.sqlite.gz         the local stand-in for Stripe, where there is one
files/<key>              pictures and documents that lie in a bucket; those in the database are in its tables
town/hiroba.town         says that the directory was a town's
town/readings.txt        how the town's own words are read, where somebody wrote it down
secrets/…                keys and hiroba.env, only where they were asked for
MANIFEST.json            what it is, the SHA-256 of each file, the digest of each table, and the columns of those of
                         PostgreSQL, since a later program may have others; written last
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from marketplace.kit.published import Malformed, Record

VERSION = "backup-v1"
MANIFEST = "MANIFEST.json"
OF_THE_TOWN = ("hiroba.town", "readings.txt")
NAME = re.compile(r"hiroba-(\d{8}T\d{6})Z")
PIECE = 1 << 20


@dataclass(frozen=True)
class Archive:
    """A backup that is whole."""

    place: Path
    made_at: datetime

    def manifest(self) -> Record:
        """Raises Malformed."""
        try:
            found = json.loads((self.place / MANIFEST).read_bytes())
        except (OSError, ValueError) as trouble:
            raise Malformed(f"{self.place} is no backup: {type(trouble).__name__}") from trouble
        if not isinstance(found, dict) or found.get("version") != VERSION:
            raise Malformed(f"{self.place} is no {VERSION}")
        _see_its_form(found, f"{self.place / MANIFEST}")
        return found

    def see_that_it_is_whole(self) -> None:
        """Hash each file again. Raises Malformed, which names the first that is not what it was."""
        about = self.manifest()
        files: dict[str, Any] = about["files"]
        for path in _needed(about):
            if path not in files:
                raise Malformed(f"{self.place} does not hold {path}")
        for path, known in files.items():
            if not (self.place / path).is_file():
                raise Malformed(f"{self.place / path} is missing")
            with (self.place / path).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != known["sha256"]:
                    raise Malformed(f"{self.place / path} is not what was written: its SHA-256 is another")

    def has(self, path: str) -> bool:
        return (self.place / path).is_file()

    def unpacked(self, path: str) -> Iterator[bytes]:
        with gzip.open(self.place / path) as file:
            yield from pieces(file)


def _see_its_form(about: Record, name: str) -> None:
    """A manifest is read on a machine that knows nothing of who wrote it: no path in it may lead out of the backup."""
    kinds = {"files": dict, "digests": dict, "tables": list, "numbers": dict, "schema": str, "database": str}
    for key, kind in kinds.items():
        if not isinstance(about.get(key), kind):
            raise Malformed(f"{name} does not say {key}")
    if not isinstance(about["digests"].get("tables"), dict):
        raise Malformed(f"{name} does not say digests of tables")
    for each in about["tables"]:
        if not isinstance(each, dict) or not {"table", "columns"} <= each.keys():
            raise Malformed(f"{name} does not say the columns of a table")
    for path, file in about["files"].items():
        if "\0" in path or {"", ".", ".."} & set(path.split("/")):
            raise Malformed(f"{name} names {path!r}, which is not in the backup")
        if not isinstance(file, dict) or "sha256" not in file:
            raise Malformed(f"{name} does not say the SHA-256 of {path}")


def _needed(about: Record) -> list[str]:
    """Without which there is no database."""
    if about["database"] == "sqlite":
        return ["database.sqlite.gz"]
    return [f"tables/{each['table']}.copy.gz" for each in about["tables"]]


def name_of(moment: datetime) -> str:
    return f"hiroba-{moment.astimezone(UTC):%Y%m%dT%H%M%S}Z"


def opened(place: Path) -> Archive:
    """The backup at this place. Raises Malformed where its name or its manifest says that it is none."""
    place = place.resolve()
    match = NAME.fullmatch(place.name)
    if match is None:
        raise Malformed(f"{place} is no backup: it is not called hiroba-<moment>Z")
    archive = Archive(place, datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC))
    archive.manifest()
    return archive


def kept_in(directory: Path) -> list[Archive]:
    """Every whole backup in the directory, the oldest first. None where there is no such directory."""
    return [archive for archive in map(_opened_if_it_is_one, _named_in(directory)) if archive is not None]


def damaged_in(directory: Path) -> list[str]:
    """What is called a backup there and is none (any more), by name: a disk lies, a copy breaks off."""
    return [path.name for path in _named_in(directory) if _opened_if_it_is_one(path) is None]


def _named_in(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if NAME.fullmatch(path.name))


def _opened_if_it_is_one(place: Path) -> Archive | None:
    try:
        return opened(place)
    except Malformed:
        return None


def newest(directory: Path) -> Archive | None:
    """The newest whole backup in the directory."""
    opened_ones = map(_opened_if_it_is_one, reversed(_named_in(directory)))
    return next((archive for archive in opened_ones if archive is not None), None)


def packed(content: Iterable[bytes]) -> Iterator[bytes]:
    """gzip, without a name or a time in it: the same content gives the same bytes."""
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31)
    for piece in content:
        if some := squeeze.compress(piece):
            yield some
    yield squeeze.flush()


def pieces(file: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
