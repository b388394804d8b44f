"""A token is promised with the order, once, and issued when what it points at is safe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.chain import contract
from marketplace.chain.models import Call
from marketplace.chain.register import custody_address
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.metadata import amending
from marketplace.metadata.models import Pin, Replica, ReplicaState
from marketplace.outbox import keeping
from marketplace.rights.models import Right
from marketplace.settings import Settings
from marketplace.tokens import issuing
from marketplace.tokens.models import Token, TokenState
from tests import given
from tests.chainlogs import deploy
from tests.racing import at_once


def promise(listing_id: int, serial: int = 1, order: str = "ORD-1", account_id: int | None = None) -> int:
    listing = get(Listing, listing_id)
    with transaction():
        return issuing.promise_token(
            right_id=listing.right_id,
            serial=serial,
            listing_code=listing.code,
            order_code=order,
            account_id=account_id or given.an_account("buyer@example.jp"),
            max_supply=listing.quantity,
        )


def calls() -> list[tuple[str, str, str]]:
    rows = db.session.execute(sa.select(Call.key, Call.role, Call.function).order_by(Call.id))
    return [(key, role, function) for key, role, function in rows]


def states() -> list[TokenState]:
    return list(db.session.scalars(sa.select(Token.state).order_by(Token.token_id)))


def test_a_promise_asks_for_the_series_once_and_for_each_token(app: Flask) -> None:
    deploy()
    listing_id = given.a_listing()
    series = get(Listing, listing_id).right.series_id
    first, second = promise(listing_id, 1, "ORD-1"), promise(listing_id, 2, "ORD-2")
    assert (first, second) == (series * 1_000_000 + 1, series * 1_000_000 + 2)
    assert calls() == [
        (f"series:{series}", "issuer", "createSeries"),
        (f"issue:{first}", "issuer", "issueBatch"),
        (f"issue:{second}", "issuer", "issueBatch"),
    ]
    assert states() == [TokenState.ISSUING, TokenState.ISSUING]


def test_what_the_chain_is_asked_fits_the_contract(app: Flask) -> None:
    addresses = deploy()
    buyer = given.an_account()
    tradable = datetime(2026, 12, 1, tzinfo=JST)
    listing_id = given.a_listing(kind="lecture", quantity=3, tradable_from=tradable)
    token_id = promise(listing_id, account_id=buyer)
    right = get(Listing, listing_id).right
    series, batch = db.session.scalars(sa.select(Call).order_by(Call.id))
    assert series.args == [
        right.series_id,
        {
            "maxSupply": 3,
            "usesPerToken": 12,
            "royaltyBps": 500,
            "validUntil": 0,
            "tradableFrom": int(tradable.timestamp()),
            "kind": 2,
            "transferable": True,
            "revocable": False,
            "termsHash": "0x" + str(right.text_hash).removeprefix("sha256:"),
        },
        right.metadata_uri,
    ]
    token = db.session.scalars(sa.select(Token)).one()
    custody = custody_address(get(Account, buyer).custody_id)
    assert (batch.args, batch.item) == ([right.series_id], {"to": custody, "serial": 1, "ref": token.ref})
    assert (token.token_id, token.contract) == (token_id, addresses[contract.RIGHTS])
    assert contract.data(contract.RIGHTS, "createSeries", series.args)[:4] == contract.selector(
        contract.artifact(contract.RIGHTS).functions["createSeries"]
    )
    assert len(contract.data(contract.RIGHTS, "issueBatch", batch.args, [batch.item])) == 4 + 32 * 6


def told_the_chain(kind: str, **more: Any) -> tuple[int, bool]:
    """The end of an only right that is issued in the afternoon of 30 April 2026, and whether it can be revoked."""
    with pretending(datetime(2026, 4, 30, 15, tzinfo=JST)):
        right = get(Listing, given.a_listing("ascending", kind, term_months=36, **more)).right
        terms = issuing.series_terms(right, 1)
    return terms["validUntil"], terms["revocable"]


def test_the_chain_is_told_the_end_of_an_only_right_whose_term_begins_with_its_issue(app: Flask) -> None:
    assert told_the_chain("resident") == (int(datetime(2029, 5, 1, tzinfo=JST).timestamp()), False)


def test_of_a_name_and_of_counted_uses_the_chain_is_told_no_end(app: Flask) -> None:
    """A name's term begins with its agreement; what was used on the last days is written down after them."""
    assert [told_the_chain("naming"), told_the_chain("lecture", uses_per_token=12)] == [(0, True), (0, False)]


def test_the_same_order_promised_again_changes_nothing(app: Flask) -> None:
    deploy()
    listing_id = given.a_listing()
    assert promise(listing_id) == promise(listing_id)
    assert (len(calls()), len(states())) == (2, 1)


