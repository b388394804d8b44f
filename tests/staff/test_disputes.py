"""What the office answers to a card dispute."""

from __future__ import annotations

import io
import zipfile

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from marketplace.orders.models import Order
from marketplace.payments.stripe_models import Dispute
from marketplace.settings import Settings
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, issued, passed_on
from tests.staff.test_money import press, sent
from tests.statements import counted


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


@pytest.fixture
def treasury(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("treasury"))


@pytest.fixture
def approver(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("approver"))


class TestDisputes:
    @pytest.fixture
    def order(self, stripe: LocalStripe, chain: Chain) -> Order:
        return issued(chain, bought(stripe))

    def test_the_pack_is_taken_and_sent_once_and_written_down(
        self, stripe: LocalStripe, order: Order, treasury: FlaskClient
    ) -> None:
        path = f"/staff/disputes/{disputed(stripe, order)}"
        page = treasury.get(path)
        assert "権利と特典を止めています" in page.text
        pack = treasury.get(f"{path}/evidence.zip")
        assert "evidence.pdf" in zipfile.ZipFile(io.BytesIO(pack.data)).namelist()
        assert press(treasury, path, f"{path}/answer") == 303
        assert "資料を出す" not in treasury.get(path).text
        again = sent(treasury, f"{path}/answer")
        assert (again.status_code, "もう提出しています" in again.text) == (409, True)
        noted = db.session.scalars(sa.select(Entry.event).where(Entry.event.like("dispute.%")).order_by(Entry.id))
        assert list(noted) == ["dispute.download", "dispute.answer"]

    def test_stripe_away_sends_nothing_and_says_so(
        self, stripe: LocalStripe, order: Order, treasury: FlaskClient
    ) -> None:
        dispute_id = disputed(stripe, order)
        stripe.sim("faults", fail_next=10)
        answer = sent(treasury, f"/staff/disputes/{dispute_id}/answer")
        assert (answer.status_code, "決済会社につながりません" in answer.text) == (503, True)
        assert get(Dispute, dispute_id).submitted_at is None

    def test_after_a_resale_the_page_says_that_the_next_holder_is_left_alone(
        self, stripe: LocalStripe, chain: Chain, order: Order, treasury: FlaskClient
    ) -> None:
        passed_on(chain, order, given.an_account())
        page = treasury.get(f"/staff/disputes/{disputed(stripe, order)}").text
        assert "権利は、もうほかの方の手元にあります" in page
        assert "止めています" not in page

    def test_only_the_treasury_takes_the_pack(self, stripe: LocalStripe, order: Order, approver: FlaskClient) -> None:
        path = f"/staff/disputes/{disputed(stripe, order)}"
        assert approver.get(path).status_code == 200
        assert approver.get(f"{path}/evidence.zip").status_code == 403
        assert sent(approver, f"{path}/answer").status_code == 403
        assert approver.get("/staff/disputes/dp_none").status_code == 404

    def test_many_cost_no_more_questions_than_one(
        self, stripe: LocalStripe, order: Order, treasury: FlaskClient
    ) -> None:
        disputed(stripe, order)
        assert order.code in treasury.get("/staff/disputes").text
        with counted() as few:
            treasury.get("/staff/disputes")
        others = [bought(stripe) for _ in range(3)]
        for each in others:
            disputed(stripe, each)
        with counted() as many:
            page = treasury.get("/staff/disputes").text
        assert [each.code in page for each in others] == [True, True, True]
        assert len(many) == len(few)
