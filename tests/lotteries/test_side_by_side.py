"""Two lotteries at the same time: nothing of one is in the list, the draw, the letters or the pages of the other."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.kit.merkle import Step, climb
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.scheduling import cancel
from marketplace.lotteries import bundles, closing, counting, draw, papermail
from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import enter, own_entries, take_down
from marketplace.lotteries.groups import quota
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.lotteries.views import waiting_before
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, drawn, somebody
from tests.pages import Page


class Both(NamedTuple):
    one: Lottery
    """Of two units; four people have applied."""
    other: Lottery
    """Of one unit; the first of them has applied, too, and two others."""

    def closed(self) -> None:
        for lottery in self:
            closing.close(lottery.listing_id)

    def drawn(self) -> None:
        """Both are drawn at the same moment, and everybody has heard."""
        self.closed()
        with pretending(max(lottery.draw_at for lottery in self)):
            for lottery in self:
                draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
            keeping.drain()
        db.session.expire_all()


@pytest.fixture
def both(app: Flask) -> Both:
    one, other = (a_lottery(quantity=units, **asking(retain_days=30)) for units in (2, 1))
    first, *more = (given.an_account() for _ in range(6))
    for lottery, people in ((one, (first, *more[:3])), (other, (*more[3:], first))):
        for person in people:
            enter(lottery.id, person)
    keeping.drain()
    return Both(one, other)


def entries(lottery: Lottery) -> list[Entry]:
    db.session.expire_all()
    ranked = sa.select(Entry).where(Entry.lottery_id == lottery.id).order_by(Entry.rank, Entry.seq)
    return list(db.session.scalars(ranked))


def states(lottery: Lottery) -> list[EntryState]:
    return [entry.state for entry in entries(lottery)]


def nos(lottery: Lottery) -> list[str]:
    return [entry.no for entry in entries(lottery)]


def letters(template: str) -> list[str]:
    return sorted(db.session.scalars(sa.select(Notice.to_email).where(Notice.template == template)))


def emails(*entries: Entry) -> list[str]:
    return sorted(get(Account, entry.account_id).email for entry in entries)


def test_each_list_has_its_own_entries_and_each_entry_climbs_to_its_own_root(both: Both) -> None:
    assert [counting.count(lottery).persons for lottery in both] == [4, 3]
    assert [sum(n for _, n in counting.by_hour(lottery)) for lottery in both] == [4, 3]
    assert [counting.odds(lottery)[0]["persons"] for lottery in both] == [4, 3]
    before = [bundles.draw_of(lottery.code) for lottery in both]
    assert [public and public["n"] for public in before] == [4, 3]
    both.closed()
    for lottery in both:
        fixed = bundles.fixed_of(lottery)
        assert fixed is not None
        assert [entry["no"] for entry in bundles.bundle_of(fixed)["entries"]] == nos(lottery)
        for no in nos(lottery):
            proof = bundles.proof_of(lottery, no)
            assert proof is not None
            path = [Step(step["side"], bytes.fromhex(step["hash"])) for step in proof["path"]]
            assert climb(bytes.fromhex(proof["leaf"]), path).hex() == fixed.root
    assert bundles.proof_of(both.one, nos(both.other)[0]) is None


def test_one_that_is_closed_leaves_the_other_open(both: Both) -> None:
    closing.close(both.one.listing_id)
    assert [lottery.state for lottery in both] == [LotteryState.CLOSED, LotteryState.OPEN]
    assert enter(both.other.id, given.an_account()).counts


def test_each_is_drawn_among_its_own(both: Both, client: FlaskClient) -> None:
    both.drawn()
    for lottery, units in zip(both, (2, 1), strict=True):
        published = bundles.draw_of(lottery.code)
        assert published is not None
        assert draw.result(published) == published["result"]
        assert [*published["result"]["winners"], *published["result"]["waiting"]] == nos(lottery)
        assert states(lottery) == [EntryState.PAY_DUE] * units + [EntryState.WAITING] * (len(nos(lottery)) - units)
        text = client.get(f"/listings/{lottery.code}/draw.csv").data.decode("utf-8-sig")
        assert [row["受付番号"] for row in csv.DictReader(io.StringIO(text))] == nos(lottery)
        page, neighbour = client.get(f"/listings/{lottery.code}/draw").text, both[both.index(lottery) - 1]
        assert [no in page for no in nos(lottery)[:units] + nos(neighbour)[:1]] == [True] * units + [False]
    found = {template: letters(template) for template in ("pay_link", "entry_waiting")}
    one, other = entries(both.one), entries(both.other)
    assert found == {
        "pay_link": emails(*one[:2], *other[:1]),
        "entry_waiting": emails(*one[2:], *other[1:]),
    }


def test_who_does_not_pay_in_one_makes_place_in_that_one(both: Both) -> None:
    both.drawn()
    unpaid(open_orders(both.one.listing_id)[0].id)
    assert sorted(states(both.one)) == sorted(
        [EntryState.FORFEITED, EntryState.PAY_DUE, EntryState.PAY_DUE, EntryState.WAITING]
    )
    assert states(both.other) == [EntryState.PAY_DUE, EntryState.WAITING, EntryState.WAITING]
    (order,) = open_orders(both.other.listing_id)
    paid(order.id)
    assert states(both.other) == [EntryState.PAID, EntryState.LOST, EntryState.LOST]
    assert [lottery.state for lottery in both] == [LotteryState.DRAWN, LotteryState.SETTLED]
    assert sorted(states(both.one))[-1] == EntryState.WAITING
    assert letters("entry_ended") == emails(*entries(both.other)[1:])
    assert [counting.count(lottery)[3:6] for lottery in both] == [(3, 1, 0), (1, 0, 1)]


def test_those_of_one_that_is_cancelled_hear_it_and_the_other_goes_on(both: Both) -> None:
    cancel(both.one.listing_id, "staff:ACC-TEST", "大雪のため")
    keeping.drain()
    assert letters("lottery_cancelled") == emails(*entries(both.one))
    with after_the_close(both.other):
        draw_with_dice(both.other.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
    assert [lottery.state for lottery in both] == [LotteryState.CANCELLED, LotteryState.DRAWN]
    with pretending(both.one.erase_at):
        run_one(SHEETS["privacy.erase_due"])
    assert [[entry.account_id is None for entry in entries(lottery)] for lottery in both] == [[True] * 4, [False] * 3]


def test_who_applied_for_both_has_an_entry_in_each(both: Both, app: Flask) -> None:
    first = next(entry for entry in entries(both.one) if entry.seq == 1)
    account_id = first.account_id
    assert account_id is not None
    own = [own_entries(lottery.id, account_id) for lottery in both]
    assert [[entry.no in nos(lottery) for entry in found] for lottery, found in zip(both, own, strict=True)] == [
        [True],
        [True],
    ]
    client = given.signed_in(app.test_client(), account_id)
    for (entry,), lottery in zip(own, both, strict=True):
        assert client.get(f"/entries/{entry.no}").location.endswith(f"/listings/{lottery.code}/entry?no={entry.no}")
        assert entry.no in client.get(f"/listings/{lottery.code}/entry").text
    stranger = given.signed_in(app.test_client(), given.an_account())
    assert [stranger.get(f"/entries/{entry.no}").status_code for (entry,) in own] == [404, 404]


def test_the_desk_of_each_lists_its_own(both: Both, app: Flask) -> None:
    clerk = given.signed_in(app.test_client(), given.staff("drafter"))
    for lottery, neighbour in (both, both[::-1]):
        text = clerk.get(f"/staff/lotteries/{lottery.code}/entries").text
        assert [[no in text for no in nos(each)] for each in (lottery, neighbour)] == [
            [True] * len(nos(lottery)),
            [False] * len(nos(neighbour)),
        ]
        assert f"すべて {len(nos(lottery))}" in Page(text).words


def test_how_many_wait_before_one_and_which_letters_wait_on_paper_is_said_of_that_lottery(both: Both) -> None:
    both.drawn()
    assert [[waiting_before(entry) for entry in entries(lottery)][-1] for lottery in both] == [1, 1]
    counter = a_lottery(**asking(address=True))
    take_down(counter.id, given.staff("counter"), somebody(channel=Channel.COUNTER, phone="0237-12-3456"))
    keeping.drain()
    assert [len(papermail.waiting(lottery.id)) for lottery in (counter, *both)] == [1, 0, 0]


def test_entries_without_a_card_are_left_out_of_the_lottery_that_asks_for_one(app: Flask) -> None:
    asks, plain = a_lottery(**asking(card=True)), a_lottery()
    for lottery in (asks, plain):
        enter(lottery.id, given.an_account())
    closing.close(asks.listing_id)
    assert (states(asks), states(plain)) == ([EntryState.VOID], [EntryState.APPLIED])


def test_two_groups_of_one_lottery_have_their_own_tables_proofs_and_places(app: Flask, client: FlaskClient) -> None:
    rules = {"groups": quota(1, 2)}
    lottery, _received, _accounts = drawn(9, quantity=2, auction_rules=rules, groups=["others", "town", "others"])
    found = {group: [entry for entry in entries(lottery) if entry.group == group] for group in ("town", "others")}
    for group, own in found.items():
        text = client.get(f"/listings/{lottery.code}/draw.csv?group={group}").data.decode("utf-8-sig")
        assert [row["受付番号"] for row in csv.DictReader(io.StringIO(text))] == [entry.no for entry in own]
        fixed = bundles.fixed_of(lottery, group)
        assert fixed is not None
        for entry in own:
            proof = bundles.proof_of(lottery, entry.no)
            assert proof is not None
            path = [Step(step["side"], bytes.fromhex(step["hash"])) for step in proof["path"]]
            assert climb(bytes.fromhex(proof["leaf"]), path).hex() == fixed.root
            assert bundles.draw_for(entry) == fixed
        assert [waiting_before(entry) for entry in own[1:]] == list(range(len(own) - 1))
