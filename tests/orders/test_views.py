"""The buyer's pages: what is asked before paying, and what trouble looks like."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.orders.models import Order, OrderState
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.payments.asking import payments_of
from marketplace.payments.syncing import sync
from marketplace.tokens.issuing import call_key
from marketplace.tokens.models import Token
from tests import given
from tests.chainlogs import deploy
from tests.local_stripe import LocalStripe
from tests.pages import Page, read
from tests.pages import send as send_form
from tests.resale.stage import park, paused


@pytest.fixture
def buyer(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account("hanako@example.jp"))


def send(client: FlaskClient, page: Page, ending: str, **changes: str) -> TestResponse:
    """Send the page's form whose address ends so."""
    (form,) = [form for form in page.forms if form.action.endswith(ending)]
    return send_form(client, form, dict(changes))


def code_of(listing_id: int) -> str:
    return get(Listing, listing_id).code


def orders() -> list[Order]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Order).order_by(Order.id)))


def placed(buyer: FlaskClient, listing_id: int) -> Order:
    page = read(buyer.get(f"/listings/{code_of(listing_id)}"))
    answer = send(buyer, page, "/order")
    (order,) = orders()
    assert (answer.status_code, answer.location) == (303, f"/orders/{order.code}/confirm")
    return order


def test_the_last_page_before_paying_shows_the_six_things_of_the_law(buyer: FlaskClient) -> None:
    """特定商取引法 12条の6."""
    order = placed(buyer, given.a_listing(price_yen=1_300))
    words = read(buyer.get(f"/orders/{order.code}/confirm")).words
    six = ("数（分量）", "お支払いの総額", "支払う時期と方法", "お渡しの時期", "申し込みの期間", "取り消し・返金")
    assert [thing for thing in six if thing not in words] == []
    assert "1,300円" in words


def test_two_clicks_and_two_tabs_are_one_order(buyer: FlaskClient) -> None:
    listing_id = given.a_listing()
    order = placed(buyer, listing_id)
    page = read(buyer.get(f"/listings/{code_of(listing_id)}"))
    assert f"/orders/{order.code}/confirm" in page.links
    again = buyer.post(f"/listings/{code_of(listing_id)}/order", data={"csrf_token": page_token(buyer)})
    assert (again.status_code, again.location) == (303, f"/orders/{order.code}/confirm")
    assert len(orders()) == 1


def page_token(buyer: FlaskClient) -> str:
    """A form's token from any page that has a form."""
    (order,) = orders()
    page = read(buyer.get(f"/orders/{order.code}/confirm"))
    return page.forms[0].value("csrf_token")


def test_who_has_not_agreed_is_asked_beside_the_box_and_keeps_the_hold(buyer: FlaskClient) -> None:
    order = placed(buyer, given.a_listing())
    page = read(buyer.get(f"/orders/{order.code}/confirm"))
    answer = send(buyer, page, "/pay")
    assert answer.status_code == 422
    assert "チェックを入れてください" in read(answer).words
    assert [row.state for row in orders()] == [OrderState.AWAITING_PAYMENT]


def test_who_agrees_is_sent_to_stripe_and_twice_to_the_same_page(buyer: FlaskClient, stripe: LocalStripe) -> None:
    order = placed(buyer, given.a_listing())
    first = pay(buyer, order)
    assert (first.status_code, first.location.startswith(f"{stripe.base_url}/c/pay/cs_test_")) == (303, True)
    assert pay(buyer, order).location == first.location


def test_stripe_that_is_away_is_a_calm_sentence_and_nothing_is_lost(buyer: FlaskClient, stripe: LocalStripe) -> None:
    order = placed(buyer, given.a_listing())
    stripe.sim("faults", fail_next=20)
    answer = pay(buyer, order)
    assert answer.status_code == 503
    assert "いま決済サービスにつながりません。取り置きはそのままです。" in read(answer).words
    stripe.sim("faults", fail_next=0)
    assert pay(buyer, order).status_code == 303
    assert [row.state for row in orders()] == [OrderState.AWAITING_PAYMENT]


