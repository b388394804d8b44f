from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit.db import db, get
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.receipts.models import Print
from tests import given
from tests.pages import read, send, submit
from tests.receipts.bought import called, given_back, paid


def prints() -> list[tuple[str, int, str]]:
    db.session.rollback()
    return [
        (each.receipt.number[-6:], each.n, each.addressee)
        for each in db.session.scalars(sa.select(Print).order_by(Print.id))
    ]


def test_a_buyer_chooses_the_addressee_and_takes_the_receipt(app: Flask, client: FlaskClient) -> None:
    buyer = called("月山 花子")
    order = paid(buyer_id=buyer)
    path = f"/orders/{order.code}/receipt"
    given.signed_in(client, buyer)
    assert path in read(client.get(f"/orders/{order.code}")).links
    form = read(client.get(path)).form(path)
    assert (form.value("addressee"), form.value("honorific"), form.value("copy")) == ("月山 花子", "PERSON", "1")
    answer = send(client, form, {"addressee": "株式会社つきみ", "honorific": "COMPANY"})
    assert (answer.status_code, answer.location) == (303, path)
    assert prints() == [("000001", 1, "株式会社つきみ 御中")]
    (link,) = (each for each in read(client.get(path)).links if each.endswith("/1.pdf"))
    paper = client.get(link)
    assert (paper.status_code, paper.content_type, paper.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert paper.headers["Cache-Control"] == "private, no-store"


def test_again_with_another_name_and_the_old_form_prints_nothing_new(app: Flask, client: FlaskClient) -> None:
    buyer = given.an_account()
    order = paid(buyer_id=buyer)
    path = f"/orders/{order.code}/receipt"
    given.signed_in(client, buyer)
    old = read(client.get(path)).form(path)
    assert send(client, old, {"addressee": "花子"}).status_code == 303
    assert send(client, old, {"addressee": "花子"}).status_code == 303
    refused = send(client, old, {"addressee": "太郎"})
    assert (refused.status_code, "別の控えが出されました" in read(refused).words) == (422, True)
    assert submit(client, path, {"addressee": "太郎"}).status_code == 303
    assert prints() == [("000001", 1, "花子 様"), ("000001", 2, "太郎 様")]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "宛名を入力してください。"),
        ("あ" * 61, "宛名は60文字までで入力してください。"),
        ("🐻", "次の文字は紙に印刷できません。ほかの字で入力してください: 🐻"),
    ],
)
def test_a_wrong_name_is_told_beside_its_box_and_stays(app: Flask, client: FlaskClient, typed: str, says: str) -> None:
    buyer = given.an_account()
    path = f"/orders/{paid(buyer_id=buyer).code}/receipt"
    given.signed_in(client, buyer)
    answer = submit(client, path, {"addressee": typed})
    form = read(answer).form(path)
    assert (answer.status_code, form.errors, form.value("addressee")) == (422, {"addressee": says}, typed)
    assert prints() == []


def test_the_form_survives_nonsense(app: Flask, client: FlaskClient) -> None:
    buyer = given.an_account()
    path = f"/orders/{paid(buyer_id=buyer).code}/receipt"
    given.signed_in(client, buyer)
    for change in ({"honorific": "LORD"}, {"copy": "x"}, {"copy": "9" * 30}, {"copy": "²"}):
        assert submit(client, path, {"addressee": "花子"} | change).status_code == 422
    assert prints() == []


def test_others_see_neither_the_page_nor_the_paper(app: Flask, client: FlaskClient) -> None:
    buyer = given.an_account()
    order, other = paid(buyer_id=buyer), given.an_account()
    given.signed_in(client, buyer)
    submit(client, f"/orders/{order.code}/receipt", {"addressee": "花子"})
    (link,) = (each for each in read(client.get(f"/orders/{order.code}/receipt")).links if each.endswith("/1.pdf"))
    own = paid(buyer_id=other)
    given.signed_in(client, other)
    wrong = link.replace(order.code, own.code)
    paths = (f"/orders/{order.code}/receipt", link, wrong, f"/staff{link}", link.replace("/1.pdf", "/2.pdf"))
    assert [client.get(path).status_code for path in paths] == [404, 404, 404, 403, 404]
    assert app.test_client().get(link).status_code == 303


@pytest.mark.parametrize("role", ["treasury", "counter"])
def test_staff_print_it_at_the_counter(app: Flask, client: FlaskClient, role: str) -> None:
    order, actor = paid(), given.staff(role)
    path = f"/staff/orders/{order.code}/receipt"
    given.signed_in(client, actor)
    assert path in read(client.get(f"/staff/orders/{order.code}")).links
    assert submit(client, path, {"addressee": "花子"}).status_code == 303
    (link,) = (each for each in read(client.get(path)).links if each.endswith(".pdf"))
    assert client.get(link).status_code == 200
    assert db.session.scalars(sa.select(Print.by)).all() == [f"staff:{get(Account, actor).code}"]


@pytest.mark.parametrize("role", ["approver", "auditor"])
def test_other_staff_only_look(app: Flask, client: FlaskClient, role: str) -> None:
    path = f"/staff/orders/{paid().code}/receipt"
    given.signed_in(client, given.staff(role))
    page = read(client.get(path))
    token = read(client.get("/account")).form("/account").value("csrf_token")
    assert ([form.action for form in page.forms if form.action == path], "会計または窓口" in page.words) == ([], True)
    answer = client.post(path, data={"addressee": "花子", "honorific": "PERSON", "copy": "1", "csrf_token": token})
    assert (answer.status_code, prints()) == (403, [])


def test_a_refund_has_its_return_invoice_and_the_receipt_no_further_copy(app: Flask, client: FlaskClient) -> None:
    buyer = given.an_account()
    order = paid(buyer_id=buyer)
    path = f"/orders/{order.code}/receipt"
    given.signed_in(client, buyer)
    refund = given_back(order)
    page = read(client.get(path))
    assert "返金の手続きに入った" in page.words
    assert [form.action for form in page.forms if "/receipt" in form.action] == [f"{path}/{refund.id}"]
    assert submit(client, path, {"addressee": "花子"}, action=f"{path}/{refund.id}").status_code == 303
    assert prints() == [("000001", 1, "花子 様")]
    form = read(client.get(path)).form(f"{path}/{refund.id}")
    form.action = f"{path}/{refund.id + 7}"
    assert send(client, form, {"addressee": "花子"}).status_code == 404


def test_an_unpaid_order_offers_none(app: Flask, client: FlaskClient) -> None:
    buyer = given.an_account()
    given.signed_in(client, buyer)
    code = get(Order, place(buyer, given.a_listing())).code
    page = read(client.get(f"/orders/{code}/receipt"))
    assert "お支払いのすんだ注文だけ" in page.words
