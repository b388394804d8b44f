"""The end of a name: told in time, over on the day after, or revoked by two persons; and what the chain is asked."""

import hashlib
from datetime import datetime, time, timedelta

import pytest
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.holders import giving
from marketplace.holders.rules import RevocationUnderWay
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.naming import ending, revoking, rules
from marketplace.naming.models import NamingState, Revocation
from marketplace.naming.revoking import asked_for, reason_hash
from marketplace.outbox import keeping
from marketplace.resale import offering
from marketplace.tokens.freezing import frozen, frozen_among
from marketplace.tokens.models import NOBODY
from marketplace.tokens.revoking import NotRevocable, revoke
from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import mails, refusal
from tests.naming.stage import a_naming, announced, naming
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, held_token, request, token


def at(naming_id: int, days_before_end: int) -> datetime:
    """Ten in the morning of a day before the last one of the term; after it where negative."""
    last = naming(naming_id).ends_on
    assert last is not None
    return datetime.combine(last - timedelta(days=days_before_end), time(10), JST)


def terms() -> None:
    run_one(SHEETS["naming.terms"])


def test_the_end_is_told_half_a_year_and_a_month_before_each_once(chain: Chain, hana: int) -> None:
    naming_id = announced(chain, hana)
    already = mails("hana@example.jp")
    for days, letters in ((200, 0), (183, 1), (100, 1), (31, 2), (10, 2), (0, 2), (-1, 3), (-2, 3)):
        with pretending(at(naming_id, days)):
            terms()
            terms()
        assert (
            mails("hana@example.jp")[len(already) :]
            == ["naming_ends_soon", "naming_ends_soon", "naming_ended"][:letters]
        )
    assert naming(naming_id).state == NamingState.ENDED


def test_a_term_whose_half_year_was_missed_is_told_once(chain: Chain, hana: int) -> None:
    naming_id = announced(chain, hana)
    with pretending(at(naming_id, 20)):
        terms()
    with pretending(at(naming_id, 5)):
        terms()
    assert mails("hana@example.jp").count("naming_ends_soon") == 1


def test_what_ends_soon_is_on_the_desk_until_a_talk_is_written_down(chain: Chain, hana: int) -> None:
    naming_id = announced(chain, hana)
    with pretending(at(naming_id, 90)):
        assert [row.id for row in ending.ending_soon()] == [naming_id]
        with pytest.raises(Invalid):
            ending.talked(naming_id, given.staff("drafter"), " ")
        ending.talked(naming_id, given.staff("drafter"), "続けない")
        assert ending.ending_soon() == []


def test_a_revocation_takes_two_persons_and_the_chain_gets_a_salted_hash(chain: Chain, hana: int) -> None:
    naming_id = announced(chain, hana)
    one, two = given.staff("drafter"), given.staff("approver")
    with pytest.raises(Invalid):
        revoking.ask(naming_id, one, "")
    revoking.ask(naming_id, one, "協定第8条による。")
    with pytest.raises(WrongState):
        revoking.ask(naming_id, two, "もう一度")
    with pytest.raises(rules.SamePerson):
        revoking.confirm(naming_id, one)
    asked = asked_for(naming_id)
    assert asked is not None
    salted = "0x" + hashlib.sha256(bytes.fromhex(asked.salt) + "協定第8条による。".encode()).hexdigest()
    assert reason_hash(asked) == salted
    db.session.rollback()
    revoking.confirm(naming_id, two)
    token_id = naming(naming_id).token_id
    assert naming(naming_id).state == NamingState.REVOKED
    assert calls("revoke:") == [(f"revoke:{token_id}", "issuer", "revoke", [token_id, salted])]
    assert mails("hana@example.jp")[-1] == "naming_revoked"
    with pytest.raises(WrongState):
        revoking.confirm(naming_id, two)


def test_from_the_decision_on_the_right_goes_nowhere_though_the_chain_is_away(chain: Chain, hana: int) -> None:
    naming_id = announced(chain, hana)
    token_id = naming(naming_id).token_id
    offered = giving.give(token_id, hana, "ken@example.jp")
    revoking.ask(naming_id, given.staff("drafter"), "協定第8条による。")
    before = frozen(token(token_id))
    revoking.confirm(naming_id, given.staff("approver"))
    ken, code = given.an_account("ken@example.jp"), RevocationUnderWay.code
    assert (before, refusal(lambda: giving.accept(offered, ken))) == (None, code)
    giving.withdraw(token_id, hana)
    assert refusal(lambda: giving.give(token_id, hana, "ken@example.jp")) == code
    assert refusal(lambda: offering.offer(token_id, hana, 50_000)) == code
    others = held_token(chain, ken)
    assert list(frozen_among([token(token_id), token(others)])) == [token_id]
    chain.transfer(token_id, custody(hana), NOBODY, block=9)
    heard(chain, token_id)
    assert frozen(token(token_id)) is None


def test_what_is_for_sale_is_not_any_more_once_its_revocation_is_decided(chain: Chain, hana: int) -> None:
    """An offer on chain asks nobody: who bought it until the chain has the revocation would lose it."""
    naming_id = announced(chain, hana)
    token_id = naming(naming_id).token_id
    asked = offering.offer(token_id, hana, 50_000)
    expires_at = request(asked).expires_at
    chain.listed(token_id, custody(hana), 50_000, block=8, number=1, expires=expires_at)
    heard(chain, token_id)
    revoking.ask(naming_id, given.staff("drafter"), "協定第8条による。")
    keeping.drain()
    assert request(asked).withdrawn_at is None
    revoking.confirm(naming_id, given.staff("approver"))
    keeping.drain()
    account = "0x" + get(Account, hana).custody_id
    assert calls(f"offer:{asked}:cancel") == [(f"offer:{asked}:cancel", "custodian", "cancelFor", [account, token_id])]


def test_two_who_confirm_at_once_revoke_once(app: Flask, chain: Chain, hana: int) -> None:
    naming_id = announced(chain, hana)
    revoking.ask(naming_id, given.staff("drafter"), "協定第8条による。")
    people = [given.staff("approver"), given.staff("approver", email="second@town.example.jp")]
    outcomes = at_once(app, 2, lambda number: revoking.confirm(naming_id, people[number]))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState"]
    assert len(calls("revoke:")) == 1


def test_a_revocation_can_be_left_and_asked_again(chain: Chain, hana: int) -> None:
    naming_id, actor = announced(chain, hana), given.staff("drafter")
    revoking.ask(naming_id, actor, "まちがい")
    revoking.withdraw(naming_id, actor)
    revoking.ask(naming_id, actor, "協定第8条による。")
    assert db.session.query(Revocation).count() == 2
    assert naming(naming_id).state == NamingState.IN_FORCE


def test_a_token_that_is_revoked_on_chain_takes_its_name_along(chain: Chain, hana: int) -> None:
    naming_id = a_naming(chain, hana)
    token_id = naming(naming_id).token_id
    chain.transfer(token_id, custody(hana), NOBODY, block=9)
    heard(chain, token_id)
    keeping.drain()
    keeping.drain()
    assert naming(naming_id).state == NamingState.REVOKED


def test_only_naming_rights_can_be_revoked(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    with pytest.raises(NotRevocable), transaction():
        revoke(token_id, "誤り", "staff:ACC-1")
