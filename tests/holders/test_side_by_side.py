"""Two holders side by side: gifts, withdrawals and wallets of one are not the other's."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.holders import giving, leaving, owned, wallets, withdrawing
from marketplace.holders.models import GiftState, WithdrawalState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from tests import given
from tests.chainlogs import Chain, somebody
from tests.holders.stage import gift, mailed_link, moved, proved, refusal, withdrawal
from tests.resale.stage import custody, heard, held_token, token
from tests.wallets import OwnWallet

HANA, KEN = OwnWallet("hana"), OwnWallet("ken")
TITLES = ("朝市の出店権", "温泉の回数券")


@pytest.fixture
def two(chain: Chain, hana: int, ken: int) -> tuple[int, int]:
    """Hana's token and Ken's, of two rights."""
    first, second = (held_token(chain, each, title_ja=title) for each, title in zip((hana, ken), TITLES, strict=True))
    return first, second


def test_each_gift_goes_its_own_way(two: tuple[int, int], hana: int, ken: int) -> None:
    gifts = [giving.give(two[0], hana, "taro@example.jp"), giving.give(two[1], ken, "jiro@example.jp")]
    assert [getattr(leaving.open_gift(each), "id", None) for each in two] == gifts
    letters = sa.select(Notice.body).where(Notice.template == "gift_offered").order_by(Notice.id)
    assert [[title in body for title in TITLES] for body in db.session.scalars(letters)] == [
        [True, False],
        [False, True],
    ]
    links = [mailed_link(f"{name}@example.jp").rpartition("/")[2] for name in ("taro", "jiro")]
    assert [giving.by_link(each).id for each in links] == gifts
    assert [giving.by_code(gift(each).code).id for each in gifts] == gifts
    jiro = giving.accept_by_link(links[1])
    assert [gift(each).state for each in gifts] == [GiftState.OFFERED, GiftState.ACCEPTED]
    assert leaving.open_withdrawal(two[0]) is None
    assert giving.waiting_for(get(Account, jiro)) == []
    taro = get(Account, given.an_account("taro@example.jp"))
    assert [(each.id, of.token_id) for each, of in giving.waiting_for(taro)] == [(gifts[0], two[0])]
    with pretending(now() + giving.LIFE):
        assert giving.waiting_for(taro) == []


def test_each_gives_so_much_in_a_day(
    chain: Chain, two: tuple[int, int], hana: int, ken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving, "A_DAY", 1)
    giving.give(two[0], hana, "taro@example.jp")
    giving.give(two[1], ken, "taro@example.jp")
    another = held_token(chain, hana)
    assert refusal(lambda: giving.give(another, hana, "taro@example.jp")) == "too_many_gifts"
    with pretending(now() + timedelta(hours=25)):
        giving.give(another, hana, "taro@example.jp")


def test_each_leaves_for_the_own_wallet_when_its_own_time_is_over(two: tuple[int, int], hana: int, ken: int) -> None:
    to_hana, to_ken = proved(hana, HANA), proved(ken, KEN)
    assert (proved(ken, KEN), proved(hana, HANA)) == (to_ken, to_hana)
    assert [[each.id for each in wallets.wallets_of(who)] for who in (hana, ken)] == [[to_hana], [to_ken]]
    first = withdrawing.ask(two[0], hana, to_hana)
    with pretending(now() + timedelta(hours=12)):
        second = withdrawing.ask(two[1], ken, to_ken)
    assert [getattr(leaving.open_withdrawal(each), "id", None) for each in two] == [first, second]
    with pretending(now() + timedelta(hours=25)):
        withdrawing.release_due()
    assert [withdrawal(each).state for each in (first, second)] == [WithdrawalState.MOVING, WithdrawalState.COOLING]
    withdrawing.cancel(two[1], ken)
    reasons = leaving._withdrawal([token(each) for each in two])
    assert {each: reason.code for each, reason in reasons.items()} == {two[0]: "withdrawal_under_way"}


def test_each_owns_what_lies_in_the_own_custody_and_wallets(
    chain: Chain, two: tuple[int, int], hana: int, ken: int
) -> None:
    proved(hana, HANA)
    proved(ken, KEN)
    moved(chain, two[1], custody(ken), KEN.address, block=3)
    third = held_token(chain, hana)
    chain.transfer(third, custody(hana), somebody("a stranger"), block=4)
    heard(chain, third)
    assert [[each.token_id for each in owned.owned(who)] for who in (hana, ken)] == [[two[0]], [two[1]]]
    rights = [token(each).right_id for each in (*two, third)]
    assert owned.people_by_right(rights) == {rights[0]: {hana}, rights[1]: {ken}}
    assert [owned.people([each]) for each in rights] == [[hana], [ken], []]
    assert [owned.people_by_right([each]) for each in rights[1:]] == [{rights[1]: {ken}}, {}]
    assert owned.people() == [hana, ken]
