from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing, ListingState
from marketplace.orders.models import Order, OrderState
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.staff import import_sheet, importing
from marketplace.staff.models import ImportedRow, ImportState, ListingImport
from tests import given
from tests.crashing import PowerCut
from tests.racing import at_once
from tests.staff.sheets import as_csv, as_xlsx, row


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def sent(data: bytes) -> ListingImport:
    """Uploaded and checked."""
    code = importing.upload(data, "四季.xlsx", given.staff("drafter"))
    keeping.drain()
    return again(code)


def again(code: str) -> ListingImport:
    db.session.rollback()
    return db.session.scalars(sa.select(ListingImport).where(ListingImport.code == code)).one()


def brought(data: bytes) -> ListingImport:
    done = sent(data)
    importing.want(done.id, given.staff("drafter"))
    keeping.drain()
    return again(done.code)


def cut(_row: ListingImport) -> None:
    raise PowerCut


def drafts() -> list[str]:
    db.session.rollback()
    return [listing.right.title_ja for listing in db.session.scalars(sa.select(Listing).order_by(Listing.id))]


def test_faultless_rows_become_drafts_of_whoever_had_them_made() -> None:
    done = brought(as_xlsx([row("A-1", 名前="春"), row("A-2", 名前="秋")]))
    assert (done.state, done.made, drafts()) == (ImportState.IMPORTED, 2, ["春", "秋"])
    rows = db.session.execute(sa.select(ImportedRow.key, Listing.state, Listing.drafted_by).join(Listing)).all()
    assert [tuple(each) for each in rows] == [
        ("A-1", ListingState.DRAFT, given.staff("drafter")),
        ("A-2", ListingState.DRAFT, given.staff("drafter")),
    ]
    noted = db.session.scalars(sa.select(Entry.event).where(Entry.subject == done.subject).order_by(Entry.id)).all()
    assert noted == ["upload_rows", "check_rows", "want_import", "import"]


def test_nothing_is_made_by_checking_nor_while_a_single_row_is_wrong() -> None:
    done = sent(as_csv([row("A-1"), row("A-2", 数="たくさん")]))
    assert (done.state, drafts()) == (ImportState.CHECKED, [])
    assert done.faults == [{"row": 3, "column": "数", "typed": "たくさん", "why": "数字で入力してください。"}]
    with pytest.raises(importing.StillFaults):
        importing.want(done.id, given.staff("drafter"))


def test_the_same_rows_sent_again_are_the_same_import_and_make_nothing() -> None:
    done = brought(as_xlsx([row("A-1")]))
    same = sent(as_csv([row("A-1")]))
    importing.want(same.id, given.staff("drafter"))
    keeping.drain()
    assert (same.code, again(done.code).state, len(drafts())) == (done.code, ImportState.IMPORTED, 1)


def test_rows_that_are_drafts_already_are_left_out_of_another_file() -> None:
    brought(as_csv([row("A-1"), row("A-2")]))
    more = brought(as_csv([row("A-1", 数="まちがい"), row("A-2"), row("A-3", 名前="冬")]))
    assert (more.made, len(drafts()), drafts()[-1]) == (1, 3, "冬")
    other = sent(as_csv([row("A-3"), row("A-1")]))
    with pytest.raises(importing.NothingNew):
        importing.want(other.id, given.staff("drafter"))


def test_a_number_that_stands_twice_is_a_fault_of_the_second() -> None:
    done = sent(as_csv([row("A-1"), row("A-2"), row("A-1")]))
    assert [(fault["row"], fault["column"], fault["why"]) for fault in done.faults] == [
        (4, "管理番号", "同じ管理番号の行が上にあります。")
    ]


def test_hundreds_of_rows_become_drafts_some_at_a_time() -> None:
    done = sent(as_csv([row(f"A-{n:03}") for n in range(300)]))
    importing.want(done.id, given.staff("drafter"))
    seen = []
    while keeping.sweep():
        seen.append((again(done.code).brought, len(drafts())))
    assert seen == [(n, n) for n in range(25, 301, 25)]
    assert (again(done.code).made, again(done.code).state) == (300, ImportState.IMPORTED)


def test_who_buys_meanwhile_does_not_wait_for_the_end_of_a_large_table() -> None:
    selling = given.a_listing()
    done = sent(as_csv([row(f"A-{n:03}") for n in range(100)]))
    importing.want(done.id, given.staff("drafter"))
    keeping.sweep()
    order_id = place(given.an_account(), selling)
    keeping.sweep()
    open_ = sa.select(Message.topic).where(Message.done_at.is_(None), Message.due_at <= now())
    assert db.session.scalars(open_).all() == ["import.wanted"]
    assert (again(done.code).brought, get(Order, order_id).state) == (50, OrderState.AWAITING_PAYMENT)


