"""A person's own data: taken along, given up, deleted; and what everybody can check still checks."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account
from marketplace.accounts.session import open_sign_in
from marketplace.accounts.signing_in import CodeExpired, account_of, ask_code, prove
from marketplace.admissions.models import Participation
from marketplace.blobs import keeping as blobs
from marketplace.journal.checking import check_here
from marketplace.journal.sealing import seal
from marketplace.kit import dates
from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import Base, db, get
from marketplace.listings import scheduling
from marketplace.lotteries import bundles, draw
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import enter
from marketplace.lotteries.models import Entry, Lottery
from marketplace.orders import settling
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments.asking import ask
from marketplace.payments.models import Payment
from marketplace.privacy import exporting, forgetting
from marketplace.privacy.erasing import erase_due
from marketplace.privacy.models import Export
from tests import given
from tests.chainlogs import Chain
from tests.chainlogs import somebody as wallet_of
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, somebody
from tests.pages import read, submit
from tests.racing import at_once
from tests.resale.stage import custody, heard, held_token

CHIYO = "chiyo@example.jp"
KNOWN = ("最上 千代", "ちよちゃん", CHIYO, "羽黒 清", "月見沢町秘密1-2", "0237-99-1234", "もがみ ちよ", "秘密谷77")


@pytest.fixture
def chiyo(app: Flask) -> int:
    account_id = given.an_account(CHIYO)
    introduce(account_id, "最上 千代", "ちよちゃん", "山形県")
    return account_id


def everywhere() -> dict[str, list[str]]:
    """Every place of the database in which something of her stands: {word: [table, …]}."""
    db.session.expire_all()
    tables = {table.name: str(db.session.execute(sa.select(table)).all()) for table in Base.metadata.sorted_tables}
    return {word: found for word in KNOWN if (found := [name for name, rows in tables.items() if word in rows])}


def opened(export_id: int) -> tuple[dict[str, Any], str]:
    """(data.json, index.html) of an export."""
    blob_id = get(Export, export_id).blob_id
    assert blob_id is not None
    with zipfile.ZipFile(io.BytesIO(blobs.read(blob_id))) as file:
        return json.loads(file.read("data.json")), file.read("index.html").decode()


def settle(lottery: Lottery, but: int) -> None:
    """Everybody who wins pays, but one."""
    while orders := open_orders(lottery.listing_id):
        order = orders[0]
        (unpaid if order.buyer_id == but else paid)(order.id)


def published(client: FlaskClient, lottery: Lottery) -> dict[str, Any]:
    """What everybody can check: the bundle, and each entry's proof."""
    nos = db.session.scalars(sa.select(Entry.no).where(Entry.lottery_id == lottery.id).order_by(Entry.seq))
    return {
        "bundle": json.loads(client.get(f"/listings/{lottery.code}/draw.json").text),
        "proofs": [bundles.proof_of(lottery, no) for no in nos],
    }


