from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError, StatementError

from marketplace.accounts.models import Account, SignInCode
from marketplace.kit.clock import now
from marketplace.kit.db import after_commit, alone, db, get, insert_once, is_sqlite, lock, transaction, writing
from marketplace.receipts.models import Series
from tests.crashing import PowerCut, rolled_back
from tests.databases import chosen
from tests.racing import at_once
from tests.statements import counted


def add(email: str) -> Account:
    account = Account(email=email, created_at=now())
    db.session.add(account)
    return account


def emails() -> list[str]:
    return list(db.session.scalars(sa.select(Account.email).order_by(Account.email)))


def test_all_of_a_transaction_happens(app: Flask) -> None:
    with transaction():
        add("a@example.jp")
        add("b@example.jp")
    db.session.rollback()
    assert emails() == ["a@example.jp", "b@example.jp"]


@pytest.mark.parametrize("end", [LookupError, PowerCut])
def test_or_none_of_it_however_it_ends(app: Flask, end: type[BaseException]) -> None:
    with rolled_back(end):
        add("a@example.jp")
    assert (emails(), writing()) == ([], False)


def test_a_row_that_is_changed_outside_is_a_fault_and_stays_as_it_was(app: Flask) -> None:
    with transaction():
        account = add("a@example.jp")
    account.email = "b@example.jp"
    with pytest.raises(RuntimeError, match="inside transaction"):
        emails()
    db.session.rollback()
    assert emails() == ["a@example.jp"]


def test_a_transaction_within_joins_the_one_around_it(app: Flask) -> None:
    with rolled_back():
        with transaction():
            add("inner@example.jp")
        assert writing()
    assert emails() == []


def test_what_was_read_before_is_read_anew(app: Flask) -> None:
    with transaction():
        add("a@example.jp")
    mine = db.session.scalars(sa.select(Account)).one()
    assert mine.nickname == ""

    def rename(_: int) -> None:
        with transaction():
            lock(Account, 1).nickname = "はな"

    at_once(app, 1, rename)
    with transaction():
        assert mine.nickname == "はな"


def test_bells_ring_after_the_commit_and_in_order(app: Flask) -> None:
    rung: list[tuple[str, bool]] = []
    with transaction():
        after_commit(lambda: rung.append(("first", writing())))
        with transaction():
            after_commit(lambda: rung.append(("second", writing())))
        assert rung == []
    assert rung == [("first", False), ("second", False)]


def test_what_is_rolled_back_rings_no_bell_not_even_later(app: Flask) -> None:
    rung: list[str] = []
    with rolled_back():
        after_commit(lambda: rung.append("never"))
    with transaction():
        add("a@example.jp")
    assert rung == []


