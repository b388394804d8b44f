"""What this machine has: settings, database, disk, clock, keys, backups. Nothing here speaks to the outside."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from marketplace.chain import keys, keystore
from marketplace.chain.models import Lane, LaneState
from marketplace.journal.models import Entry
from marketplace.kit import schema
from marketplace.kit.clock import now
from marketplace.kit.db import db, is_sqlite
from marketplace.kit.refusals import Rejected
from marketplace.operating import failed
from marketplace.operating.archive import damaged_in, newest
from marketplace.operating.faults import found
from marketplace.operating.health import Finding
from marketplace.settings import Settings, settings

LOW_BYTES, LOW_SHARE, FULL_BYTES = 2 * 1024**3, 0.05, 300 * 1024**2
"""Room on a disk that is worth a word: less than either; and that is an emergency."""
CLOCK_SECONDS = 5
"""Clocks may differ by this: Stripe allows five minutes, bidders none that they can see."""
LOCK_SECONDS = 3.0
"""A transaction of ours takes a few milliseconds."""
OLD, VERY_OLD = timedelta(hours=30), timedelta(hours=78)
"""A backup of each night may be a little late; after three nights without one somebody must come."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def knobs(deep: bool) -> Iterator[Finding]:
    """What may be better; settings that cannot be right do not even start (settings.unsafe)."""
    here = settings()
    if here.in_public and here.staff_passkeys == "optional":
        yield found("settings.passkeys")
    if here.in_public and not here.operator_mail:
        yield found("settings.operator")
    if here.in_public and not here.trusted_proxies:  # which has https, and so a proxy
        yield found("settings.proxies")
    if here.rehearsal_mail:
        yield found("settings.rehearsal", address=here.rehearsal_mail)
    if (marker := here.data_dir / "maintenance").exists():
        yield found("settings.closed", file=str(marker))


def database(deep: bool) -> Iterator[Finding]:
    """Reachable, at our schema, and kept as promised. `deep` has SQLite look at every page of its file."""
    if file := schema.missing_file():
        yield found("database.no_answer", why=f"there is no {file}")
        return
    try:
        with db.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError as trouble:
        yield found("database.no_answer", why=type(getattr(trouble, "orig", None) or trouble).__name__)
        return
    if schema.is_newer():
        yield found("database.newer")
        return
    if not schema.is_present():
        yield found("database.schema")
    yield from _sqlite(deep) if is_sqlite() else _postgresql()
    if why := _refusal_to_write():
        yield found("database.no_writing", why=why)


