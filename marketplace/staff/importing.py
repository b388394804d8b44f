"""Listings out of a spreadsheet: checked row by row in the worker, then made drafts some at a time, each once.

A row is known by its number in the town's own lists: sent again, alone or in another file, it makes no second draft.
Between two batches the worker and the database are free for whoever buys at that moment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import rfc8785
import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.codes import public_code
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.letters import typed
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import draft_all, staff_name
from marketplace.outbox.promising import handles, say
from marketplace.staff import import_sheet
from marketplace.staff.models import ImportedRow, ImportState, ListingImport

BATCH = 200
"""Rows between two looks at the progress; some tenths of a second."""
DRAFTS = 25
"""Rows that become drafts in one transaction: nobody else writes meanwhile, and nobody should notice."""


class StillFaults(Refused):
    code = "still_faults"
    message = "直すところが残っています。表を直して、もう一度送ってください。"


class NothingNew(Refused):
    code = "nothing_new"
    message = "どの行も取りこみずみです。"


class Checker:
    """The drafting form as a judge of rows."""

    def __init__(self) -> None:
        self.form = import_sheet.form()
        self.empty = import_sheet.usual(self.form)
        self.columns = import_sheet.columns(self.form, self.empty)
        self.titles = {column.field: column.title for column in self.columns}

    def look(self, cells: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
        """({field: why}, {}), or without a fault ({}, what drafting.draft() takes)."""
        told = dict(import_sheet.beside_the_form(cells, self.columns))
        self.form.process(import_sheet.typed(cells, self.columns, self.empty))
        self.form.check()
        for field, errors in self.form.errors.items():
            told.setdefault(field or "title_ja", " ".join(errors))
        return told, {} if told else self.form.values()


class Judged(NamedTuple):
    """A row that is no draft yet."""

    key: str
    faults: list[dict[str, Any]]
    """As the import keeps them."""
    values: dict[str, Any]
    """What drafting.draft() takes, of a row without a fault."""


def upload(data: bytes, file_name: str, actor_id: int) -> str:
    """Keep the rows of a file to be checked; the code of the import. NotReadable, NotAWorkbook.

    The same rows again are the same import; it is checked anew unless that is under way ⇢ import.uploaded.
    """
    rows: list[Any] = [[number, cells] for number, cells in import_sheet.read(data, Checker().columns)]
    sha256 = hashlib.sha256(rfc8785.dumps(rows)).hexdigest()
    by = staff_name(actor_id)
    with transaction():
        values = {
            "code": public_code("IMP", 6),
            "sha256": sha256,
            "file_name": typed(file_name, lines=False)[-120:] or "表",
            "state": ImportState.CHECKING,
            "rows": rows,
            "total": len(rows),
            "faults": [],
            "checked": 0,
            "brought": 0,
            "turn": 1,
            "made": 0,
            "uploaded_by": actor_id,
            "uploaded_at": now(),
        }
        import_id = insert_once(ListingImport, values)
        if import_id is None:
            known = db.session.scalars(sa.select(ListingImport).where(ListingImport.sha256 == sha256)).one()
            again(known.id, by)
            return known.code
        row = get(ListingImport, import_id)
        note(row.subject, "upload_rows", by=by, rows=len(rows))
        say("import.uploaded", key=f"{row.code}:1", import_id=row.id)
        return row.code


def again(import_id: int, by: str) -> None:
    """Check what was checked before or left out: the rules, or what is imported already, may have changed."""
    with transaction():
        row = lock(ListingImport, import_id)
        whole = row.state == ImportState.IMPORTED and not row.faults
        if whole or not row.MOVES.allows(row.state, "check_again"):
            return
        move(row, "check_again", by=by)
        row.turn, row.checked, row.brought, row.faults, row.imported_at = row.turn + 1, 0, 0, [], None
        say("import.uploaded", key=f"{row.code}:{row.turn}", import_id=row.id)


@handles("import.uploaded")
def check(import_id: int) -> None:
    """Batch after batch, each written down: who dies on the way goes on where the last one ended."""
    checker = Checker()
    while (batch := _next_batch(import_id)) is not None:
        start, rows, seen = batch
        faults = [fault for judged in _judged(checker, rows, seen) for fault in judged.faults]
        with transaction():
            row = lock(ListingImport, import_id)
            if row.state != ImportState.CHECKING or row.checked != start:
                continue  # another worker was faster
            row.faults = [*row.faults, *faults]
            row.checked = start + len(rows)
            if row.checked == row.total:
                move(row, "check_rows", faults=len(row.faults))


def _next_batch(import_id: int) -> tuple[int, list[Any], set[str]] | None:
    """(rows checked, those to check now, the numbers of those before); None where nothing is left to check."""
    let_go()
    row = get(ListingImport, import_id)
    if row.state != ImportState.CHECKING:
        return None
    return row.checked, row.rows[row.checked : row.checked + BATCH], _keys(row.rows[: row.checked])


def _keys(rows: list[Any]) -> set[str]:
    return {cells.get("key", "") for _number, cells in rows}


def _judged(checker: Checker, rows: list[Any], seen: set[str]) -> Iterator[Judged]:
    imported, seen = already(_keys(rows)), set(seen)
    for number, cells in rows:
        key = cells.get("key", "")
        twice = key in seen
        seen.add(key)
        if key in imported and not twice:
            continue
        faults, values = checker.look(cells)
        if twice:
            faults.setdefault("key", "同じ管理番号の行が上にあります。")
        named = [
            {"row": number, "column": checker.titles.get(field, field), "typed": cells.get(field, "")[:200], "why": why}
            for field, why in faults.items()
        ]
        yield Judged(key, named, values)


def already(keys: Iterable[str]) -> set[str]:
    """Those of the numbers whose rows are drafts."""
    return set(db.session.scalars(sa.select(ImportedRow.key).where(ImportedRow.key.in_(list(keys)))))


def want(import_id: int, actor_id: int, *, leaving: bool = False) -> None:
    """Have the drafts made ⇢ import.wanted. StillFaults, NothingNew; asked twice is asked once.

    `leaving`: rows with faults are left out. They can follow in a corrected file.
    """
    with transaction():
        row = lock(ListingImport, import_id)
        if row.state in (ImportState.IMPORTING, ImportState.IMPORTED):
            return
        if row.faults and not leaving:
            raise StillFaults
        if not set(row.keys) - already(row.keys):
            raise NothingNew
        row.imported_by = actor_id
        move(row, "want_import", by=staff_name(actor_id))
        _go_on(row)


def _go_on(row: ListingImport) -> None:
    """A promise for each batch, so that what others are promised takes its turn between two."""
    say("import.wanted", key=f"{row.code}:{row.turn}:{row.brought}", import_id=row.id)


@handles("import.wanted")
def make_drafts(import_id: int) -> None:
    """The next rows that are no drafts yet ⇢ import.wanted, until none is left. What has become wrong since it was
    checked is named and left out. Where another file brought a row just now, the outbox tries again without it."""
    row = get(ListingImport, import_id)
    if row.state != ImportState.IMPORTING or row.imported_by is None:
        return
    actor_id, checker, start = row.imported_by, Checker(), row.brought
    rows = row.rows[start : start + DRAFTS]
    judged = list(_judged(checker, rows, _keys(row.rows[:start])))
    faults = [fault for each in judged for fault in each.faults]
    values = {each.key: each.values for each in judged if not each.faults}
    numbers = {number for number, _cells in rows}
    with transaction() as session:
        row = lock(ListingImport, import_id)
        if row.state != ImportState.IMPORTING or row.brought != start:
            return  # another worker was faster
        old = already(values)
        new = [key for key in values if key not in old]
        ids = draft_all(actor_id, [values[key] for key in new])
        session.add_all(
            ImportedRow(key=key, listing_id=listing_id, import_id=import_id)
            for key, listing_id in zip(new, ids, strict=True)
        )
        row.faults = sorted([*(f for f in row.faults if f["row"] not in numbers), *faults], key=lambda f: f["row"])
        row.brought, row.made = start + len(rows), row.made + len(ids)
        if row.brought < row.total:
            _go_on(row)
        else:
            move(row, "import", by=staff_name(actor_id), made=row.made, faults=len(row.faults))
            row.imported_at = now()
