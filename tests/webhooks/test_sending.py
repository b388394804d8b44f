"""Partners hear of each fact once, signed, and it is not lost while they are away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.second_person import SamePerson
from marketplace.auctions import stopping
from marketplace.auctions.opening import of_listing
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings import scheduling, suspending
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.webhooks import registering, sending
from marketplace.webhooks.models import Delivery, DeliveryState, Endpoint, EndpointState
from marketplace.webhooks.topics import TOPICS
from tests import given
from tests.racing import at_once, meanwhile
from tests.webhooks.partner import Partner, listening
from tests.webhooks.test_signing import accepted


@pytest.fixture
def partner(app: Flask) -> Iterator[Partner]:
    with listening() as found:
        yield found


def proposed(url: str, topics: tuple[str, ...] = tuple(TOPICS)) -> int:
    return registering.propose(given.staff("drafter"), "観光協会", url, topics, "協定による")


def registered(partner: Partner, topics: tuple[str, ...] = tuple(TOPICS)) -> tuple[int, str]:
    """An endpoint that is sent to, and its secret."""
    endpoint_id = proposed(partner.url, topics)
    registering.approve(endpoint_id, given.staff("approver"))
    return endpoint_id, registering.issue_secret(endpoint_id, given.staff("drafter"))


def only() -> Delivery:
    db.session.rollback()
    return db.session.scalars(sa.select(Delivery)).one()


def stands(endpoint_id: int) -> EndpointState:
    db.session.rollback()
    return get(Endpoint, endpoint_id).state


def test_a_partner_hears_what_it_asked_for_signed_and_in_order(partner: Partner) -> None:
    _, key = registered(partner, ("listing.published", "listing.opened"))
    listing_id = given.a_listing()
    scheduling.close_sale(listing_id)
    keeping.drain()
    code = get(Listing, listing_id).code
    assert sorted(partner.told()) == [("listing.opened", code), ("listing.published", code)]
    assert [accepted(headers, body, key) for headers, body in partner.got] == [True, True]
    assert [accepted(headers, body + " ", key) for headers, body in partner.got] == [False, False]
    assert len({headers["webhook-id"] for headers, _ in partner.got}) == 2
    data = partner.bodies()[0]["data"]
    assert set(data) == {"code", "title", "kind", "mode", "state", "url", "api"}


def test_a_partner_hears_each_time_that_a_sale_stops_and_goes_on(partner: Partner) -> None:
    registered(partner, ("listing.suspended", "listing.resumed", "auction.suspended", "auction.resumed"))
    fixed, bids = given.a_listing(), given.a_listing("ascending", "naming")
    auction, actor = of_listing(bids), given.staff("approver")
    assert auction is not None
    for _ in range(2):
        suspending.suspend(fixed, actor, "雪のため")
        stopping.suspend(auction.id, actor, "雪のため")
        keeping.drain()
        suspending.resume(fixed, actor)
        stopping.resume(auction.id, actor)
        keeping.drain()
    codes = {"listing": get(Listing, fixed).code, "auction": auction.code}
    told = [(f"{office}.{what}", codes[office]) for what in ("suspended", "resumed") for office in codes]
    assert sorted(partner.told()) == sorted(told * 2)
    assert len({headers["webhook-id"] for headers, _ in partner.got}) == 8


def test_nobody_hears_before_a_second_person_and_a_secret(partner: Partner) -> None:
    endpoint_id = proposed(partner.url)
    given.a_listing()
    with pytest.raises(SamePerson):
        registering.approve(endpoint_id, given.staff("drafter"))
    registering.approve(endpoint_id, given.staff("approver"))
    listing_id = given.a_listing()
    keeping.drain()
    assert partner.got == []
    registering.issue_secret(endpoint_id, given.staff("drafter"))
    keeping.drain()
    assert {code for _, code in partner.told()} == {get(Listing, listing_id).code}


def test_a_fact_that_is_heard_at_the_same_time_is_one_message(app: Flask, partner: Partner) -> None:
    registered(partner, ("listing.closed",))
    listing_id = given.a_listing(state="open")
    scheduling.close_sale(listing_id)
    code = get(Listing, listing_id).code
    told = at_once(app, 3, lambda _: sending.tell("listing.closed", code, f"listing.closed:{code}"))
    assert sorted(told) == [0, 0, 1]
    keeping.drain()
    assert partner.told() == [("listing.closed", code)]


def test_who_is_away_is_asked_again_until_the_message_arrives(partner: Partner) -> None:
    registered(partner, ("listing.published",))
    partner.answers = [503, 302, 200]
    partner.location = "http://127.0.0.1:1/elsewhere"
    given.a_listing()
    first = only()
    assert (first.state, first.attempts, first.answered) == (DeliveryState.WAITING, 1, 503)
    keeping.drain()
    assert len(partner.got) == 1
    for after in (timedelta(seconds=6), timedelta(minutes=6)):
        with pretending(now() + after):
            keeping.drain()
    row = only()
    assert (row.state, row.attempts, row.answered) == (DeliveryState.DELIVERED, 3, 200)
    assert {headers["webhook-id"] for headers, _ in partner.got} == {row.code}
    assert len({body for _, body in partner.got}) == 1


def test_whoever_waits_for_a_partner_holds_no_connection_of_the_database(partner: Partner) -> None:
    registered(partner, ("listing.published",))
    pool, held = db.engine.pool, list[int]()
    partner.asked = lambda: held.append(pool.checkedout())  # type: ignore[attr-defined]
    given.a_listing()
    assert held == [0]


def test_an_attempt_that_is_heard_of_again_sends_nothing(partner: Partner) -> None:
    registered(partner, ("listing.published",))
    given.a_listing()
    sending.attempt(only().id, 0, 0)
    assert (len(partner.got), only().attempts) == (1, 1)


def test_who_stays_away_is_given_up_and_the_staff_are_told(partner: Partner) -> None:
    endpoint_id, _ = registered(partner, ("listing.published",))
    partner.answers = [500]
    given.a_listing()
    at = now()
    for wait in sending.AGAIN:
        at += wait + timedelta(seconds=1)
        with pretending(at):
            keeping.drain()
    assert (only().state, only().attempts) == (DeliveryState.FAILED, len(sending.AGAIN) + 1)
    assert stands(endpoint_id) == EndpointState.STOPPED
    assert [row.id for row in registering.stopped()] == [endpoint_id]


def test_who_is_gone_is_not_asked_again(partner: Partner) -> None:
    endpoint_id, _ = registered(partner, ("listing.published",))
    partner.answers = [410]
    given.a_listing()
    assert (only().state, stands(endpoint_id), len(partner.got)) == (DeliveryState.FAILED, EndpointState.STOPPED, 1)


def test_what_happens_while_it_is_stopped_is_sent_when_it_goes_on(partner: Partner) -> None:
    endpoint_id, _ = registered(partner, ("listing.published",))
    registering.stop(endpoint_id, "点検のため", given.staff("drafter"))
    listing_id = given.a_listing()
    assert (partner.got, only().state) == ([], DeliveryState.WAITING)
    registering.resume(endpoint_id, given.staff("approver"))
    keeping.drain()
    assert partner.told() == [("listing.published", get(Listing, listing_id).code)]


def test_what_is_sent_anew_while_its_endpoint_ends_does_not_wait_for_ever(app: Flask, partner: Partner) -> None:
    endpoint_id, _ = registered(partner, ("listing.published",))
    given.a_listing()
    delivery, drafter, outcomes = only(), given.staff("drafter"), list[str]()
    delivery_id = delivery.id

    def replay() -> None:
        try:
            sending.replay(delivery_id, drafter)
        except WrongState as refusal:
            outcomes.append(refusal.code)

    with meanwhile(app, replay):
        registering.end(endpoint_id, drafter)
    assert (outcomes, only().state) == (["wrong_state"], DeliveryState.DELIVERED)


def test_a_message_can_be_sent_anew_as_it_was(partner: Partner) -> None:
    registered(partner, ("listing.published",))
    given.a_listing()
    with pretending(now() + timedelta(days=2)):
        sending.replay(only().id, given.staff("drafter"))
        keeping.drain()
    (first, one), (second, other) = partner.got
    assert (one, first["webhook-id"]) == (other, second["webhook-id"])
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) >= 2 * 86_400
    with pytest.raises(WrongState):
        registering.approve(only().endpoint_id, given.staff("approver"))


def test_after_a_renewal_both_secrets_are_good_for_a_day(partner: Partner) -> None:
    endpoint_id, old = registered(partner)
    new = registering.issue_secret(endpoint_id, given.staff("drafter"))
    issued = sa.select(Entry.details).where(Entry.event == "issue_webhook_secret").order_by(Entry.id)
    assert list(db.session.scalars(issued)) == [{"edition": 1}, {"edition": 2}]
    for days, good in ((0, True), (2, False)):
        with pretending(now() + timedelta(days=days)):
            sending.ping(endpoint_id)
            keeping.drain()
        headers, body = partner.got[-1]
        assert (accepted(headers, body, new), accepted(headers, body, old)) == (True, good)


def test_an_end_is_for_good(partner: Partner) -> None:
    endpoint_id, _ = registered(partner)
    registering.end(endpoint_id, given.staff("drafter"))
    given.a_listing()
    assert (partner.got, db.session.scalar(sa.select(sa.func.count()).select_from(Delivery))) == ([], 0)
    for act in (registering.resume, registering.approve):
        with pytest.raises(WrongState):
            act(endpoint_id, given.staff("approver"))


def test_a_partner_that_does_not_answer_is_waited_for_in_the_outbox_and_nowhere_else(app: Flask) -> None:
    with listening() as gone:
        pass
    registered(gone, ("listing.published",))
    given.a_listing()
    row = only()
    assert (row.state, row.attempts, row.answered) == (DeliveryState.WAITING, 1, None)
    assert row.trouble.startswith("つながりません")


@pytest.mark.parametrize(
    ("name", "url", "topics", "field"),
    [
        (" ", "https://a.example.com/", ("listing.opened",), "name"),
        ("観光協会", "http://a.example.com/", ("listing.opened",), "url"),
        ("観光協会", "https://a.example.com/", ("order.paid",), "topics"),
    ],
)
def test_what_cannot_be_sent_to_is_not_registered(
    app: Flask, name: str, url: str, topics: tuple[str, ...], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        registering.propose(given.staff("drafter"), name, url, topics, "協定による")
    assert refused.value.field == field


def test_the_secret_is_in_no_table(partner: Partner) -> None:
    endpoint_id, key = registered(partner)
    sending.ping(endpoint_id)
    keeping.drain()
    tables = (Endpoint, Delivery, Entry)
    rows = "\n".join(repr(tuple(row)) for table in tables for row in db.session.execute(sa.select(table.__table__)))
    assert key.removeprefix("whsec_") not in rows
