from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account
from marketplace.journal.models import Entry
from marketplace.journal.writing import move
from marketplace.kit.db import db, get, lock, transaction
from marketplace.orders import expiring
from marketplace.orders.models import Order, OrderState
from marketplace.orders.placing import place
from marketplace.orders.settling import pay
from marketplace.payments.asking import ask
from marketplace.payments.models import Payment
from marketplace.payments.refund_models import Refund
from tests import given
from tests.pages import read, submit


def placed() -> Order:
    return get(Order, place(given.an_account(), given.a_listing(price_yen=1_300)))


def paid() -> Order:
    """An order whose money Stripe has; what Stripe says of it is written here as syncing writes it."""
    order = placed()
    payment_id = ask(order.subject, order.yen, "権利", "hanako@example.jp", "http://a/", "http://a/", order.pay_by)
    with transaction():
        payment = lock(Payment, payment_id)
        payment.payment_intent_id = "pi_test"
        move(payment, "payment.succeed")
    pay(order.id, payment_id, order.yen)
    return get(Order, order.id)


def refunds() -> list[tuple[int, str]]:
    return [(refund.yen, refund.reason) for refund in db.session.scalars(sa.select(Refund))]


@pytest.mark.parametrize("role", ["treasury", "approver"])
def test_treasury_and_approvers_give_the_money_of_a_paid_order_back(app: Flask, client: FlaskClient, role: str) -> None:
    order, actor = paid(), given.staff(role)
    path = f"/staff/orders/{order.code}"
    given.signed_in(client, actor)
    answer = submit(client, path, {"why": "開催できなくなったため"}, action=f"{path}/refund")
    assert (answer.status_code, answer.location, get(Order, order.id).state) == (303, path, OrderState.REFUND_PENDING)
    assert refunds() == [(1_300, "開催できなくなったため")]
    entry = db.session.scalars(sa.select(Entry).where(Entry.subject == order.subject, Entry.event == "refund")).one()
    assert (entry.by, entry.why) == (f"staff:{get(Account, actor).code}", "開催できなくなったため")
    assert [form.action for form in read(client.get(path)).forms if form.action.endswith("/refund")] == []


def test_no_money_goes_back_without_a_reason(app: Flask, client: FlaskClient) -> None:
    path = f"/staff/orders/{paid().code}"
    given.signed_in(client, given.staff("treasury"))
    answer = submit(client, path, {"why": " "}, action=f"{path}/refund")
    assert (answer.status_code, read(answer).form(f"{path}/refund").errors, refunds()) == (
        422,
        {"why": "返金の理由を書いてください。"},
        [],
    )


def test_the_button_pressed_twice_gives_back_once(app: Flask, client: FlaskClient) -> None:
    path = f"/staff/orders/{paid().code}"
    given.signed_in(client, given.staff("treasury"))
    form = read(client.get(path)).form(f"{path}/refund")
    data = {name: values[0] for name, values in form.values.items()} | {"why": "中止"}
    assert [client.post(form.action, data=data).status_code for _ in range(2)] == [303, 422]
    assert refunds() == [(1_300, "中止")]


def test_what_is_not_paid_cannot_be_given_back(app: Flask, client: FlaskClient) -> None:
    order = placed()
    given.signed_in(client, given.staff("treasury"))
    page = read(client.get(f"/staff/orders/{order.code}"))
    assert "返金するものはありません" in page.words
    assert [form.action for form in page.forms if form.action.endswith("/refund")] == []


@pytest.mark.parametrize("role", ["counter", "auditor"])
def test_others_see_the_order_and_no_button(app: Flask, client: FlaskClient, role: str) -> None:
    order = paid()
    given.signed_in(client, given.staff(role))
    page = read(client.get(f"/staff/orders/{order.code}"))
    token = read(client.get("/account")).form("/account").value("csrf_token")
    assert "会計または承認の権限を持つ職員" in page.words
    answer = client.post(f"/staff/orders/{order.code}/refund", data={"why": "中止", "csrf_token": token})
    assert (answer.status_code, refunds()) == (403, [])


def test_orders_are_listed_by_state_and_by_listing_the_newest_first(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("auditor"))
    first, second = placed(), paid()
    queries = ("", "?state=paid", f"?listing={first.listing.code}", "?state=nonsense", "?state=refunded")
    pages = [read(client.get(f"/staff/orders{query}")).links for query in queries]
    shown = [[link.removeprefix("/staff/orders/") for link in links if "/orders/ORD-" in link] for links in pages]
    one, two = first.code, second.code
    assert shown == [[two, one], [two], [one], [two, one], []]