def _refusal_to_write() -> str:
    """Why nothing can be written, though all can be read. Nothing is written."""
    if not is_sqlite():
        with db.engine.connect() as connection:
            read_only = connection.execute(sa.text("SHOW transaction_read_only")).scalar_one() == "on"
        return "it is read-only" if read_only else ""
    try:
        with closing(sqlite3.connect(str(db.engine.url.database), timeout=LOCK_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as trouble:
        return str(trouble)
    return ""


def _sqlite(deep: bool) -> Iterator[Finding]:
    file = Path(str(db.engine.url.database))
    with db.engine.connect() as connection:
        mode = connection.execute(sa.text("PRAGMA journal_mode")).scalar_one()
        if mode != "wal":
            yield found("database.no_wal", mode=mode)
        if deep:
            wrong = connection.execute(sa.text("PRAGMA integrity_check(3)")).scalars().all()
            if wrong != ["ok"]:
                yield found("database.damaged", why="; ".join(map(str, wrong)))
    if file.stat().st_mode & stat.S_IROTH and file.parent.stat().st_mode & stat.S_IXOTH:
        yield found("database.open_to_others", file=str(file), mode=_mode(file))


def _postgresql() -> Iterator[Finding]:
    """Settings with which PostgreSQL says "committed" before it is."""
    with db.engine.connect() as connection:
        for knob in ("fsync", "full_page_writes", "synchronous_commit"):
            if connection.execute(sa.text(f"SHOW {knob}")).scalar_one() == "off":
                yield found("database.forgetful", knob=knob)


def disk(deep: bool) -> Iterator[Finding]:
    """The disks under DATA_DIR and under the backups; each is told once."""
    seen: set[int] = set()
    for place in (settings().data_dir, settings().backups):
        if place.exists() and place.stat().st_dev not in seen:
            seen.add(place.stat().st_dev)
            usage = shutil.disk_usage(place)
            yield from room(str(place), usage.free, usage.total)


def room(place: str, free: int, total: int) -> Iterator[Finding]:
    """`free` and `total` in bytes."""
    seen: dict[str, str | int] = {"place": place, "free": free // 1024**2, "percent": 100 * free // max(total, 1)}
    if free < FULL_BYTES:
        yield found("disk.full", **seen)
    elif free < LOW_BYTES or free < LOW_SHARE * total:
        yield found("disk.low", **seen)


def clock(deep: bool) -> Iterator[Finding]:
    """Against what we wrote ourselves, and against the database's own clock where it has one."""
    newest_entry = db.session.scalar(sa.select(Entry.at).order_by(Entry.id.desc()).limit(1))
    if newest_entry is not None and newest_entry - now() > timedelta(seconds=CLOCK_SECONDS):
        yield found("clock.went_back", seconds=int((newest_entry - now()).total_seconds()))
    if not is_sqlite():
        theirs = db.session.execute(sa.select(sa.func.extract("epoch", sa.func.clock_timestamp()))).scalar_one()
        yield from differing(float(theirs), "PostgreSQL")


def differing(theirs: float, whose: str) -> Iterator[Finding]:
    """`theirs` in seconds since 1970."""
    seconds = abs(theirs - now().timestamp())
    if seconds > CLOCK_SECONDS:
        yield found("clock.wrong", seconds=int(seconds), whose=whose)


def signing_keys(deep: bool) -> Iterator[Finding]:
    """Each lane's key is where it should be, ours alone to read, and the one that the books know.

    `deep` opens them with the password, which takes a second for each where they are locked hard.
    """
    here = settings()
    try:
        keys.see_that_keys_may_be_used(here)
    except Rejected as weak:
        yield found("keys.weak", why=str(weak))
    secrets = [here.data_dir / "hiroba.env", *sorted((here.data_dir / "keys").glob("*.json"))]
    for file in secrets:
        if file.exists() and file.stat().st_mode & OTHERS:
            yield found("keys.open_to_others", file=str(file), mode=_mode(file))
    lanes = sa.select(Lane.role, Lane.signer, Lane.state).where(Lane.chain_id == here.chain_id)
    for role, known, state in sorted(db.session.execute(lanes).all()):
        if state == LaneState.SERVING:
            yield from (_at_the_service if here.signer_url else _in_a_file)(here, role, known, deep)
        elif state != LaneState.RETIRED:
            yield found("keys.changing", role=role)


def _at_the_service(here: Settings, role: str, known: str, deep: bool) -> Iterator[Finding]:
    address = keys.named(role, here)
    if address is not None and address != known:
        yield found("keys.other", role=role, address=address, known=known)


def _in_a_file(here: Settings, role: str, known: str, deep: bool) -> Iterator[Finding]:
    file, first = keys.file_with(role, known, here), keys.file_of(role, here)
    if file is None and first.exists():
        yield found("keys.other", role=role, address=keystore.address_in(first), known=known)
    elif file is None:
        yield found("keys.missing", role=role, known=known, place=str(first.parent))
    elif deep and not keystore.opens(file, here.key_password.get_secret_value()):
        yield found("keys.locked", file=file.name)


def backups(deep: bool) -> Iterator[Finding]:
    """How old the newest whole backup is, and whether another is broken or could not be made. A town that nobody visits
    yet needs none."""
    place = settings().backups
    if damaged := damaged_in(place):
        yield found("backups.damaged", place=str(place), names=", ".join(damaged))
    if why := failed.why_none(place):
        yield found("backups.failed", why=why)
    last = newest(place)
    if last is None:
        if settings().in_public:
            yield found("backups.none", place=str(place))
        return
    age = now() - last.made_at
    hours = int(age.total_seconds() // 3600)
    if age > VERY_OLD:
        yield found("backups.very_old", hours=hours)
    elif age > OLD:
        yield found("backups.old", hours=hours)


def _mode(file: Path) -> str:
    return f"{stat.S_IMODE(file.stat().st_mode):o}"
