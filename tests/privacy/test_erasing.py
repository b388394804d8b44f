from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import SignIn, SignInCode
from marketplace.accounts.session import open_sign_in
from marketplace.accounts.signing_in import ask_code
from marketplace.admissions.models import Participation
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.erasures import ERASURES, Erasure
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from marketplace.notices.sending import send
from marketplace.outbox import keeping
from marketplace.payments.asking import ask
from marketplace.payments.models import Payment
from marketplace.privacy import retention
from marketplace.privacy.erasing import dry_run, erase_due, erase_portion, history
from tests import given
from tests.pages import read
from tests.racing import at_once


def erased() -> dict[str, int]:
    """What the log says, by kind."""
    found: dict[str, int] = {}
    for row in history():
        found[row.name] = found.get(row.name, 0) + row.count
    return found


def outlook() -> dict[str, tuple[int, int]]:
    return {each.erasure.name: (each.now, each.soon) for each in dry_run() if each.now or each.soon}


def test_what_signing_in_leaves_behind_goes_and_the_log_says_how_much(app: Flask) -> None:
    ask_code("hanako@example.jp")
    open_sign_in(given.an_account("hanako@example.jp"))
    assert outlook() == {"accounts.sign_ins": (0, 2)}
    start = now()
    with pretending(start + timedelta(days=2)):
        assert outlook() == {"accounts.sign_ins": (1, 1)}
        erase_due()
        assert (erased(), outlook()) == ({"accounts.sign_ins": 1}, {"accounts.sign_ins": (0, 1)})
    assert [db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (SignInCode, SignIn)] == [
        0,
        1,
    ]
    with pretending(start + timedelta(days=31)):
        erase_due()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0


def test_after_codes_and_letters_were_erased_new_ones_still_arrive(app: Flask) -> None:
    """SQLite gives the highest id of a table again when its row is gone, and a promise is kept once for each id."""
    ask_code("hanako@example.jp")
    keeping.drain()
    start = now()
    for days in (2, 800):
        with pretending(start + timedelta(days=days)):
            erase_due()
            ask_code("hanako@example.jp")
            keeping.drain()
            newest = db.session.scalars(sa.select(Notice).order_by(Notice.id.desc())).first()
            assert newest is not None
            assert newest.sent_at is not None
            assert newest.promised_at > start + timedelta(days=1)


def test_looking_ahead_changes_nothing(app: Flask) -> None:
    ask_code("hanako@example.jp")
    with pretending(now() + timedelta(days=2)):
        for _ in range(2):
            assert outlook() == {"accounts.sign_ins": (1, 0)}
    assert erased() == {}


def test_letters_go_two_years_after_they_were_sent(app: Flask) -> None:
    with transaction():
        send("sign_in", "hanako@example.jp", key="letter", code="123456", link="http://a/", minutes=15)
    keeping.drain()
    start = now()
    for days, left in ((729, 1), (731, 0)):
        with pretending(start + timedelta(days=days)):
            erase_due()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Notice)) == left


def test_who_did_not_win_an_auction_is_forgotten_after_a_year(app: Flask) -> None:
    sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
    participation_id = given.an_applicant(sale)
    closes = get(Listing, sale).closes_at
    assert closes is not None
    scheduling.cancel(sale, "staff:ACC-TEST", "中止")
    for days, name in ((364, "月山 一郎"), (366, ""), (366, "")):
        with pretending(closes + timedelta(days=days)):
            erase_due()
        db.session.expire_all()
        assert get(Participation, participation_id).name == name
    row = get(Participation, participation_id)
    assert (row.address, row.phone, row.code.startswith("PRT-")) == ("", "", True)


@pytest.mark.parametrize(
    ("paid_on", "until"),
    [
        (datetime(2026, 3, 31, 23, 59, tzinfo=JST), datetime(2036, 4, 1, tzinfo=JST)),
        (datetime(2026, 4, 1, 0, 0, tzinfo=JST), datetime(2037, 4, 1, tzinfo=JST)),
    ],
)
def test_accounts_are_kept_for_whole_fiscal_years(app: Flask, paid_on: datetime, until: datetime) -> None:
    assert retention.accounts_end(paid_on) == until
    assert retention.accounts_before(until) > paid_on
    assert retention.accounts_before(until - timedelta(seconds=1)) <= paid_on


def test_the_address_of_a_payment_goes_with_its_accounts(app: Flask) -> None:
    until = now() + timedelta(days=1)
    payment_id = ask("order:ORD-TEST", 1_300, "権利", "hanako@example.jp", "http://a/", "http://a/", until)
    end = retention.accounts_end(now())
    for moment, email in ((end - timedelta(minutes=1), "hanako@example.jp"), (end + timedelta(minutes=1), "")):
        with pretending(moment):
            erase_due()
        db.session.expire_all()
        assert get(Payment, payment_id).email == email


def test_two_workers_at_once_erase_and_count_each_thing_once(app: Flask) -> None:
    for number in range(5):
        ask_code(f"person{number}@example.jp")
    with pretending(now() + timedelta(days=2)):
        assert sum(at_once(app, 3, lambda _: erase_portion(ERASURES["accounts.sign_ins"]))) == 5
    assert erased() == {"accounts.sign_ins": 5}


def test_one_that_fails_keeps_nobody_elses_data_longer_and_leaves_no_half_portion(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def dies() -> int:
        db.session.execute(sa.delete(Notice))
        raise RuntimeError("the power failed")

    ask_code("hanako@example.jp")
    ERASURES["a.broken"] = Erasure("a.broken", "", "", lambda _: 0, dies)
    before = dict(ERASURES)
    try:
        ERASURES.clear()
        ERASURES.update({"a.broken": before.pop("a.broken"), **before})
        with pretending(now() + timedelta(days=2)):
            erase_due()
    finally:
        del ERASURES["a.broken"]
    assert erased() == {"accounts.sign_ins": 1}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notice)) == 1
    assert "hanako" not in caplog.text


def test_staff_see_what_will_go_and_what_has_gone(app: Flask, client: FlaskClient) -> None:
    ask_code("hanako@example.jp")
    with pretending(now() + timedelta(days=2)):
        given.signed_in(client, given.staff("admin"))
        assert "まだ何も消していません" in read(client.get("/staff/privacy/erasures")).words
        erase_due()
        page = read(client.get("/staff/privacy/erasures")).words
    assert page.count("ログインの番号・確認番号・ログイン中の端末") == 2
    assert "hanako" not in page