def test_a_bell_that_fails_takes_nothing_back_and_silences_no_other(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    rung: list[str] = []

    def broken() -> None:
        raise OSError("no rope")

    with transaction():
        add("a@example.jp")
        after_commit(broken)
        after_commit(lambda: rung.append("second"))
    assert (emails(), rung) == (["a@example.jp"], ["second"])
    assert [record.message for record in caplog.records] == ["after commit"]


def test_locks_and_bells_belong_inside_a_transaction(app: Flask) -> None:
    for act in (lambda: lock(Account, 1), lambda: after_commit(list), lambda: insert_once(Account, {})):
        with pytest.raises(AssertionError, match="belongs inside transaction"):
            act()


def test_a_row_that_is_not_there_is_a_lookup_error(app: Flask) -> None:
    with pytest.raises(LookupError, match="Account 404"):
        get(Account, 404)
    with pytest.raises(LookupError, match="Account 404"), transaction():
        lock(Account, 404)


def test_a_row_is_read_once_and_anew_where_what_is_held_may_be_stale(app: Flask) -> None:
    with transaction():
        add("a@example.jp")
    with counted() as seen:
        mine = get(Account, 1)
        assert get(Account, 1) is mine
    assert len([each for each in seen if each.startswith("SELECT")]) == 1
    db.session.rollback()
    with counted() as seen:
        assert get(Account, 1) is mine
    assert len([each for each in seen if each.startswith("SELECT")]) == 1


def test_a_row_whose_key_has_two_parts_is_found_by_both(app: Flask) -> None:
    with transaction() as session:
        session.add_all([Series(budget="fund", fiscal_year=year) for year in (2026, 2027)])
    with transaction():
        assert lock(Series, ("fund", 2027)) is get(Series, ("fund", 2027))
    with pytest.raises(LookupError, match="2028"):
        get(Series, ("fund", 2028))


def test_ten_at_once_who_read_and_then_write_lose_nothing(app: Flask) -> None:
    with transaction():
        add("a@example.jp")

    def count(_: int) -> None:
        for _turn in range(5):
            with transaction():
                account = lock(Account, 1)
                account.nickname = str(int(account.nickname or 0) + 1)

    assert at_once(app, 10, count) == [None] * 10
    assert get(Account, 1).nickname == "50"


NAMED = sa.update(Account).where(Account.id == 1).values(nickname=sa.bindparam("to")).returning(Account.nickname)
COUNTED = sa.update(Account).where(Account.id == 1).values(nickname=Account.nickname + "I")


def test_a_statement_alone_gives_back_its_rows_and_is_there_for_all(app: Flask) -> None:
    with transaction():
        add("a@example.jp")
    with counted() as asked:
        assert alone(NAMED, {"to": "花"}) == [("花",)]
    assert (len(asked), get(Account, 1).nickname) == (1, "花")
    assert alone(COUNTED, {}) == []


def test_a_statement_alone_inside_a_transaction_goes_with_it(app: Flask) -> None:
    with transaction():
        add("a@example.jp")
    with rolled_back():
        assert alone(NAMED, {"to": "花"}) == [("花",)]
    assert get(Account, 1).nickname == ""


def test_of_statements_alone_at_once_none_is_lost(app: Flask) -> None:
    with transaction():
        add("a@example.jp")

    def count(_: int) -> None:
        for _turn in range(3):
            alone(COUNTED, {})

    assert at_once(app, 10, count) == [None] * 10
    assert get(Account, 1).nickname == "I" * 30


def test_of_ten_who_insert_the_same_one_does(app: Flask) -> None:
    def insert(_: int) -> int | None:
        with transaction():
            return insert_once(Account, {"email": "a@example.jp", "created_at": now()})

    made = [made for made in at_once(app, 10, insert) if made is not None]
    assert (made, emails()) == ([get(Account, made[0]).id], ["a@example.jp"])


def test_an_insert_that_finds_a_rule_other_than_uniqueness_broken_is_no_success(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="ck_accounts_email_normalised"), transaction():
        insert_once(Account, {"email": "A@example.jp", "created_at": now()})


def test_moments_come_back_as_aware_utc_whatever_zone_they_had(app: Flask) -> None:
    noon_in_japan = datetime(2026, 12, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with transaction() as session:
        session.add(Account(email="a@example.jp", created_at=noon_in_japan))
    db.session.rollback()
    assert get(Account, 1).created_at == datetime(2026, 12, 1, 3, 0, 0, 123456, tzinfo=UTC)
    assert get(Account, 1).created_at.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(app: Flask) -> None:
    naive = datetime(2026, 12, 1, 12, 0)  # noqa: DTZ001 -- the very thing that must be refused
    with pytest.raises(StatementError, match="without a zone"), transaction() as session:
        session.add(Account(email="a@example.jp", created_at=naive))


def test_the_database_itself_refuses_a_count_below_zero(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="ck_sign_in_codes_tries"), transaction() as session:
        session.add(
            SignInCode(
                email="a@example.jp",
                code_hash="",
                link_hash="",
                created_at=now(),
                expires_at=now(),
                tries=-1,
            )
        )


def test_fifty_threads_that_write_wait_for_each_other_and_none_for_the_patience_of_sqlite(app: Flask) -> None:
    if is_sqlite():
        impatient = "PRAGMA busy_timeout=0"  # whoever meets the lock of another connection fails at once
        sa.event.listen(db.engine, "begin", lambda connection: connection.exec_driver_sql(impatient), insert=True)

    def write(number: int) -> None:
        with transaction():
            add(f"{number}@example.jp")

    assert at_once(app, 50, write) == [None] * 50
    assert len(emails()) == 50


def kept(email: str) -> None:
    with transaction():
        add(email)


def test_an_error_of_the_database_names_the_rule_and_nobody(app: Flask) -> None:
    somebody = "hanako@example.jp"
    kept(somebody)
    with pytest.raises(IntegrityError) as error:
        kept(somebody)
    said = "".join(traceback.format_exception(error.value))
    assert "accounts" in said
    assert "hanako" not in said


@pytest.mark.skipif(chosen() != "postgresql", reason="PostgreSQL: a file does not hang up")
def test_a_connection_that_was_silent_is_asked_before_it_is_used(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.kit.engines.SILENCE_S", 0.0)
    mine = db.session.scalar(sa.select(sa.func.pg_backend_pid()))
    db.session.rollback()
    with sa.create_engine(db.engine.url, poolclass=sa.NullPool).connect() as another:
        another.execute(sa.select(sa.func.pg_terminate_backend(mine)))
    kept("a@example.jp")
    assert emails() == ["a@example.jp"]