def paid_and_being_issued(buyer: FlaskClient, stripe: LocalStripe) -> Order:
    """The money has come, and the chain was asked for the right."""
    deploy()
    order = placed(buyer, given.a_listing())
    buyer.get(urlsplit(stripe.pay(pay(buyer, order).location).location).path)
    keeping.drain()
    return order


def test_who_has_paid_while_the_contracts_are_paused_reads_that_it_comes_later(
    buyer: FlaskClient, stripe: LocalStripe
) -> None:
    order = paid_and_being_issued(buyer, stripe)
    sentences = (
        "ふつうは数分で届きます。",
        "町は、帳面（ブロックチェーン）への記録を、いま一時止めています。お支払いは、たしかに受け取りました。"
        "再開したらお届けして、メールでお知らせします。",
    )

    def told() -> list[bool]:
        with pretending(now() + timedelta(minutes=1)):
            words = read(buyer.get(f"/orders/{order.code}")).words
        return [each in words for each in sentences]

    before = told()
    with paused():
        meanwhile = told()
    assert [before, meanwhile, told()] == [[True, False], [False, True], [True, False]]


def test_who_is_about_to_pay_while_the_contracts_are_paused_reads_before_the_button_that_it_comes_later(
    buyer: FlaskClient,
) -> None:
    deploy()
    path = f"/orders/{placed(buyer, given.a_listing()).code}/confirm"
    later = "お支払いは、いまもできます。権利は、再開してからお届けして、メールでお知らせします。"
    before = later in read(buyer.get(path)).words
    with paused():
        assert (before, later in read(buyer.get(path)).words) == (False, True)


def test_who_has_paid_for_what_the_chain_would_not_have_reads_that_the_town_sends_it_again(
    buyer: FlaskClient, stripe: LocalStripe
) -> None:
    order = paid_and_being_issued(buyer, stripe)
    park(call_key(db.session.scalars(sa.select(Token.token_id)).one()))
    with pretending(now() + timedelta(minutes=1)):
        words = read(buyer.get(f"/orders/{order.code}")).words
    told = ("お支払いは、たしかに受け取りました。", "役場がもう一度送りますので", "ふつうは数分で届きます。")
    assert [each in words for each in told] == [True, True, False]


def test_the_way_back_from_stripe_knows_that_it_was_paid_and_the_back_button_does_not_pay_again(
    buyer: FlaskClient, stripe: LocalStripe
) -> None:
    order = placed(buyer, given.a_listing())
    back = stripe.pay(pay(buyer, order).location).location
    returned = buyer.get(urlsplit(back).path)
    assert (returned.status_code, "お支払いを確認しています。" in read(returned).words) == (200, True)
    keeping.drain()
    assert "いま、あなたの権利を発行しています" in read(buyer.get(f"/orders/{order.code}")).words
    confirm = buyer.get(f"/orders/{order.code}/confirm")
    assert (confirm.status_code, confirm.location) == (303, f"/orders/{order.code}")
    fragment = buyer.get(f"/orders/{order.code}", headers={"HX-Request": "true"})
    assert fragment.text.lstrip().startswith('<div id="progress"')
    unchanged = buyer.get(
        f"/orders/{order.code}", headers={"HX-Request": "true", "If-None-Match": fragment.headers["ETag"]}
    )
    assert (unchanged.status_code, fragment.headers["Cache-Control"]) == (304, "private, max-age=0")