class TestTaking:
    def test_all_that_is_known_is_in_the_file_and_nothing_of_others(self, app: Flask, chiyo: int) -> None:
        sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
        given.an_applicant(sale, chiyo, name="羽黒 清", address="月見沢町秘密1-2", phone="0237-99-1234")
        given.an_applicant(sale, name="庄内 太郎")
        lottery = a_lottery(**asking(address=True))
        enter(lottery.id, chiyo, somebody("もがみ ちよ", "秘密谷77"))
        keeping.drain()
        export_id = exporting.ask(chiyo)
        keeping.drain()
        data, page = opened(export_id)
        text = json.dumps(data, ensure_ascii=False)
        assert [word for word in KNOWN if word not in text or word not in page] == []
        assert "庄内 太郎" not in text
        members = data["files"]["利用者登録ファイル"]["accounts"]
        assert [(row["氏名"], row["メールアドレス"]) for row in members] == [("最上 千代", CHIYO)]
        since = get(Account, chiyo).created_at
        assert (jst(since).isoformat(timespec="seconds") in text, dates.when(since) in page) == (True, True)
        assert "+09:00" not in page
        assert [name for name in ("key_hash", "person_key", "link_hash") if name in text] == []

    def test_it_is_asked_made_and_downloaded_on_the_pages(self, app: Flask, client: FlaskClient, chiyo: int) -> None:
        given.signed_in(client, chiyo)
        assert submit(client, "/account/data").location == "/account/data"
        assert "作成中" in client.get("/account/data").text
        keeping.drain()
        (link,) = [link for link in read(client.get("/account/data")).links if link.endswith(".zip")]
        answer = client.get(link)
        assert (answer.status_code, answer.mimetype, answer.data[:2]) == (200, "application/zip", b"PK")
        assert answer.headers["Cache-Control"] == "private, no-store"
        stranger = given.signed_in(app.test_client(), given.an_account())
        assert [stranger.get(link).status_code, app.test_client().get(link).status_code] == [404, 303]

    def test_once_a_day_and_for_a_week(self, app: Flask, client: FlaskClient, chiyo: int) -> None:
        outcomes = at_once(app, 3, lambda _: exporting.ask(chiyo))
        assert sorted(type(each).__name__ for each in outcomes) == ["OnceADay", "OnceADay", "int"]
        keeping.drain()
        keeping.drain()
        start = now()
        with pretending(start + timedelta(days=6)):
            erase_due()
            given.signed_in(client, chiyo)
            (link,) = [link for link in read(client.get("/account/data")).links if link.endswith(".zip")]
            assert client.get(link).status_code == 200
        with pretending(start + timedelta(days=8)):
            erase_due()
            given.signed_in(client, chiyo)
            assert [link for link in read(client.get("/account/data")).links if link.endswith(".zip")] == []
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Export)) == 0


class TestDeleting:
    def test_nothing_of_the_person_is_left_and_the_proofs_still_verify(
        self, app: Flask, client: FlaskClient, chiyo: int
    ) -> None:
        lottery = a_lottery(quantity=1, **asking(address=True))
        for number, who in enumerate((chiyo, given.an_account(), given.an_account())):
            applicant = somebody("もがみ ちよ", "秘密谷77") if who == chiyo else somebody(f"だれか {'いろは'[number]}")
            enter(lottery.id, who, applicant)
        sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
        part = given.an_applicant(sale, chiyo, name="羽黒 清", address="月見沢町秘密1-2", phone="0237-99-1234")
        scheduling.cancel(sale, "staff:ACC-TEST", "中止")
        keeping.drain()
        with after_the_close(lottery):
            draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
            keeping.drain()
            settle(lottery, but=chiyo)
            seal()
            before = published(client, lottery)
            ask_code(CHIYO)
            open_sign_in(chiyo)
            exporting.ask(chiyo)
            keeping.drain()
            assert forgetting.obstacles(chiyo) == []
            forgetting.forget(chiyo)
            forgetting.forget(chiyo)
            keeping.drain()
            assert everywhere() == {CHIYO: ["notices"]}  # the farewell, until it is sent
            erase_due()
            assert everywhere() == {}
            seal()
            assert check_here() is None
            assert published(client, lottery) == before
            draw.check(before["bundle"])
        account = get(Account, chiyo)
        assert (account.email, account.closed_at is not None) == (f"{account.code.lower()}@gone.invalid", True)
        assert get(Participation, part).code.startswith("PRT-")
        assert account_of(CHIYO) != chiyo

    def test_what_is_under_way_comes_first(self, app: Flask, client: FlaskClient, chiyo: int) -> None:
        place(chiyo, given.a_listing())
        given.signed_in(client, chiyo)
        page = client.get("/account/delete")
        assert "終わっていない注文があります" in page.text
        assert [form.action for form in read(page).forms if form.action == "/account/delete"] == []
        with pytest.raises(forgetting.NotYet):
            forgetting.forget(chiyo)
        assert get(Account, chiyo).email == CHIYO

    def test_staff_leave_their_office_first(self, app: Flask) -> None:
        clerk = given.staff("drafter")
        with pytest.raises(forgetting.NotYet):
            forgetting.forget(clerk)

    def test_it_takes_a_mark_and_then_nobody_is_signed_in(self, app: Flask, client: FlaskClient, chiyo: int) -> None:
        phone = given.signed_in(app.test_client(), chiyo)
        given.signed_in(client, chiyo)
        answer = submit(client, "/account/delete")
        assert (answer.status_code, get(Account, chiyo).closed_at) == (422, None)
        assert read(answer).form("/account/delete").errors == {"sure": "削除するときは、しるしを付けてください。"}
        answer = submit(client, "/account/delete", {"sure": "y"})
        assert (answer.status_code, answer.location) == (303, "/account/deleted")
        assert [each.get("/account").status_code for each in (client, phone)] == [303, 303]
        assert "登録を削除しました" in client.get("/account/deleted").text

    def test_the_address_of_a_deleted_account_signs_nobody_in(
        self, app: Flask, client: FlaskClient, chiyo: int
    ) -> None:
        codes = []
        for email in (CHIYO, "other@example.jp"):
            ask_code(email)
            codes.append(given.mailed_code(email))
        forgetting.forget(chiyo)
        answer = submit(client, "/signin", {"email": get(Account, chiyo).email})
        assert answer.status_code == 422
        with pytest.raises(CodeExpired):
            prove(CHIYO, codes[0])
        assert prove("other@example.jp", codes[1]) == account_of("other@example.jp")


