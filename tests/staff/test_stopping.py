from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.orders import cancelling
from marketplace.orders.cancelling import waiting
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.orders.settling import process
from marketplace.outbox import keeping
from marketplace.payments.asking import ask
from tests import given
from tests.pages import read, submit

LONG = "あ" * 501
WHY = "写真にまちがいがあったため"


@pytest.fixture
def sale(app: Flask) -> tuple[int, str]:
    """(an open sale, the path of its page for stopping)."""
    listing_id = given.a_listing()
    return listing_id, f"/staff/listings/{get(Listing, listing_id).code}/stop"


def state(listing_id: int) -> str:
    return str(get(Listing, listing_id).state)


def test_the_public_reads_why_a_sale_stands_still(client: FlaskClient, sale: tuple[int, str]) -> None:
    listing_id, path = sale
    given.signed_in(client, given.staff("drafter"))
    assert submit(client, path, {"why": WHY}, action=f"{path}/suspend").status_code == 303
    public = read(client.get(f"/listings/{get(Listing, listing_id).code}"))
    assert (state(listing_id), WHY in public.words, [f.action for f in public.forms]) == ("suspended", True, [])
    assert WHY in read(client.get("/staff")).words
    assert "受付を一時停止しています" in read(client.get("/listings")).words
    assert submit(client, path, action=f"{path}/resume").status_code == 303
    assert state(listing_id) == "open"


@pytest.mark.parametrize("what", ["suspend", "request"])
def test_a_reason_is_wanted_and_what_was_typed_stays(client: FlaskClient, sale: tuple[int, str], what: str) -> None:
    listing_id, path = sale
    given.signed_in(client, given.staff("drafter"))
    for typed, stays, said in (("　", "", "理由を書いてください。"), (LONG, LONG, "500文字までで入力してください。")):
        answer = submit(client, path, {"why": typed}, action=f"{path}/{what}")
        form = read(answer).form(f"{path}/{what}")
        assert (answer.status_code, form.errors, form.value("why")) == (422, {"why": said}, stays)
    assert (state(listing_id), waiting(listing_id)) == ("open", None)


def test_the_end_of_a_sale_is_asked_for_agreed_to_by_another_and_watched(
    app: Flask, client: FlaskClient, sale: tuple[int, str]
) -> None:
    listing_id, path = sale
    place(given.an_account(), listing_id)
    given.signed_in(client, given.staff("drafter"))
    submit(client, path, {"why": WHY}, action=f"{path}/request")
    row = waiting(listing_id)
    assert row is not None
    mine = read(client.get(path))
    assert [form.action for form in mine.forms] == [f"{path}/{row.id}/withdraw"]
    approver = given.signed_in(app.test_client(), given.staff("approver"))
    assert path in read(approver.get("/staff")).links
    assert submit(approver, path, action=f"{path}/{row.id}/approve").status_code == 303
    assert state(listing_id) == "cancelled"
    assert "支払い前（終わらせます）1件" in read(approver.get(path)).words
    keeping.drain()
    assert "すべて終わりました。" in read(approver.get(path)).words
    assert WHY in read(client.get(f"/listings/{get(Listing, listing_id).code}")).words


def test_where_money_moved_who_asked_sees_why_not_and_is_refused(
    app: Flask, client: FlaskClient, sale: tuple[int, str]
) -> None:
    listing_id, path = sale
    both = given.staff("drafter", "approver")
    given.signed_in(client, both)
    row_id = cancelling.request(listing_id, both, WHY)
    page = read(client.get(path))
    form = page.form(f"{path}/{row_id}/approve")
    on_its_way(listing_id)
    again = read(client.get(path))
    assert ("2人で決めます" in again.words, [f.action for f in again.forms]) == (True, [f"{path}/{row_id}/withdraw"])
    answer = client.post(form.action, data=form.values)
    assert (answer.status_code, state(listing_id)) == (403, "open")


def on_its_way(listing_id: int) -> None:
    """The bank has the buyer's money."""
    order = get(Order, place(given.an_account(), listing_id))
    ask(order.subject, order.yen, "権利", "buyer@example.jp", "http://a/", "http://a/", order.pay_by)
    process(order.id)


def test_an_auction_leads_to_its_own_desk(app: Flask, client: FlaskClient) -> None:
    code = get(Listing, given.a_listing("ascending", "naming")).code
    given.signed_in(client, given.staff("drafter"))
    assert client.get(f"/staff/listings/{code}/stop").location == f"/staff/auctions/{code}"


def test_only_drafters_and_approvers_stop_a_sale(app: Flask, client: FlaskClient, sale: tuple[int, str]) -> None:
    listing_id, path = sale
    given.signed_in(client, given.staff("treasury", "counter", "auditor"))
    token = read(client.get("/account")).form("/account").values["csrf_token"]
    for what in ("suspend", "request", "resume"):
        assert client.post(f"{path}/{what}", data={"csrf_token": token, "why": WHY}).status_code == 403
    assert state(listing_id) == "open"


@pytest.mark.parametrize("asked", [False, True])
def test_who_does_not_stop_sales_sees_no_button_for_it(
    app: Flask, client: FlaskClient, sale: tuple[int, str], asked: bool
) -> None:
    listing_id, path = sale
    if asked:
        cancelling.request(listing_id, given.staff("drafter"), WHY)
    for roles in (("treasury", "counter"), ("auditor",)):
        page = read(given.signed_in(client, given.staff(*roles)).get(path))
        assert [form.action for form in page.forms if form.action.startswith(path)] == [], roles
        assert ("起案または承認の権限を持つ職員が" in page.words) is not asked


def test_the_request_of_another_sale_is_not_found(client: FlaskClient, sale: tuple[int, str]) -> None:
    _, path = sale
    other = cancelling.request(given.a_listing(), given.staff("drafter"), WHY)
    given.signed_in(client, given.staff("approver"))
    form = read(client.get(path)).form(f"{path}/request")
    assert client.post(f"{path}/{other}/approve", data=form.values).status_code == 404
