"""A right is given by mail address: offered, answered or not, and only then moved; exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.holders import giving, handlers
from marketplace.holders.models import Gift, GiftState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid, Refused
from marketplace.resale import offering
from marketplace.tokens import binding
from marketplace.tokens.models import NOBODY, Token
from tests import given
from tests.chainlogs import Chain, somebody
from tests.crashing import rolled_back
from tests.holders.stage import TARO, arrived, gift, mailed_link, mails, moved, paid_and, refusal, the_link
from tests.resale.stage import calls, custody, heard, held_token, token


def test_nothing_moves_until_the_gift_is_accepted(chain: Chain, hana: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, "　Taro＠Example.jp ")
    found = gift(gift_id)
    assert (found.state, found.to_email, calls("gift:")) == (GiftState.OFFERED, TARO, [])
    assert mails(TARO) == ["gift_offered"]


def test_a_person_with_an_account_accepts_and_the_custodian_moves_it(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    gift_id = giving.give(token_id, hana, "ken@example.jp")
    giving.accept(gift_id, ken)
    giver = "0x" + get(Account, hana).custody_id
    assert calls("gift:") == [(gift(gift_id).call_key, "custodian", "custodyTransfer", [giver, custody(ken), token_id])]
    arrived(chain, token_id, hana, custody(ken))
    assert (gift(gift_id).state, token(token_id).holder_id) == (GiftState.DELIVERED, ken)
    assert (mails("ken@example.jp"), mails("hana@example.jp")) == (["gift_offered", "gift_arrived"], ["gift_accepted"])


def test_a_newcomer_accepts_by_the_mailed_link_and_gets_an_account(chain: Chain, hana: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, TARO)
    account_id = giving.accept_by_link(the_link())
    assert (get(Account, account_id).email, gift(gift_id).recipient_id) == (TARO, account_id)
    assert gift(gift_id).state == GiftState.ACCEPTED


def test_a_link_in_the_mail_opens_no_account_that_is_there_already(chain: Chain, hana: int, ken: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    link = mailed_link("ken@example.jp").rpartition("/")[2]
    assert refusal(lambda: giving.accept_by_link(link)) == "gift_not_addressed"
    assert (gift(gift_id).state, ken) == (GiftState.OFFERED, ken)


def test_a_link_is_used_up_by_the_answer(chain: Chain, hana: int) -> None:
    giving.give(held_token(chain, hana), hana, TARO)
    link = the_link()
    giving.accept_by_link(link)
    assert refusal(lambda: giving.accept_by_link(link)) == "gift_over"
    assert refusal(lambda: giving.accept_by_link("guessed")) == "gift_over"


def test_the_address_is_forgotten_with_the_answer(chain: Chain, hana: int, ken: int) -> None:
    gifts = [giving.give(held_token(chain, hana), hana, "ken@example.jp") for _ in range(3)]
    giving.accept(gifts[0], ken)
    giving.decline(gifts[1], ken)
    giving.withdraw(gift(gifts[2]).token_id, hana)
    assert [(gift(id_).state, gift(id_).to_email) for id_ in gifts] == [
        (GiftState.ACCEPTED, None),
        (GiftState.DECLINED, None),
        (GiftState.WITHDRAWN, None),
    ]


def test_declining_leaves_it_with_the_giver_who_is_told(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    gift_id = giving.give(token_id, hana, TARO)
    for _ in range(2):
        giving.decline(gift_id, None)
    assert (gift(gift_id).state, calls("gift:"), mails("hana@example.jp")) == (
        GiftState.DECLINED,
        [],
        ["gift_returned"],
    )
    giving.give(token_id, hana, "jiro@example.jp")


def test_it_can_be_undone_before_it_is_accepted_and_not_after(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    first = giving.give(token_id, hana, "ken@example.jp")
    for _ in range(2):
        giving.withdraw(token_id, hana)
    assert refusal(lambda: giving.accept(first, ken)) == "gift_over"
    second = giving.give(token_id, hana, "ken@example.jp")
    giving.accept(second, ken)
    assert refusal(lambda: giving.withdraw(token_id, hana)) == "gift_over"


def test_only_the_giver_can_undo_it(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    giving.give(token_id, hana, TARO)
    assert refusal(lambda: giving.withdraw(token_id, ken)) == "not_yours"


def test_without_an_answer_it_ends_by_itself(chain: Chain, hana: int, ken: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    with pretending(now() + giving.LIFE):
        assert refusal(lambda: giving.accept(gift_id, ken)) == "gift_over"
        for _ in range(2):
            giving.expire_due()
    assert (gift(gift_id).state, mails("hana@example.jp")) == (GiftState.EXPIRED, ["gift_returned"])


def test_only_the_addressee_can_answer(chain: Chain, hana: int, ken: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, TARO)
    assert refusal(lambda: giving.accept(gift_id, ken)) == "gift_not_addressed"
    assert refusal(lambda: giving.decline(gift_id, ken)) == "gift_not_addressed"


def test_to_oneself_or_to_no_address_is_refused_beside_the_field(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    found = []
    for typed in ("HANA@example.jp", "taro", "taro@", "a b@example.jp"):
        with pytest.raises(Invalid) as caught:
            giving.give(token_id, hana, typed)
        found.append((caught.value.code, caught.value.field))
    assert found == [("gift_to_oneself", "email"), *[("not_an_address", "email")] * 3]


@pytest.mark.parametrize(
    ("right", "code"),
    [
        ({"kind": "certificate"}, "not_transferable"),
        ({"tradable_from": given.in_days(30)}, "not_yet_transferable"),
    ],
    ids=["certificate", "before the date"],
)
def test_the_rights_own_rule_is_kept(chain: Chain, hana: int, right: dict[str, Any], code: str) -> None:
    token_id = held_token(chain, hana, **right)
    assert refusal(lambda: giving.give(token_id, hana, TARO)) == code


def test_what_is_not_yours_cannot_be_given(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    assert refusal(lambda: giving.give(token_id, ken, TARO)) == "not_yours"


def test_a_gift_while_it_is_on_offer_is_refused_and_the_other_way_round(chain: Chain, hana: int) -> None:
    offered, given_away = held_token(chain, hana), held_token(chain, hana)
    offering.offer(offered, hana, 5_000)
    giving.give(given_away, hana, TARO)
    assert refusal(lambda: giving.give(offered, hana, TARO)) == "already_offered"
    assert refusal(lambda: offering.offer(given_away, hana, 5_000)) == "gift_under_way"
    assert refusal(lambda: giving.give(given_away, hana, "jiro@example.jp")) == "gift_under_way"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"dispute": "under_review"}, "payment_disputed"),
        ({"dispute": "won"}, None),
        ({"returned": True}, "refund_under_way"),
    ],
    ids=["disputed", "decided", "refunded"],
)
def test_what_is_not_paid_for_beyond_doubt_stays(
    chain: Chain, hana: int, facts: dict[str, Any], code: str | None
) -> None:
    token_id = held_token(chain, hana)
    paid_and(token_id, **facts)
    outcome: list[str | None] = []
    for act in (lambda: giving.give(token_id, hana, TARO), lambda: offering.check(token(token_id), hana, 5_000)):
        try:
            act()
        except Refused as refused:
            outcome.append(refused.code)
        else:
            outcome.append(None if code is None else "passed")
            giving.withdraw(token_id, hana)
    assert outcome == [code, code]


def test_a_person_who_got_it_in_good_faith_answers_for_nobodys_card(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    paid_and(token_id, dispute="under_review")
    custody_of_ken = custody(ken)
    moved(chain, token_id, custody(hana), somebody("stranger"), 3)
    held_token(chain, ken)  # the town knows the address of ken's custody
    moved(chain, token_id, somebody("stranger"), custody_of_ken, 4)
    assert refusal(lambda: giving.give(token_id, hana, TARO)) == "not_yours"
    giving.give(token_id, ken, TARO)


@pytest.fixture
def in_use() -> Iterator[None]:
    """An office that uses tokens says when one of them is in use."""

    class InUse(Refused):
        code = "in_use"

    binding.binds("test.use")(lambda tokens: {token.token_id: InUse() for token in tokens})
    yield
    del binding.BONDS["test.use"]


def test_a_right_in_use_is_neither_given_nor_sold(chain: Chain, hana: int, in_use: None) -> None:
    token_id = held_token(chain, hana)
    assert refusal(lambda: giving.give(token_id, hana, TARO)) == "in_use"
    assert refusal(lambda: offering.offer(token_id, hana, 5_000)) == "in_use"


def test_a_revoked_right_ends_the_gift(chain: Chain, hana: int, ken: int) -> None:
    waiting, accepted = held_token(chain, hana), held_token(chain, hana)
    gifts = [giving.give(token_id, hana, "ken@example.jp") for token_id in (waiting, accepted)]
    giving.accept(gifts[1], ken)
    for block, token_id in enumerate((waiting, accepted), start=3):
        moved(chain, token_id, custody(hana), NOBODY, block)
    assert [gift(id_).state for id_ in gifts] == [GiftState.VOID, GiftState.VOID]


def test_a_movement_of_somebody_else_is_not_taken_for_the_gift(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    gift_id = giving.give(token_id, hana, "ken@example.jp")
    giving.accept(gift_id, ken)
    moved(chain, token_id, custody(hana), somebody("stranger"), 3)
    assert gift(gift_id).state == GiftState.ACCEPTED


def test_while_the_chain_has_not_moved_it_it_can_be_promised_to_nobody_else(chain: Chain, hana: int, ken: int) -> None:
    """Also after the chain took back that it had: the same bytes go out again."""
    token_id = held_token(chain, hana)
    giving.accept(giving.give(token_id, hana, "ken@example.jp"), ken)
    moved(chain, token_id, custody(hana), custody(ken), 5)
    assert gift(1).state == GiftState.DELIVERED
    chain.take_back(5)
    heard(chain, token_id)
    assert token(token_id).holder_id == hana
    assert refusal(lambda: giving.give(token_id, hana, TARO)) == "gift_under_way"


def test_nobody_gives_more_than_twenty_a_day(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    for _ in range(giving.A_DAY):
        giving.give(token_id, hana, TARO)
        giving.withdraw(token_id, hana)
    assert refusal(lambda: giving.give(token_id, hana, TARO)) == "too_many_gifts"
    with pretending(now() + timedelta(days=1, seconds=1)):
        giving.give(token_id, hana, TARO)


def test_the_database_lets_a_token_be_in_one_open_gift_only(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    giving.give(token_id, hana, TARO)
    row = {"token_id": token_id, "giver_id": hana, "to_email": TARO, "link_hash": "x", "code": "GFT-X"}
    with pytest.raises(sa.exc.IntegrityError), rolled_back() as session:
        session.add(Gift(**row, state=GiftState.OFFERED, offered_at=now(), expires_at=now()))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Token)) == 1


def test_a_gift_to_the_former_address_is_for_the_same_person_and_a_later_one_is_not(
    chain: Chain, hana: int, ken: int
) -> None:
    before = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    given.readdressed(ken, "ken@new.example.jp")
    later = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    assert [each.id for each, _token in giving.waiting_for(get(Account, ken))] == [before]
    assert refusal(lambda: giving.accept(later, ken)) == "gift_not_addressed"
    giving.accept(before, ken)
    assert gift(before).state == GiftState.ACCEPTED


def test_a_gift_to_ones_own_second_mailbox_is_taken_back_and_not_accepted(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    gift_id = giving.give(token_id, hana, TARO)
    given.readdressed(hana, TARO)
    assert refusal(lambda: giving.accept(gift_id, hana)) == "own_gift"
    giving.withdraw(token_id, hana)
    assert (gift(gift_id).state, token(token_id).holder_id) == (GiftState.WITHDRAWN, hana)


def test_offices_that_hear_of_a_second_change_of_address_first_lose_no_gift(chain: Chain, hana: int, ken: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    changes = [given.moved(ken, f"ken@{where}.example.jp") for where in ("one", "two")]
    for change_id in reversed(changes):
        handlers.on_new_address(change_id)
    assert [each.id for each, _token in giving.waiting_for(get(Account, ken))] == [gift_id]
