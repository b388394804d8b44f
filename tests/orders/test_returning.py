"""Money that goes back after the token was issued: two persons, a frozen right, and nobody else's right touched."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.second_person import NoReason, OwnCase, SamePerson
from marketplace.chain.models import Call
from marketplace.fund.statements import balances
from marketplace.holders.rules import RefundUnderWay
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings.models import Unit, UnitState
from marketplace.notices.models import Notice
from marketplace.orders import returning, settling
from marketplace.orders.models import Order, OrderState, RefundRequest
from marketplace.outbox import keeping
from marketplace.payments import disputing, refunding
from marketplace.payments.disputing import DisputedNow, TakenBack
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.stripe_models import Dispute
from marketplace.tokens.freezing import frozen
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, fresh, heard, issued, paid_again, passed_on, payment_of, token_of
from tests.pages import read
from tests.racing import at_once

WHY = "説明と違う特典をお渡ししていたため"


def asked(order: Order, *roles: str) -> int:
    return returning.ask(order.id, given.staff(*roles or ("treasury",)), WHY)


def frozen_code(order: Order) -> str | None:
    refusal = frozen(token_of(order))
    db.session.rollback()
    return refusal.code if refusal is not None else None


def refunds() -> list[tuple[RefundState, int]]:
    db.session.rollback()
    return [(one.state, one.yen) for one in db.session.scalars(sa.select(Refund).order_by(Refund.id))]


def test_who_bought_it_is_not_the_second_person(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    approver, other = given.staff("approver"), given.staff("approver", email="second@town.example.jp")
    order = issued(chain, bought(stripe, buyer=approver))
    request_id = asked(order)
    with pytest.raises(OwnCase):
        returning.approve(request_id, approver)
    returning.approve(request_id, other)
    assert fresh(order.id).state == OrderState.REFUND_PENDING


def test_what_the_bank_pays_of_a_refund_that_came_back_days_later_is_in_the_book(
    app: Flask, stripe: LocalStripe
) -> None:
    """The refund had succeeded, the book and the buyer had heard of it, and then the payer's bank sent it back."""
    order = bought(stripe)
    settling.refund(order.id, "staff:ACC-TEST", WHY)
    heard()
    refund = db.session.scalars(sa.select(Refund)).one()
    refund_id, stripe_id = refund.id, refund.stripe_id
    assert (balances()["refunds"], fresh(order.id).state) == (1_000, OrderState.REFUNDED)
    stripe.sim("bounce", refund=stripe_id)
    heard()
    assert (balances()["refunds"], refunds()) == (0, [(RefundState.FAILED, 1_000)])
    refunding.pay_by_bank(refund_id, "staff:ACC-TEST", "11月30日に振込")
    heard()
    assert (balances()["refunds"], balances()["bank"]) == (1_000, -1_000)