def codes(client: FlaskClient, **query: str) -> list[str]:
    links = read(client.get("/staff/orders", query_string=query)).links
    return [link.removeprefix("/staff/orders/") for link in links if "/orders/ORD-" in link]


def test_an_order_is_found_by_what_its_buyer_says_on_the_telephone(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("counter"))
    listing_id = given.a_listing()
    hanako, taro = given.an_account("hanako@example.jp"), given.an_account("taro@example.jp")
    with transaction():
        get(Account, hanako).name = "青山　あおい"
    hers, his = (get(Order, place(each, listing_id)).code for each in (hanako, taro))
    spoken = hers.removeprefix("ORD-")
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in hers.lower())
    for said in (hers, hers.lower(), wide, spoken, f" {spoken[:4]} {spoken[4:]} ", spoken[:7]):
        assert codes(client, q=said) == [hers], said
    for said in ("Hanako@example.jp", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "青山 あおい", "青山あおい", "あおい"):
        assert codes(client, q=said) == [hers], said
    assert [codes(client, q=said) for said in ("ORD-", "hanako", "%", "😀", "-1", "nobody@example.jp")] == [[]] * 6
    assert codes(client, q=hers, state="paid") == []
    assert codes(client, q=" ") == [his, hers]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("髙橋　花子", "高橋花子"),
        ("𠮷田 花子", "吉田"),
        ("渡邉\U000e0100", "渡辺"),
        ("O’Brien SEÁN", "o’brien se"),
        ("O’Brien SEÁN", "SEÁN"),
    ],
)
def test_a_name_is_found_though_the_clerk_writes_it_otherwise(client: FlaskClient, name: str, said: str) -> None:
    given.signed_in(client, given.staff("counter"))
    order, _another = placed(), placed()
    introduce(order.buyer_id, name, "", "")
    assert codes(client, q=said) == [order.code]


def test_who_was_looked_up_stands_in_the_journal(app: Flask, client: FlaskClient) -> None:
    order = placed()
    given.signed_in(client, given.staff("counter"))
    assert [codes(client), codes(client, q=order.buyer.email)] == [[order.code]] * 2
    seen = db.session.scalars(sa.select(Entry).where(Entry.event == "look"))
    assert [(entry.subject, entry.details["whose"]) for entry in seen] == [(order.subject, [order.subject])]


def test_only_what_the_page_shows_stands_in_the_journal(app: Flask, client: FlaskClient) -> None:
    """Of what is asked for, the page shows one state, and one page."""
    buyer = given.an_account()
    first, second, third = (get(Order, place(buyer, given.a_listing())) for _ in range(3))
    expiring.cancel(third.id)
    given.signed_in(client, given.staff("counter"))
    for query, shown in (({"state": "awaiting_payment"}, [second, first]), ({"before": str(second.id)}, [first])):
        assert codes(client, q=first.buyer.email, **query) == [order.code for order in shown]
        seen = db.session.scalars(sa.select(Entry).where(Entry.event == "look").order_by(Entry.id.desc())).first()
        assert seen is not None
        assert seen.details["whose"] == [order.subject for order in shown]


def test_states_are_counted_among_the_orders_that_are_asked_for(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("auditor"))
    first, _second = placed(), paid()
    for query in ({"listing": first.listing.code}, {"q": first.code}):
        words = read(client.get("/staff/orders", query_string=query)).words
        assert ["お支払い待ち 1" in words, "発行中" in words] == [True, False], query


def test_an_order_that_never_was_is_not_found(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("auditor"))
    assert client.get("/staff/orders/ORD-NOTHERE").status_code == 404


def test_a_buyer_does_not_see_the_orders_of_others(app: Flask, client: FlaskClient) -> None:
    order = placed()
    given.signed_in(client, given.an_account())
    assert [client.get(path).status_code for path in ("/staff/orders", f"/staff/orders/{order.code}")] == [403, 403]


def test_nobody_gives_their_own_money_back(app: Flask, client: FlaskClient) -> None:
    order, actor = paid(), given.staff("treasury")
    with transaction():
        lock(Order, order.id).buyer_id = actor
    path = f"/staff/orders/{order.code}"
    given.signed_in(client, actor)
    answer = submit(client, path, {"why": "気が変わった"}, action=f"{path}/refund")
    assert (answer.status_code, "ご自分では決められません" in answer.text, refunds()) == (422, True, [])
    assert get(Order, order.id).state == OrderState.PAID
