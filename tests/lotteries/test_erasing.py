from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.journal import models as journal
from marketplace.kit.clock import pretending
from marketplace.kit.db import Base, db, get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.scheduling import cancel
from marketplace.lotteries import bundles, draw, erasing
from marketplace.lotteries.applicants import Applicant
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import enter, own_entries
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.outbox import keeping
from marketplace.payments.models import SavedCard
from marketplace.payments.saving import ask_card
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, somebody

KANA = ("あべ いち", "いだ に", "うの さん", "えび し", "おの ご")
HOUSE = "月見沢町秘密谷77"


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery() -> Lottery:
    """Of six entries one is void, three win; one pays late, one not at all: settled, and two have the right."""
    lottery = a_lottery(quantity=2, **asking(address=True, retain_days=30))
    for kana in (*KANA, KANA[0]):
        enter(lottery.id, given.an_account(), somebody(kana, HOUSE, phone="09012345678"))
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
        unpaid(open_orders(lottery.listing_id)[0].id)
        for order in open_orders(lottery.listing_id):
            paid(order.id)
    db.session.expire_all()
    assert lottery.state == LotteryState.SETTLED
    return lottery


def erase(lottery: Lottery) -> None:
    with pretending(lottery.erase_at):
        run_one(SHEETS["privacy.erase_due"])
    db.session.expire_all()


def entries(lottery: Lottery) -> list[Entry]:
    return list(db.session.scalars(sa.select(Entry).where(Entry.lottery_id == lottery.id).order_by(Entry.seq)))


def published(client: FlaskClient, lottery: Lottery) -> dict[str, Any]:
    fixed = bundles.fixed_of(lottery)
    assert fixed is not None
    return {
        "bundle": json.loads(client.get(f"/listings/{lottery.code}/draw.json").text),
        "api": json.loads(client.get(f"/api/v1/listings/{lottery.code}/draw").text),
        "result": bundles.result_of(fixed),
        "proofs": [bundles.proof_of(lottery, entry.no) for entry in entries(lottery)],
    }


def everything() -> str:
    """All that is in the database, as text."""
    tables = [table for table in Base.metadata.sorted_tables if table.name != "blocks"]
    return "\n".join(str(row) for table in tables for row in db.session.execute(sa.select(table)))


def test_the_proof_is_the_same_before_and_after(client: FlaskClient, lottery: Lottery) -> None:
    before = published(client, lottery)
    erase(lottery)
    after = published(client, lottery)
    assert after == before
    assert draw.result(after["bundle"]) == before["result"]
    assert len([proof for proof in after["proofs"] if proof]) == 5


def test_nothing_leads_from_the_entry_of_a_loser_to_a_person(lottery: Lottery) -> None:
    losers = [entry for entry in entries(lottery) if entry.state != EntryState.PAID]
    nos, accounts = [entry.no for entry in losers], [entry.account_id for entry in losers]
    codes = list(db.session.scalars(sa.select(Account.code).where(Account.id.in_(accounts))))
    kept = {get(Applicant, entry.id).kana for entry in entries(lottery) if entry.state == EntryState.PAID}
    assert {kana for kana in KANA if kana in everything()} == set(KANA)
    erase(lottery)
    left = [(entry.account_id, entry.person_key, entry.phone_key, entry.card_key) for entry in entries(lottery)]
    assert left.count((None, None, None, None)) == len(nos) == 4
    bought = [entry for entry in entries(lottery) if entry.account_id is not None]
    assert [entry.state for entry in bought] == [EntryState.PAID] * 2
    for account_id in accounts:
        assert account_id is not None
        assert own_entries(lottery.id, account_id) == []
    text = everything()
    assert {kana for kana in KANA if kana in text} == kept
    with_both = [line for line in text.splitlines() if any(no in line for no in nos) and any(c in line for c in codes)]
    assert with_both == []


def test_the_mail_address_with_a_saved_card_goes_too(lottery: Lottery) -> None:
    emails = {}
    for entry in entries(lottery):
        emails[entry.no] = get(Account, entry.account_id).email
        end = lottery.closes_at
        ask_card(entry.subject, "権利", emails[entry.no], "http://127.0.0.1/", "http://127.0.0.1/", end)
    lost = {entry.no for entry in entries(lottery) if entry.state != EntryState.PAID}
    erase(lottery)
    kept = {card.subject: card.email for card in db.session.scalars(sa.select(SavedCard))}
    assert kept == {f"entry:{no}": "" if no in lost else email for no, email in emails.items()}


def test_letters_about_a_lost_entry_are_gone_and_others_stay(lottery: Lottery) -> None:
    bought = {entry.no for entry in entries(lottery) if entry.state == EntryState.PAID}
    erase(lottery)
    keys = list(db.session.scalars(sa.text("SELECT key FROM notices")))
    about = {key.split(":")[1] for key in keys if key.startswith(("entry_", "lottery_"))}
    assert about == bought
    assert any(key.startswith("pay-link:") for key in keys)  # an order is an order


def test_before_the_date_nothing_is_erased_and_afterwards_once(lottery: Lottery) -> None:
    with pretending(lottery.erase_at - timedelta(minutes=1)):
        run_one(SHEETS["privacy.erase_due"])
    assert all(entry.account_id for entry in entries(lottery))
    assert lottery.erase_at == lottery.draw_at + timedelta(days=30)
    for _ in range(2):
        erase(lottery)
    assert lottery.erased_at is not None
    notes = sa.select(sa.func.count()).where(journal.Entry.event == "erase")
    assert db.session.scalar(notes) == 1


def test_it_goes_on_where_it_stopped(lottery: Lottery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "PORTION", 3)
    with pretending(lottery.erase_at):
        assert erasing.erase_portion(lottery.id) == 3
        assert get(Lottery, lottery.id).erased_at is None
    erase(lottery)
    assert [entry.account_id is None for entry in entries(lottery)].count(True) == 4


def test_while_anybody_may_still_win_everybody_is_known() -> None:
    lottery = a_lottery(quantity=1, **asking(retain_days=1))
    for _ in range(3):
        enter(lottery.id, given.an_account())
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
    erase(lottery)
    assert all(entry.account_id for entry in entries(lottery))


def test_of_a_cancelled_lottery_everybody_is_forgotten() -> None:
    lottery = a_lottery(**asking(address=True, retain_days=30))
    enter(lottery.id, given.an_account(), somebody())
    cancel(lottery.listing_id, "staff:ACC-TEST", "大雪のため")
    keeping.drain()
    erase(lottery)
    assert entries(lottery)[0].account_id is None
    assert "はなこ" not in everything()