def test_two_persons_give_the_money_of_an_issued_right_back(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    request_id = asked(order)
    assert (refunds(), fresh(order.id).state, frozen_code(order)) == ([], OrderState.ISSUED, "refund_under_way")
    returning.approve(request_id, given.staff("approver"))
    keeping.drain()
    order = fresh(order.id)
    assert (order.state, refunds()) == (OrderState.REFUNDED, [(RefundState.SUCCEEDED, 1_000)])
    assert frozen_code(order) == "refunded"  # the money is back, so the right stays still
    assert get(Unit, order.unit_id).state == UnitState.SOLD  # a number that was issued is never sold again
    assert balances()["refunds"] == 1_000
    mails = db.session.scalars(sa.select(Notice.template).where(Notice.key.like(f"%:{order.code}")))
    assert sorted(mails) == ["issued", "paid", "refund_after_issue", "refunded"]


def test_one_person_alone_gives_nothing_back(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    both = given.staff("treasury", "approver")
    with pytest.raises(settling.NeedsTwo):
        settling.refund(order.id, "staff:ACC-TEST", WHY)
    request_id = returning.ask(order.id, both, WHY)
    with pytest.raises(SamePerson):
        returning.approve(request_id, both)
    with pytest.raises(IntegrityError, match="two_persons"), transaction() as session:
        session.execute(sa.update(RefundRequest).values(decided_by=both))
    assert (refunds(), fresh(order.id).state) == ([], OrderState.ISSUED)


def test_a_request_that_is_taken_back_thaws_the_right(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    request_id = asked(order)
    returning.withdraw(request_id, given.staff("treasury"))
    assert frozen_code(order) is None
    with pytest.raises(WrongState):
        returning.approve(request_id, given.staff("approver"))
    asked(order)  # and may be asked again


def test_asking_needs_a_reason_and_is_done_once(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    with pytest.raises(NoReason):
        returning.ask(order.id, given.staff("treasury"), "  ")
    order_id, treasury = order.id, given.staff("treasury")
    outcomes = at_once(app, 3, lambda _: returning.ask(order_id, treasury, WHY))
    assert sorted(type(each).__name__ for each in outcomes) == ["AskedAlready", "AskedAlready", "int"]


def test_two_who_approve_at_once_give_back_once(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    request_id = asked(order)
    first, second = given.staff("approver"), given.staff("approver", email="second@town.example.jp")
    outcomes = at_once(app, 2, lambda n: returning.approve(request_id, (first, second)[n]))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState"]
    keeping.drain()
    assert refunds() == [(RefundState.SUCCEEDED, 1_000)]


def test_a_right_that_was_passed_on_is_not_taken_away(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    request_id = asked(order)
    passed_on(chain, order, given.an_account())
    assert frozen_code(order) is None
    with pytest.raises(returning.PassedOn):
        returning.approve(request_id, given.staff("approver"))
    returning.withdraw(request_id, given.staff("treasury"))
    with pytest.raises(returning.PassedOn):
        asked(order)
    assert refunds() == []


def test_a_naming_right_ends_on_the_chain(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe, kind="naming"))
    returning.approve(asked(order), given.staff("approver"))
    call = db.session.scalars(sa.select(Call).where(Call.function == "revoke")).one()
    assert call.args[0] == token_of(order).token_id
    assert len(call.args[1]) == 66


def test_a_resident_right_can_not_end_on_the_chain_and_stays_frozen(
    app: Flask, stripe: LocalStripe, chain: Chain
) -> None:
    order = issued(chain, bought(stripe))
    returning.approve(asked(order), given.staff("approver"))
    assert db.session.scalar(sa.select(Call).where(Call.function == "revoke")) is None
    assert isinstance(frozen(token_of(order)), RefundUnderWay)


def test_a_right_stays_still_while_the_card_does_not_take_its_money_back(
    app: Flask, stripe: LocalStripe, chain: Chain
) -> None:
    order = issued(chain, bought(stripe, card="pm_card_refundFail"))
    returning.approve(asked(order), given.staff("approver"))
    heard()
    assert (refunds(), fresh(order.id).state) == ([(RefundState.FAILED, 1_000)], OrderState.REFUND_PENDING)
    assert frozen_code(order) == "refund_under_way"
    (failed,) = db.session.scalars(sa.select(Refund.id))
    refunding.pay_by_bank(failed, "staff:ACC-TEST", "11月30日に振込")
    keeping.drain()
    assert (fresh(order.id).state, frozen_code(order)) == (OrderState.REFUNDED, "refunded")


def test_a_second_payment_that_goes_back_leaves_the_right_alone(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    paid_again(order, stripe)
    assert (refunds(), frozen_code(order)) == ([(RefundState.SUCCEEDED, 1_000)], None)
    returning.approve(asked(order), given.staff("approver"))
    keeping.drain()
    assert (refunds(), frozen_code(order)) == ([(RefundState.SUCCEEDED, 1_000)] * 2, "refunded")


def test_a_payment_in_dispute_is_not_given_back_besides(app: Flask, stripe: LocalStripe, chain: Chain) -> None:
    order = issued(chain, bought(stripe))
    disputed(stripe, order)
    with pytest.raises(returning.InDispute):
        asked(order)


class TestARefundThatTheCardDoesNotTake:
    @pytest.fixture
    def failed(self, app: Flask, stripe: LocalStripe) -> tuple[Order, int]:
        order = bought(stripe, card="pm_card_refundFail")
        settling.refund(order.id, "staff:ACC-TEST", WHY)
        heard()
        (refund,) = db.session.scalars(sa.select(Refund)).all()
        assert (refund.state, fresh(order.id).state) == (RefundState.FAILED, OrderState.REFUND_PENDING)
        return order, refund.id

    def test_it_is_tried_again_under_a_key_of_its_own(self, failed: tuple[Order, int], stripe: LocalStripe) -> None:
        order, refund_id = failed
        again = refunding.retry(refund_id, "staff:ACC-TEST", "相手に確かめた")
        heard()
        assert refunds() == [(RefundState.RETRIED, 1_000), (RefundState.FAILED, 1_000)]
        assert len(stripe.client().refunds.list({"limit": 100}).data) == 2
        with pytest.raises(WrongState):
            refunding.retry(refund_id, "staff:ACC-TEST", "もう一度")
        refunding.pay_by_bank(again, "staff:ACC-TEST", "11月30日に振込")
        keeping.drain()
        assert fresh(order.id).state == OrderState.REFUNDED

    @pytest.mark.parametrize("end", ["open", "lost", "won"])
    def test_what_the_payer_s_bank_takes_back_the_town_s_does_not_pay_as_well(
        self, app: Flask, failed: tuple[Order, int], stripe: LocalStripe, end: str
    ) -> None:
        order, refund_id = failed
        dispute = disputed(stripe, order)
        if end != "open":
            stripe.sim("close_dispute", dispute=dispute, won=end == "won")
            disputing.look(payment_of(order).id, dispute)  # just now: nobody has done anything about it yet
        (refusal, state, bank, orders) = {
            "open": (DisputedNow, RefundState.FAILED, 0, OrderState.REFUND_PENDING),
            "lost": (TakenBack, RefundState.BY_DISPUTE, 0, OrderState.REFUNDED),
            "won": (None, RefundState.BY_BANK, -1_000, OrderState.REFUNDED),
        }[end]
        client = given.signed_in(app.test_client(), given.staff("treasury"))
        address = f"/staff/orders/{order.code}"
        answer = client.get(address)
        by_bank = f"{address}/refunds/{refund_id}/bank"
        told = [each for each in (DisputedNow, TakenBack) if each.message in read(answer).words]
        assert (told, by_bank in answer.text) == ([refusal] if refusal else [], refusal is None)
        if refusal is None:
            refunding.pay_by_bank(refund_id, "staff:ACC-TEST", "11月30日に振込")
        else:
            with pytest.raises(refusal):
                refunding.pay_by_bank(refund_id, "staff:ACC-TEST", "11月30日に振込")
        keeping.drain()
        assert (refunds(), balances()["bank"], fresh(order.id).state) == ([(state, 1_000)], bank, orders)

    def test_what_a_dispute_leaves_of_a_payment_can_go_back_by_bank(
        self, app: Flask, failed: tuple[Order, int], stripe: LocalStripe
    ) -> None:
        order, refund_id = failed
        dispute = disputed(stripe, order)
        with transaction() as session:
            session.execute(sa.update(Dispute).where(Dispute.id == dispute).values(yen=400))
            session.execute(sa.update(Refund).values(yen=601))
        with pytest.raises(DisputedNow):
            refunding.pay_by_bank(refund_id, "staff:ACC-TEST", "11月30日に振込")
        with transaction() as session:
            session.execute(sa.update(Refund).values(yen=600))
        refunding.pay_by_bank(refund_id, "staff:ACC-TEST", "11月30日に振込")
        assert refunds() == [(RefundState.BY_BANK, 600)]

    def test_the_bank_pays_instead_once(self, app: Flask, failed: tuple[Order, int]) -> None:
        order, refund_id = failed
        outcomes = at_once(app, 3, lambda _: refunding.pay_by_bank(refund_id, "staff:ACC-TEST", "11月30日に振込"))
        assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState", "WrongState"]
        keeping.drain()
        heard()
        assert (fresh(order.id).state, refunds()) == (OrderState.REFUNDED, [(RefundState.BY_BANK, 1_000)])
        assert (balances()["refunds"], balances()["bank"]) == (1_000, -1_000)
        assert payment_of(order).refunded_yen == 1_000