def test_the_worker_and_buyers_at_once_hinder_nobody(app: Flask) -> None:
    selling, buyers = given.a_listing(quantity=3), [given.an_account() for _ in range(3)]
    done = sent(as_csv([row(f"A-{n:03}") for n in range(60)]))
    importing.want(done.id, given.staff("drafter"))
    outcomes = at_once(app, 4, lambda n: place(buyers[n], selling) if n < 3 else keeping.drain())
    keeping.drain()
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    assert (again(done.code).made, db.session.scalar(sa.select(sa.func.count()).select_from(Order))) == (60, 3)


def test_who_dies_on_the_way_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "DRAFTS", 2)
    done = sent(as_csv([row(f"A-{n}") for n in range(5)]))
    importing.want(done.id, given.staff("drafter"))
    importing.make_drafts(done.id)
    with monkeypatch.context() as torn:
        torn.setattr(importing, "_go_on", cut)
        with pytest.raises(PowerCut):
            importing.make_drafts(done.id)
    assert (len(drafts()), again(done.code).brought) == (2, 2)
    keeping.drain()
    importing.make_drafts(done.id)
    assert (len(drafts()), again(done.code).made, again(done.code).state) == (5, 5, ImportState.IMPORTED)


def test_the_faultless_rows_can_go_first_and_the_corrected_ones_follow() -> None:
    done = sent(as_csv([row("A-1", 名前="春"), row("A-2", 数="x"), row("A-3", 名前="秋"), row("A-1")]))
    importing.want(done.id, given.staff("drafter"), leaving=True)
    keeping.drain()
    done = again(done.code)
    assert (done.state, done.made, drafts()) == (ImportState.IMPORTED, 2, ["春", "秋"])
    assert [(fault["row"], fault["column"]) for fault in done.faults] == [(3, "数"), (5, "管理番号")]
    more = brought(as_csv([row("A-1"), row("A-2", 名前="夏"), row("A-3")]))
    assert (more.made, drafts()) == (1, ["春", "秋", "夏"])


def test_what_became_wrong_after_the_check_is_named_and_the_others_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    done = sent(as_csv([row("A-1", 名前="春"), row("A-2", 名前="秋")]))
    importing.want(done.id, given.staff("drafter"))
    with monkeypatch.context() as changed:
        changed.setattr(import_sheet, "LONGEST_KEY", 2)
        keeping.drain()
    assert drafts() == []
    left = again(done.code)
    assert (left.state, left.made, [fault["row"] for fault in left.faults]) == (ImportState.IMPORTED, 0, [2, 3])
    same = brought(as_csv([row("A-1", 名前="春"), row("A-2", 名前="秋")]))
    assert (same.code, same.made, same.faults, drafts()) == (done.code, 2, [], ["春", "秋"])


def test_the_check_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    code = importing.upload(as_csv([row(f"A-{n}", 数="x") for n in range(5)]), "表.csv", given.staff("drafter"))
    import_id = again(code).id
    importing.check(import_id)
    importing.check(import_id)
    assert (again(code).checked, [fault["row"] for fault in again(code).faults]) == (5, [2, 3, 4, 5, 6])


def test_two_who_press_at_once_make_the_drafts_once(app: Flask) -> None:
    import_id, actor = sent(as_csv([row(f"A-{n}") for n in range(20)])).id, given.staff("drafter")

    def press(_number: int) -> None:
        importing.want(import_id, actor)
        importing.make_drafts(import_id)

    outcomes = at_once(app, 4, press)
    assert (outcomes, len(drafts())) == ([None] * 4, 20)


def test_two_files_with_the_same_row_at_once_make_it_once(app: Flask) -> None:
    files = [sent(as_csv([row("A-1"), row(f"B-{n}")])) for n in range(3)]
    ids = [each.id for each in files]
    for import_id in ids:
        importing.want(import_id, given.staff("drafter"))
    at_once(app, 3, lambda n: importing.make_drafts(ids[n]))
    keeping.drain()
    for import_id in ids:
        importing.make_drafts(import_id)  # what lost the race is tried again by the outbox
    assert len(drafts()) == 4
    keys = db.session.scalars(sa.select(ImportedRow.key).order_by(ImportedRow.key)).all()
    assert keys == ["A-1", "B-0", "B-1", "B-2"]