def test_who_loads_the_way_back_again_and_again_has_stripe_asked_ten_times_in_a_minute(
    app: Flask, buyer: FlaskClient, stripe: LocalStripe
) -> None:
    """Everybody's way to pay needs that Stripe answers; the news of it come all the same."""
    order = placed(buyer, given.a_listing())
    page = pay(buyer, order).location
    done = f"/orders/{order.code}/done"
    assert {buyer.get(done).status_code for _ in range(10)} == {200}
    stripe.pay(page)
    assert buyer.get(done).status_code == 200
    assert payments_of(order.subject)[1] is None
    again = given.signed_in(app.test_client(), order.buyer_id)
    assert again.get(done).status_code == 200
    assert payments_of(order.subject)[1] is None
    sync(payments_of(order.subject)[0].id)  # type: ignore[union-attr]
    assert payments_of(order.subject)[1] is not None


def test_whoever_orders_too_often_keeps_nobody_behind_the_same_address_from_it(app: Flask) -> None:
    """Thousands share the address of a mobile carrier, and a town hall's guests that of its Wi-Fi."""
    code = code_of(given.a_listing())
    one, other = (given.signed_in(app.test_client(), given.an_account()) for _ in range(2))
    form = read(one.get(f"/listings/{code}")).form(f"/listings/{code}/order")
    assert [send_form(one, form).status_code for _ in range(31)] == [303] * 30 + [429]
    form = read(other.get(f"/listings/{code}")).form(f"/listings/{code}/order")
    assert send_form(other, form).status_code == 303


def test_a_hold_that_ran_out_says_so_and_charged_nothing(buyer: FlaskClient, stripe: LocalStripe) -> None:
    order = placed(buyer, given.a_listing())
    page = read(buyer.get(f"/orders/{order.code}/confirm"))
    with pretending(now() + timedelta(minutes=16)):
        answer = send(buyer, page, "/pay", agreed="y")
    assert answer.status_code == 409
    assert "お支払いの期限が過ぎたため、この注文は終わりました。お代はいただいていません。" in read(answer).words
    assert list(stripe.client().checkout.sessions.list().data) == []


def test_an_order_of_somebody_else_does_not_exist(app: Flask, buyer: FlaskClient) -> None:
    other = get(Order, place(given.an_account(), given.a_listing()))
    pages = [f"/orders/{other.code}", f"/orders/{other.code}/confirm", f"/orders/{other.code}/done", "/orders/ORD-X"]
    assert [buyer.get(page).status_code for page in pages] == [404] * 4


def test_who_is_not_signed_in_comes_back_to_where_they_were(client: FlaskClient) -> None:
    code = code_of(given.a_listing())
    page = read(client.get(f"/listings/{code}"))
    answer = send(client, page, "/order")
    assert (answer.status_code, answer.location) == (303, f"/signin?next=/listings/{code}")


def test_what_is_closed_or_unknown_or_not_for_the_public_is_told_politely(buyer: FlaskClient) -> None:
    listing_id = given.a_listing()
    page = read(buyer.get(f"/listings/{code_of(listing_id)}"))
    scheduling.close_sale(listing_id)
    answer = send(buyer, page, "/order")
    assert (answer.status_code, "受付は終わりました。" in read(answer).words) == (409, True)
    draft = code_of(given.a_listing(state="draft"))
    assert [buyer.get(f"/listings/{code}").status_code for code in ("LST-NONE", draft)] == [404, 404]


def test_a_buyer_may_give_up(buyer: FlaskClient) -> None:
    order = placed(buyer, given.a_listing())
    page = read(buyer.get(f"/orders/{order.code}/confirm"))
    assert send(buyer, page, "/cancel").location == f"/orders/{order.code}"
    assert "この注文は取り消されました。" in read(buyer.get(f"/orders/{order.code}")).words


def test_a_form_without_its_token_does_nothing(buyer: FlaskClient) -> None:
    order = placed(buyer, given.a_listing())
    assert buyer.post(f"/orders/{order.code}/cancel").status_code == 400
    assert [row.state for row in orders()] == [OrderState.AWAITING_PAYMENT]


def pay(buyer: FlaskClient, order: Order) -> TestResponse:
    return send(buyer, read(buyer.get(f"/orders/{order.code}/confirm")), "/pay", agreed="y")
