"""A card saved for later: one for each subject, kept no longer than it is needed."""

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.outbox import keeping
from marketplace.payments import saving
from marketplace.payments.models import CardState, SavedCard
from marketplace.payments.official import StripeTill
from marketplace.payments.reconciling import catch_up, look_at_open_cards
from marketplace.payments.stripe import till
from tests.crashing import PowerCut, rolled_back
from tests.local_stripe import LocalStripe
from tests.payments.till import ask_card, card, kept, moves, pay_through, said, saved
from tests.racing import at_once


def detach(saved_id: int, key: str = "lost") -> None:
    with transaction():
        saving.promise_detach(saved_id, key)


def sessions(stripe: LocalStripe) -> list[str]:
    return [str(one.status) for one in stripe.client().checkout.sessions.list({"limit": 100}).data]


def test_a_card_is_saved_without_any_money(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    found = card(saved_id)
    assert (found.brand, found.last4, found.state) == ("visa", "4242", CardState.SAVED)
    assert said("card.saved") == [{"saved_id": saved_id, "subject": "test:1", "fingerprint": found.fingerprint}]
    assert stripe.client().payment_intents.list().data == []
    assert moves() == ["card.ask", "card.open", "card.save"]


def test_one_card_has_one_fingerprint_whoever_saves_it(app: Flask, stripe: LocalStripe) -> None:
    one, same, other = saved(stripe, "a"), saved(stripe, "b"), saved(stripe, "c", "pm_card_mastercard")
    assert card(one).fingerprint == card(same).fingerprint != card(other).fingerprint
    assert card(one).customer_id != card(same).customer_id


def test_a_card_that_asks_for_its_owner_is_saved_after_the_owner_was_there(app: Flask, stripe: LocalStripe) -> None:
    assert card(saved(stripe, card="pm_card_authenticationRequiredOnSetup")).last4 == "3155"


def test_a_card_that_is_refused_leaves_the_page_open(app: Flask, stripe: LocalStripe) -> None:
    saved_id = ask_card()
    url = saving.card_url(saved_id)
    assert stripe.pay(url, "pm_card_chargeDeclined").status == 402
    assert saving.sync_card(saved_id) == CardState.OPEN
    assert saving.card_url(saved_id) == url


def test_asking_again_is_asking_once(app: Flask, stripe: LocalStripe) -> None:
    asked = at_once(app, 5, lambda _: ask_card())
    assert len(set(asked)) == 1
    urls = at_once(app, 5, lambda _: saving.card_url(asked[0]))
    assert len({one for one in urls if not isinstance(one, Unavailable)}) == 1
    assert sessions(stripe) == ["open"]
    assert len(stripe.client().customers.list().data) == 1


def test_nothing_more_is_saved_on_what_is_saved(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    assert ask_card() == saved_id
    with pytest.raises(WrongState):
        saving.card_url(saved_id)


def test_a_page_that_is_over_gives_way_to_a_new_one(app: Flask, stripe: LocalStripe) -> None:
    saved_id = ask_card()
    first = saving.card_url(saved_id)
    stripe.sim("advance", seconds=60 * 60)
    with pretending(now() + timedelta(hours=1)):
        with pytest.raises(WrongState):
            saving.card_url(saved_id)
        assert ask_card() == saved_id
        second = saving.card_url(saved_id)
        assert (stripe.pay(first).status, stripe.pay(second).status) == (410, 303)
        assert saving.sync_card(saved_id) == CardState.SAVED
    assert (card(saved_id).n, len(stripe.client().customers.list().data)) == (2, 1)


def test_dying_after_stripe_made_the_page_makes_no_second_one(
    app: Flask, stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_id = ask_card()
    made = StripeTill.create

    def cut(*given: object) -> None:
        made(*given)  # type: ignore[arg-type]
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(StripeTill, "create", cut)
        with pytest.raises(PowerCut):
            saving.card_url(saved_id)
    assert stripe.pay(saving.card_url(saved_id)).status == 303
    assert sessions(stripe) == ["complete"]


def test_stripe_away_leaves_it_to_be_asked_again(app: Flask, stripe: LocalStripe) -> None:
    saved_id = ask_card()
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        saving.card_url(saved_id)
    assert card(saved_id).state == CardState.ASKED
    assert stripe.pay(saving.card_url(saved_id)).status == 303


def test_terms_that_stripe_refuses_end_the_page(app: Flask, stripe: LocalStripe) -> None:
    saved_id = ask_card(expires_at=now() + timedelta(minutes=5))
    with pytest.raises(WrongState):
        saving.card_url(saved_id)
    assert card(saved_id).state == CardState.FAILED


def test_webhooks_bring_it_and_twice_is_once(app: Flask, stripe: LocalStripe, live_server: str) -> None:
    stripe.send_webhooks_to(live_server)
    stripe.sim("faults", manual=True, duplicate=1.0)
    saved_id = ask_card()
    stripe.pay(saving.card_url(saved_id))
    stripe.sim("deliver", order="newest")
    keeping.drain()
    assert (card(saved_id).state, len(said("card.saved"))) == (CardState.SAVED, 1)


@pytest.mark.parametrize("how", ["events", "looking"])
def test_lost_webhooks_are_caught_up_with(app: Flask, stripe: LocalStripe, how: str) -> None:
    saved_id = ask_card()
    stripe.pay(saving.card_url(saved_id))
    if how == "events":
        assert catch_up() == 2  # the session's and the setup's
        keeping.drain()
    else:
        look_at_open_cards()
        assert card(saved_id).state == CardState.OPEN  # too young: its webhook is on its way
        with pretending(now() + timedelta(minutes=5)):
            look_at_open_cards()
    assert card(saved_id).state == CardState.SAVED


def test_six_looks_at_once_say_it_once(app: Flask, stripe: LocalStripe) -> None:
    saved_id = ask_card()
    stripe.pay(saving.card_url(saved_id))
    assert at_once(app, 6, lambda _: saving.sync_card(saved_id)) == [CardState.SAVED] * 6
    assert moves() == ["card.ask", "card.open", "card.save"]


def test_a_card_that_is_not_needed_is_forgotten_by_stripe(app: Flask, stripe: LocalStripe) -> None:
    gone, stays = saved(stripe, "gone"), saved(stripe, "stays", "pm_card_mastercard")
    assert kept(stripe) == ["4242", "4444"]
    detach(gone)
    detach(gone, "another reason")
    keeping.drain()
    assert kept(stripe) == ["4444"]
    assert len(stripe.client().customers.list().data) == 1
    assert (card(gone).state, card(gone).method_id, card(gone).customer_id) == (CardState.DETACHED, None, None)
    assert card(stays).state == CardState.SAVED


def test_forgetting_that_was_rolled_back_is_none(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    with rolled_back():
        saving.promise_detach(saved_id, "lost")
    keeping.drain()
    assert kept(stripe) == ["4242"]


def test_dying_after_stripe_has_forgotten_is_harmless(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    detach(saved_id)
    found = card(saved_id)
    till().forget(str(found.customer_id), found.method_id)
    assert at_once(app, 3, lambda _: saving.detach(saved_id)) == [CardState.DETACHED] * 3
    assert moves().count("card.detach") == 1


def test_stripe_away_forgets_later(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    detach(saved_id)
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        saving.detach(saved_id)
    assert card(saved_id).state == CardState.SAVED
    assert saving.detach(saved_id) == CardState.DETACHED


def test_a_page_that_is_open_is_closed_with_it(app: Flask, stripe: LocalStripe) -> None:
    asked, opened = ask_card("asked"), ask_card("opened")
    url = saving.card_url(opened)
    for saved_id in (asked, opened):
        detach(saved_id)
        with pytest.raises(WrongState):
            saving.card_url(saved_id)
    keeping.drain()
    assert (card(asked).state, card(opened).state) == (CardState.DETACHED, CardState.DETACHED)
    assert stripe.pay(url).status == 410
    assert stripe.client().customers.list().data == []


@pytest.mark.parametrize("race", range(4))
def test_saving_and_leaving_at_once_leaves_no_card(app: Flask, stripe: LocalStripe, race: int) -> None:
    saved_id = ask_card()
    url = saving.card_url(saved_id)

    def leave() -> None:
        detach(saved_id)
        saving.detach(saved_id)

    at_once(app, 2, lambda who: stripe.pay(url) if who else leave())
    keeping.drain()
    assert (card(saved_id).state, kept(stripe)) == (CardState.DETACHED, [])


@pytest.mark.parametrize("race", range(4))
def test_opening_and_leaving_at_once_leaves_no_page(app: Flask, stripe: LocalStripe, race: int) -> None:
    saved_id = ask_card()

    def leave() -> None:
        detach(saved_id)
        saving.detach(saved_id)

    at_once(app, 2, lambda who: saving.card_url(saved_id) if who else leave())
    keeping.drain()
    assert card(saved_id).state == CardState.DETACHED
    assert set(sessions(stripe)) <= {"expired"}


def test_a_page_that_was_another_account_s_ends_without_a_card(app: Flask, stripe: LocalStripe) -> None:
    """Or a lottery that waits for the end of every page would never be closed."""
    saved_id = ask_card()
    saving.card_url(saved_id)
    with transaction():
        lock(SavedCard, saved_id).session_id = "cs_test_of_another_account"
    assert saving.end_page(saved_id) == CardState.FAILED


def test_who_left_may_come_back(app: Flask, stripe: LocalStripe) -> None:
    saved_id = saved(stripe)
    detach(saved_id)
    keeping.drain()
    assert ask_card() == saved_id
    assert pay_through(stripe, saving.card_url(saved_id), "pm_card_mastercard") == 303
    assert saving.sync_card(saved_id) == CardState.SAVED
    assert (kept(stripe), len(said("card.saved"))) == (["4444"], 2)
