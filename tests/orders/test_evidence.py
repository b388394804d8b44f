"""A dispute: the right is frozen while the payer has it, the bank gets one answer, the next holder is left alone."""

import io
import json
import zipfile
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from pypdf import PdfReader

from marketplace.holders.rules import Disputed
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST, jst
from marketplace.kit.db import db, get, lock, transaction
from marketplace.orders import evidence
from marketplace.orders.models import Order
from marketplace.payments import disputing
from marketplace.payments.stripe import till
from marketplace.payments.stripe_models import Dispute
from marketplace.tokens import using
from marketplace.tokens.freezing import frozen
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe
from tests.orders.bought import bought, disputed, heard, issued, passed_on, token_of
from tests.racing import at_once


@pytest.fixture
def order(app: Flask, stripe: LocalStripe, chain: Chain) -> Order:
    return issued(chain, bought(stripe, kind="lecture", yen=50_000))


def is_frozen(order: Order) -> bool:
    refusal = frozen(token_of(order))
    db.session.rollback()
    return refusal is not None


def close(stripe: LocalStripe, dispute_id: str, won: bool) -> None:
    stripe.sim("close_dispute", dispute=dispute_id, won=won)
    heard()


@pytest.mark.parametrize(("won", "after"), [(True, False), (False, True)])
def test_the_right_is_frozen_until_the_dispute_is_won(
    order: Order, stripe: LocalStripe, won: bool, after: bool
) -> None:
    assert not is_frozen(order)
    dispute_id = disputed(stripe, order)
    assert is_frozen(order)
    with pytest.raises(Disputed), transaction():
        using.write_down(token_of(order).token_id, "0x" + "1" * 64)
    close(stripe, dispute_id, won)
    assert is_frozen(order) is after


def test_whoever_got_the_right_before_the_dispute_uses_it_on(order: Order, stripe: LocalStripe, chain: Chain) -> None:
    passed_on(chain, order, given.an_account())
    dispute_id = disputed(stripe, order)
    assert not is_frozen(order)
    with transaction():
        using.write_down(token_of(order).token_id, "0x" + "1" * 64)
    found = evidence.gather(dispute_id)
    assert (found.passed_on, len(found.hands)) == (True, 2)
    close(stripe, dispute_id, won=False)
    assert not is_frozen(order)


def test_the_pack_holds_what_was_promised_delivered_and_used(order: Order, stripe: LocalStripe, chain: Chain) -> None:
    token = token_of(order)
    chain.redeemed(token.token_id, str(token.holder_address), used=1, left=11, block=900)
    chain.tell()
    dispute_id = disputed(stripe, order)
    packed = evidence.pack(evidence.gather(dispute_id))
    assert packed == evidence.pack(evidence.gather(dispute_id))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = archive.namelist()
        facts = json.loads(archive.read("order.json"))
        assert archive.read("evidence.pdf").startswith(b"%PDF-")
    assert names == ["evidence.pdf", "answer.json", "order.json", "letters/1-paid.txt", "letters/2-issued.txt"]
    assert [each["what"] for each in facts["steps"]] == [
        evidence.STEPS[name] for name in ("place", "payment.succeed", "pay", "issue")
    ]
    assert [each["to"] for each in facts["delivered"]] == [token.holder_address]
    assert [each["what"].partition("）")[0] for each in facts["uses"]] == ["利用（残り11回"]


def test_the_bank_gets_one_answer(app: Flask, order: Order, stripe: LocalStripe) -> None:
    dispute_id = disputed(stripe, order)
    found = evidence.gather(dispute_id)
    texts, paper, treasury = evidence.texts(found), evidence.paper(found), given.staff("treasury")
    outcomes = at_once(app, 3, lambda _: disputing.answer(dispute_id, treasury, texts, paper))
    assert None in outcomes
    written = sa.select(sa.func.count()).where(Entry.event == "dispute.answer")
    assert db.session.scalar(written) == 1
    with pytest.raises(disputing.AnsweredAlready):
        disputing.answer(dispute_id, treasury, texts, paper)
    seen = stripe.client().disputes.retrieve(dispute_id)
    assert (seen.status, seen.evidence.customer_email_address) == ("under_review", order.buyer.email)
    assert str(seen.evidence.uncategorized_file).startswith("file_")
    db.session.rollback()
    dispute = get(Dispute, dispute_id)
    assert (dispute.status, dispute.submitted_by) == ("under_review", treasury)


def test_a_bank_that_asked_first_and_takes_the_money_then_is_answered_anew(
    app: Flask, order: Order, stripe: LocalStripe
) -> None:
    """Within the time of that: what the question gave is over by then."""
    dispute_id = disputed(stripe, order, inquiry=True)
    treasury = given.staff("treasury")
    disputing.answer(dispute_id, treasury, {"uncategorized_text": "the first"}, b"%PDF-")
    stripe.sim("advance", seconds=40 * 24 * 3600)
    stripe.sim("escalate_dispute", dispute=dispute_id)
    heard()
    db.session.rollback()
    dispute = get(Dispute, dispute_id)
    asked = till().dispute(dispute_id)
    assert (dispute.status, dispute.submitted_at, dispute.submitted_by) == ("needs_response", None, None)
    assert dispute.due_by is not None
    assert dispute.due_by.timestamp() == asked.due_by
    page = given.signed_in(app.test_client(), treasury).get(f"/staff/disputes/{dispute_id}").text
    assert f'action="/staff/disputes/{dispute_id}/answer"' in page
    disputing.answer(dispute_id, treasury, {"uncategorized_text": "the second"}, b"%PDF-")
    seen = stripe.client().disputes.retrieve(dispute_id)
    assert (seen.status, seen.evidence.uncategorized_text) == ("under_review", "the second")
    with pytest.raises(disputing.AnsweredAlready):
        disputing.answer(dispute_id, treasury, {"uncategorized_text": "the third"}, b"%PDF-")


def test_the_bank_is_told_the_day_of_the_service_in_japan_and_the_years(
    order: Order, stripe: LocalStripe, chain: Chain
) -> None:
    """Half past midnight of New Year's Day in Japan is an afternoon of the old year in Greenwich."""
    with transaction():
        lock(Order, order.id).issued_at = datetime(2027, 1, 1, 0, 30, tzinfo=JST)
    found = evidence.gather(disputed(stripe, order))
    assert evidence.texts(found)["service_date"] == "2027-01-01"
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(evidence.paper(found))).pages)
    assert "5 お使いになった記録記録はありません。" in "".join(said.split()).replace("5お", "5 お")
    placed = jst(order.created_at)
    assert said.count(f"{placed.year}年{placed.month}月{placed.day}日") >= 3


def test_a_dispute_that_is_decided_takes_no_answer(order: Order, stripe: LocalStripe) -> None:
    dispute_id = disputed(stripe, order)
    stripe.sim("close_dispute", dispute=dispute_id, won=False)  # and nothing was heard of it
    with pytest.raises(disputing.DisputeOver):
        disputing.answer(dispute_id, given.staff("treasury"), {"uncategorized_text": "x"}, b"%PDF-")
    db.session.rollback()
    assert db.session.scalar(sa.select(Dispute.status)) == "lost"


def test_an_older_look_does_not_open_it_again(order: Order, stripe: LocalStripe) -> None:
    dispute_id = disputed(stripe, order)
    before = till().dispute(dispute_id)
    close(stripe, dispute_id, won=True)
    disputing.keep(get(Dispute, dispute_id).payment_id, before)
    db.session.rollback()
    assert get(Dispute, dispute_id).status == "won"
