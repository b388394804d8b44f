"""The treasury's pages: what does not agree, payouts, closes, decisions, refunds by two persons, disputes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.fund.models import Account, Decision, DecisionState, Explanation
from marketplace.fund.posting import post
from marketplace.fund.statements import balances
from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import db, get
from marketplace.orders import returning
from marketplace.orders.models import OrderState
from marketplace.outbox import keeping
from marketplace.payments.stripe_models import Payout
from marketplace.settings import Settings
from marketplace.staff import money_tasks
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, fresh, heard, issued, passed_on
from tests.pages import read, submit

NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=JST)
DECEMBER = datetime(2026, 12, 5, 12, tzinfo=JST)
CHARGE = [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)]


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


@pytest.fixture
def treasury(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("treasury"))


@pytest.fixture
def approver(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("approver"))


def press(client: FlaskClient, page: str, action: str) -> int:
    return submit(client, page, action=action).status_code


def waiting(order_id: int) -> int:
    """The request for a refund that waits for a decision."""
    request = returning.waiting(order_id)
    assert request is not None
    return request.id


def sent(client: FlaskClient, path: str, **data: str) -> TestResponse:
    """What a form of an older page would send."""
    token = read(client.get("/staff/money")).form("/staff/money/reconcile").value("csrf_token")
    return client.post(path, data={"csrf_token": token, **data})


@pytest.mark.parametrize(
    "path", ["/staff/money", "/staff/money/payouts", "/staff/books", "/staff/fund", "/staff/disputes"]
)
def test_the_money_is_for_those_who_keep_or_check_it(app: Flask, client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 303
    assert given.signed_in(app.test_client(), given.staff("drafter")).get(path).status_code == 403
    for role in ("treasury", "approver", "auditor"):
        assert given.signed_in(app.test_client(), given.staff(role)).get(path).status_code == 200


class TestReconciling:
    def test_a_difference_is_told_in_words_and_settled_by_an_explanation(
        self, stripe: LocalStripe, treasury: FlaskClient
    ) -> None:
        bought(stripe)
        payout_id = stripe.sim("payout", short=100)["id"]
        heard()
        page = read(treasury.get("/staff/money"))
        assert "送金の額が、中身の合計と合いません" in page.words
        assert "問い合わせて、答えを説明に書いてください。" in page.words
        (path,) = [link for link in page.links if "/explain?" in link]
        empty = sent(treasury, path, words=" ")
        assert (empty.status_code, "わかったことを書いてください。" in empty.text) == (422, True)
        assert sent(treasury, path, words="決済会社の準備金").status_code == 303
        assert db.session.scalar(sa.select(Explanation.words)) == "決済会社の準備金"
        assert f"/staff/money/payouts/{payout_id}" not in read(treasury.get("/staff/money")).links

    def test_asking_stripe_again_is_the_workers_work(self, stripe: LocalStripe, treasury: FlaskClient) -> None:
        bought(stripe)
        stripe.sim("payout")
        assert press(treasury, "/staff/money", "/staff/money/reconcile") == 303
        assert db.session.scalar(sa.select(Payout)) is None
        keeping.drain()
        assert db.session.scalars(sa.select(Payout.status)).all() == ["paid"]

    def test_a_payout_shows_its_orders_and_takes_the_banks_line(
        self, stripe: LocalStripe, treasury: FlaskClient
    ) -> None:
        order = bought(stripe)
        path = f"/staff/money/payouts/{stripe.sim('payout')['id']}"
        heard()
        page = read(treasury.get(path))
        assert f"/staff/orders/{order.code}" in page.links
        assert page.form(path).value("yen") == "964"
        wrong = submit(treasury, path, {"yen": "九百", "on": ""})
        assert (wrong.status_code, read(wrong).form(path).value("yen")) == (422, "九百")
        assert set(read(wrong).form(path).errors) == {"yen", "on"}
        assert submit(treasury, path, {"yen": "９５４円"}).status_code == 303
        assert "通帳の金額が、送金の額と違います" in treasury.get(path).text
        assert submit(treasury, path, {"yen": "964"}).status_code == 303
        assert "通帳の金額が、送金の額と違います" not in treasury.get(path).text

    def test_there_is_no_such_payout(self, treasury: FlaskClient) -> None:
        assert treasury.get("/staff/money/payouts/po_none").status_code == 404


class TestClosing:
    def test_two_persons_close_a_month_and_print_it(self, treasury: FlaskClient, approver: FlaskClient) -> None:
        post("town:1", "charge", CHARGE, at=NOVEMBER)
        with pretending(DECEMBER):
            given.signed_in(treasury, given.staff("treasury"))
            given.signed_in(approver, given.staff("approver"))
            path = "/staff/books/2026-11"
            assert submit(treasury, path, {"why": ""}, action=f"{path}/ask-to-close").status_code == 422
            assert submit(treasury, path, {"why": "照合ずみ"}, action=f"{path}/ask-to-close").status_code == 303
            assert sent(treasury, f"{path}/close").status_code == 403
            assert press(approver, path, f"{path}/close") == 303
            page = treasury.get(path)
            assert "締めました" in page.text
            paper = treasury.get(f"{path}.pdf")
            assert (paper.status_code, paper.data[:5]) == (200, b"%PDF-")
            assert "2026-11" in treasury.get("/staff/books").text
            assert submit(treasury, path, {"why": "つけ忘れ"}, action=f"{path}/ask-to-reopen").status_code == 303
            assert press(approver, path, f"{path}/reopen") == 303

    def test_a_month_that_runs_is_refused_in_words(self, treasury: FlaskClient) -> None:
        path = f"/staff/books/{jst(now()):%Y-%m}"
        answer = submit(treasury, path, {"why": "早めに"}, action=f"{path}/ask-to-close")
        assert (answer.status_code, "まだ終わっていない期間は、締められません。" in answer.text) == (422, True)

    @pytest.mark.parametrize("name", ["1999-01", "FY1", "abc"])
    def test_there_is_no_such_period(self, treasury: FlaskClient, name: str) -> None:
        assert treasury.get(f"/staff/books/{name}").status_code == 404
        assert treasury.get(f"/staff/books/{name}.pdf").status_code == 404


class TestDecisions:
    WORDS: ClassVar[dict[str, str]] = {"kind": "recognise", "yen": "800", "document": "調定第1号", "purpose": ""}

    def test_what_one_writes_another_approves(self, treasury: FlaskClient, approver: FlaskClient) -> None:
        post("town:1", "charge", CHARGE, at=now() - timedelta(hours=1))
        assert submit(treasury, "/staff/fund", self.WORDS).status_code == 303
        decision = db.session.scalars(sa.select(Decision)).one()
        assert sent(treasury, f"/staff/fund/{decision.code}/approve").status_code == 403
        assert press(approver, "/staff/fund", f"/staff/fund/{decision.code}/approve") == 303
        assert (balances()["revenue"], balances()["collected"]) == (-800, -200)

    def test_the_button_pressed_twice_asks_once(self, treasury: FlaskClient, approver: FlaskClient) -> None:
        post("town:1", "charge", CHARGE, at=now() - timedelta(hours=1))
        assert [submit(treasury, "/staff/fund", self.WORDS).status_code for _ in range(2)] == [303, 303]
        decision = db.session.scalars(sa.select(Decision)).one()
        assert press(approver, "/staff/fund", f"/staff/fund/{decision.code}/approve") == 303
        assert submit(treasury, "/staff/fund", self.WORDS).status_code == 303
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 2

    def test_nobody_spends_what_is_not_in_the_fund(self, treasury: FlaskClient, approver: FlaskClient) -> None:
        spend = self.WORDS | {"kind": "spend", "purpose": "通院バスの運行"}
        assert submit(treasury, "/staff/fund", spend).status_code == 303
        decision = db.session.scalars(sa.select(Decision)).one()
        answer = submit(approver, "/staff/fund", action=f"/staff/fund/{decision.code}/approve")
        assert (answer.status_code, "この勘定の残高をこえる" in answer.text) == (409, True)
        db.session.rollback()
        assert get(Decision, decision.id).state == DecisionState.ASKED
        assert press(approver, "/staff/fund", f"/staff/fund/{decision.code}/withdraw") == 303

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"yen": "0"}, "yen"),
            ({"yen": "多め"}, "yen"),
            ({"yen": "99999999999"}, "yen"),
            ({"document": " "}, "document"),
            ({"kind": "spend", "purpose": ""}, "purpose"),
            ({"kind": "plan", "purpose": " "}, "purpose"),
            ({"on": "2099-01-01"}, "on"),
            ({"on": "きのう"}, "on"),
            ({"kind": "steal"}, "kind"),
        ],
    )
    def test_what_was_typed_wrong_stays_with_its_error(
        self, treasury: FlaskClient, typed: dict[str, str], field: str
    ) -> None:
        answer = submit(treasury, "/staff/fund", self.WORDS | typed)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert db.session.scalar(sa.select(Decision)) is None


class TestRefunds:
    def test_an_issued_order_goes_back_by_two(
        self, stripe: LocalStripe, chain: Chain, treasury: FlaskClient, approver: FlaskClient
    ) -> None:
        order = issued(chain, bought(stripe))
        path = f"/staff/orders/{order.code}"
        assert submit(treasury, path, {"why": ""}, action=f"{path}/refund").status_code == 422
        assert submit(treasury, path, {"why": "説明と違う"}, action=f"{path}/refund").status_code == 303
        (task,) = money_tasks.refunds_to_approve(given.staff("approver"))
        assert (task.href, money_tasks.refunds_to_approve(given.staff("treasury"))) == (path, [])
        approve = f"{path}/refund/{waiting(order.id)}/approve"
        assert approve not in treasury.get(path).text
        assert sent(treasury, approve).status_code == 403
        assert press(approver, path, approve) == 303
        keeping.drain()
        assert fresh(order.id).state == OrderState.REFUNDED
        assert sent(approver, approve).status_code == 409

    def test_what_is_approved_is_what_was_read(
        self, stripe: LocalStripe, chain: Chain, treasury: FlaskClient, approver: FlaskClient
    ) -> None:
        """Between the approver's look and her press the asker takes it back and asks with other words."""
        order = issued(chain, bought(stripe))
        path = f"/staff/orders/{order.code}"
        submit(treasury, path, {"why": "説明と違う"}, action=f"{path}/refund")
        read = f"{path}/refund/{waiting(order.id)}"
        assert press(treasury, path, f"{read}/withdraw") == 303
        submit(treasury, path, {"why": "友だちに頼まれた"}, action=f"{path}/refund")
        answer = sent(approver, f"{read}/approve")
        assert (answer.status_code, "友だちに頼まれた" in answer.text) == (409, True)
        assert fresh(order.id).state == OrderState.ISSUED
        assert sent(approver, f"{read}/withdraw").status_code == 409
        assert press(approver, path, f"{path}/refund/{waiting(order.id)}/approve") == 303

    def test_a_right_in_other_hands_is_not_taken_back(
        self, stripe: LocalStripe, chain: Chain, treasury: FlaskClient
    ) -> None:
        order = issued(chain, bought(stripe))
        passed_on(chain, order, given.an_account())
        answer = treasury.get(f"/staff/orders/{order.code}")
        assert "いまの持ち主から取り上げることになるため、返金できません。" in answer.text
        refused = sent(treasury, f"/staff/orders/{order.code}/refund", why="x")
        assert (refused.status_code, fresh(order.id).state) == (422, OrderState.ISSUED)

    @pytest.mark.parametrize("way", ["retry", "bank"])
    def test_what_the_card_did_not_take_is_tried_again_or_paid_by_the_bank(
        self, stripe: LocalStripe, treasury: FlaskClient, way: str
    ) -> None:
        order = bought(stripe, card="pm_card_refundFail")
        path = f"/staff/orders/{order.code}"
        assert submit(treasury, path, {"why": "品切れ"}, action=f"{path}/refund").status_code == 303
        heard()
        page = treasury.get(path)
        assert "カードに届きませんでした" in page.text
        assert "返金が相手のカードに届きませんでした" in treasury.get("/staff/money").text
        assert sent(treasury, f"{path}/refunds/1/{way}", why="").status_code == 422
        assert sent(treasury, f"{path}/refunds/1/{way}", why="電話で確かめた").status_code == 303
        assert sent(treasury, f"{path}/refunds/1/{way}", why="もう一度").status_code == 422
        assert sent(treasury, f"{path}/refunds/99/{way}", why="x").status_code == 404
        heard()
        assert fresh(order.id).state == (OrderState.REFUNDED if way == "bank" else OrderState.REFUND_PENDING)