@pytest.mark.parametrize(("serial", "order"), [(1, "ORD-2"), (2, "ORD-1")])
def test_a_unit_and_an_order_belong_to_each_other_alone(app: Flask, serial: int, order: str) -> None:
    deploy()
    listing_id = given.a_listing()
    promise(listing_id, 1, "ORD-1")
    with pytest.raises(issuing.AlreadyPromised):
        promise(listing_id, serial, order)


def test_a_token_waits_for_the_contract_and_is_sent_when_it_is_there(app: Flask) -> None:
    promise(given.a_listing())
    waiting = (issuing.issue_waiting(), states(), calls())
    deploy()
    assert (waiting, issuing.issue_waiting(), states(), len(calls())) == (
        (0, [TokenState.PROMISED], []),
        1,
        [TokenState.ISSUING],
        2,
    )


def test_a_token_waits_for_metadata_that_is_not_published(app: Flask) -> None:
    deploy()
    listing_id = given.a_listing()
    right_id = get(Listing, listing_id).right_id
    with transaction():
        uri, get(Right, right_id).metadata_uri = get(Right, right_id).metadata_uri, None
    promise(listing_id)
    waiting = issuing.issue_waiting()
    with transaction():
        get(Right, right_id).metadata_uri = uri
    assert (waiting, issuing.issue_waiting(), states()) == (0, 1, [TokenState.ISSUING])


class TestWhereReplicasAreWanted:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"min_replicas": 1})

    def test_a_token_waits_until_as_many_nodes_hold_its_metadata(self, app: Flask) -> None:
        deploy()
        listing_id = given.a_listing()
        promise(listing_id)
        waiting = (issuing.issue_waiting(), states())
        with transaction() as session:
            pin = session.scalars(sa.select(Pin).where(Pin.right_id == get(Listing, listing_id).right_id)).one()
            session.add(Replica(pin_id=pin.id, node="/ip4/127.0.0.1", state=ReplicaState.VERIFIED, verified_at=now()))
        assert (waiting, issuing.issue_waiting(), states()) == (
            (0, [TokenState.PROMISED]),
            1,
            [TokenState.ISSUING],
        )


def test_a_right_that_must_wait_holds_up_no_other(app: Flask) -> None:
    waiting, ready = given.a_listing(), given.a_listing()
    for order, listing_id in enumerate((waiting, ready)):
        promise(listing_id, 1, f"ORD-{order}")
    with transaction():
        get(Right, get(Listing, waiting).right_id).metadata_uri = None
    deploy()
    assert (issuing.issue_waiting(), states()) == (1, [TokenState.PROMISED, TokenState.ISSUING])


def test_a_promise_that_was_not_sent_can_be_taken_back_and_made_to_another(app: Flask) -> None:
    listing_id = given.a_listing()
    promise(listing_id, 1, "ORD-1")
    with transaction():
        issuing.take_back("ORD-1")
    promise(listing_id, 1, "ORD-2")
    assert list(db.session.scalars(sa.select(Token.order_code))) == ["ORD-2"]


def test_what_is_on_its_way_cannot_be_taken_back(app: Flask) -> None:
    deploy()
    promise(given.a_listing())
    with pytest.raises(issuing.OnItsWay), transaction():
        issuing.take_back("ORD-1")
    assert states() == [TokenState.ISSUING]


def test_taking_back_what_was_never_promised_is_nothing(app: Flask) -> None:
    with transaction():
        issuing.take_back("ORD-1")
    assert states() == []


def test_workers_that_issue_at_once_send_each_token_once(app: Flask) -> None:
    listing_id = given.a_listing()
    for serial in range(1, 6):
        promise(listing_id, serial, f"ORD-{serial}")
    deploy()
    sent = at_once(app, 4, lambda _number: issuing.issue_waiting())
    assert (sum(sent), states(), len(calls())) == (5, [TokenState.ISSUING] * 5, 6)


def test_a_correction_at_the_moment_of_the_first_token_is_not_lost(app: Flask) -> None:
    deploy()
    listing_id = given.a_listing()
    right_id = get(Listing, listing_id).right_id
    amendment = amending.propose(right_id, given.staff("drafter"), {"title_en": "Corrected"}, "書きまちがい")
    amending.approve(amendment, given.staff("approver"))
    buyer = given.an_account("buyer@example.jp")

    def act(number: int) -> None:
        if number == 0:
            amending.carry_out(amendment)
        else:
            promise(listing_id, number, f"ORD-{number}", buyer)

    assert at_once(app, 4, act) == [None] * 4
    keeping.drain()
    named = sa.select(Call.args).where(Call.function.in_(("createSeries", "setSeriesURI"))).order_by(Call.id)
    assert db.session.scalars(named).all()[-1][-1] == get(Right, right_id).metadata_uri
    assert get(Right, right_id).metadata_edition == 2