def test_who_has_money_from_a_resale_to_draw_is_asked_to_draw_it_first(chain: Chain, chiyo: int) -> None:
    token_id, wallet = held_token(chain, chiyo), wallet_of("chiyo")
    chain.sold(token_id, custody(chiyo), wallet, 5_000, block=3, number=1)
    heard(chain, token_id)
    assert [(each.what, each.href) for each in forgetting.obstacles(chiyo)] == [
        (
            "売りに出した権利か、受け取っていない代金があります。取り下げるか、ウォレットで受け取ってください。",
            "/mypage/proceeds",
        )
    ]
    with pytest.raises(forgetting.NotYet):
        forgetting.forget(chiyo)
    chain.drawn(custody(chiyo), wallet, 4_750, block=7)
    chain.tell()
    forgetting.forget(chiyo)
    assert get(Account, chiyo).closed_at is not None


@pytest.mark.parametrize("subject", ["order", "participation"])
def test_an_email_that_stays_with_the_accounts_is_told_also_where_nothing_was_paid(
    app: Flask, client: FlaskClient, chiyo: int, subject: str
) -> None:
    """Whoever opened the card company's page left it there, as the register says."""
    with pretending(datetime(2027, 3, 31, 23, 50, tzinfo=JST)):
        if subject == "order":
            order_id = place(chiyo, given.a_listing())
            asked = get(Order, order_id).subject
        else:
            sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
            asked = get(Participation, given.an_applicant(sale, chiyo)).subject
            scheduling.cancel(sale, "staff:ACC-TEST", "中止")
            keeping.drain()
        page = "http://127.0.0.1/"
        payment_id = ask(asked, 3_000, "権利", "chiyo-pays@example.jp", page, page, now() + timedelta(hours=1))
        if subject == "order":
            settling.expire(order_id)
        keeping.drain()
        told = "お支払いの手続きの記録" in read(given.signed_in(client, chiyo).get("/account/delete")).words
        (until,) = [each.until for each in forgetting.kept(chiyo) if each.until is not None]
        forgetting.forget(chiyo)
        assert (get(Payment, payment_id).email, told) == ("chiyo-pays@example.jp", True)
    with pretending(datetime.combine(until, time(23, 59), JST)):
        erase_due()
        assert get(Payment, payment_id).email == "chiyo-pays@example.jp"
    with pretending(datetime.combine(until + timedelta(days=1), time(0, 1), JST)):
        erase_due()
        assert get(Payment, payment_id).email == ""
