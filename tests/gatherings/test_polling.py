"""One vote for each token, of whoever held it at a named block: a token that is sold afterwards does not vote twice."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.models import Block, Cursor
from marketplace.gatherings import polling
from marketplace.gatherings.polling import Question
from marketplace.gatherings.votes import Choice, Poll, PollState, Voice
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, Unavailable
from marketplace.settings import settings
from marketplace.tokens.custody import custody_of
from marketplace.tokens.snapshots import holders_at
from tests import given
from tests.chainlogs import Chain, digest, somebody
from tests.gatherings.stage import BY
from tests.holders.stage import moved, proved, refusal
from tests.pages import read, send, submit
from tests.racing import at_once
from tests.resale.stage import custody, held_token, token
from tests.wallets import OwnWallet


def followed(block: int) -> None:
    """The chain has been read up to that block."""
    with transaction() as session:
        chain_id = settings().chain_id
        session.merge(Cursor(chain_id=chain_id, block=block, head=block, span=2_000, revision=1, replaying=False))
        session.merge(Block(chain_id=chain_id, number=block, hash=digest("block", block)))


def a_question(**more: Any) -> Question:
    usual: dict[str, Any] = {
        "title": "春の集いの場所",
        "body": "多かったほうで開きます。",
        "choices": ["交流センター", "公民館"],
        "right_ids": (),
        "secret": True,
        "closes_at": now() + timedelta(days=7),
    }
    return Question(**usual | more)


def a_poll(**more: Any) -> int:
    """One that is open, with the roll of block 4."""
    followed(4)
    poll_id = polling.draft(a_question(**more), BY)
    polling.open_poll(poll_id, BY)
    return poll_id


def votes(poll_id: int) -> list[int]:
    db.session.rollback()
    return [choice.votes for choice in polling.choices_of(poll_id)]


def poll(poll_id: int) -> Poll:
    db.session.rollback()
    return get(Poll, poll_id)


def test_a_token_sold_after_the_snapshot_votes_once(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    custody_of(ken)
    poll_id = a_poll()
    assert (poll(poll_id).snapshot_block, poll(poll_id).snapshot_hash) == (4, digest("block", 4))
    moved(chain, token_id, custody(hana), custody(ken), 5)
    assert token(token_id).holder_id == ken
    assert refusal(lambda: polling.vote(poll_id, ken, 1)) == "no_voice"
    assert polling.vote(poll_id, hana, 1) == 1
    assert refusal(lambda: polling.vote(poll_id, hana, 2)) == "voted_already"
    assert (votes(poll_id), polling.roll(poll_id)) == ([1, 0], (1, 1))


def test_a_token_sold_before_the_snapshot_is_its_buyers(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    custody_of(ken)
    moved(chain, token_id, custody(hana), custody(ken), 3)
    poll_id = a_poll()
    assert refusal(lambda: polling.vote(poll_id, hana, 1)) == "no_voice"
    assert polling.vote(poll_id, ken, 2) == 1


def test_each_token_is_one_vote_wherever_it_lies(chain: Chain, hana: int, ken: int) -> None:
    listing, wallet = given.a_listing(per_person_limit=3), OwnWallet("hana")
    mine = [held_token(chain, hana, listing, serial) for serial in (1, 2, 3)]
    held_token(chain, ken, listing, 4)
    moved(chain, mine[2], custody(hana), wallet.address, 3)
    poll_id = a_poll()
    assert polling.vote(poll_id, hana, 1) == 2
    proved(hana, wallet)
    assert polling.vote(poll_id, hana, 2) == 1
    assert (votes(poll_id), polling.roll(poll_id)) == ([2, 1], (4, 3))


def test_only_tokens_of_the_named_rights_are_on_the_roll(chain: Chain, hana: int, ken: int) -> None:
    hers, his = held_token(chain, hana), held_token(chain, ken)
    poll_id = a_poll(right_ids=[token(his).right_id])
    assert [voice.token_id for voice in polling.voices_of(poll_id, ken)] == [his]
    assert refusal(lambda: polling.vote(poll_id, hana, 1)) == "no_voice"
    assert hers not in holders_at(4, [token(his).right_id])


def test_holders_at_a_block_are_those_of_the_last_log_up_to_it(chain: Chain, hana: int, ken: int) -> None:
    token_id, third = held_token(chain, hana), somebody("third")
    moved(chain, token_id, custody(hana), custody(ken), 5)
    moved(chain, token_id, custody(ken), third, 7)
    told = [holders_at(block).get(token_id) for block in (0, 1, 4, 5, 6, 7, 99)]
    assert told == [None, custody(hana), custody(hana), custody(ken), custody(ken), third, third]


def test_of_a_secret_poll_nothing_says_who_chose_what_and_an_open_one_names_tokens(
    chain: Chain, client: FlaskClient, hana: int
) -> None:
    token_id = held_token(chain, hana)
    secret, named = a_poll(), a_poll(secret=False)
    for poll_id in (secret, named):
        polling.vote(poll_id, hana, 2)
    chosen = sa.select(Voice.poll_id, Voice.given, Voice.choice).order_by(Voice.poll_id)
    assert list(map(tuple, db.session.execute(chosen))) == [(secret, True, None), (named, True, 2)]
    codes = [poll(each).code for each in (secret, named)]
    assert [client.get(f"/polls/{code}.csv").status_code for code in codes] == [404, 404]
    polling.close_due()
    assert {poll(each).state for each in (secret, named)} == {PollState.OPEN}
    with pretending(now() + timedelta(days=7)):
        assert refusal(lambda: polling.vote(secret, hana, 1)) == "poll_over"
        polling.close_due()
        polling.close_due()
        assert {poll(each).state for each in (secret, named)} == {PollState.CLOSED}
        told = [list(csv.reader(io.StringIO(client.get(f"/polls/{code}.csv").text)))[1:] for code in codes]
    assert told == [[["交流センター", "0"], ["公民館", "1"]], [[str(token_id), "公民館"]]]


def test_one_person_in_many_windows_votes_once(app: Flask, chain: Chain, hana: int) -> None:
    held_token(chain, hana)
    poll_id = a_poll()
    outcomes = at_once(app, 5, lambda n: polling.vote(poll_id, hana, n % 2 + 1))
    assert sorted(str(getattr(each, "code", each)) for each in outcomes) == ["1", *["voted_already"] * 4]
    assert sum(votes(poll_id)) == 1


def test_before_the_chain_is_read_and_where_nobody_holds_anything_no_poll_opens(chain: Chain, hana: int) -> None:
    poll_id = polling.draft(a_question(), BY)
    with pytest.raises(Unavailable):
        polling.open_poll(poll_id, BY)
    followed(4)
    assert refusal(lambda: polling.open_poll(poll_id, BY)) == "invalid"
    polling.drop(poll_id, BY)
    assert refusal(lambda: polling.open_poll(poll_id, BY)) == "wrong_state"


def test_a_question_is_kept_without_what_stands_around_it_and_opens_before_its_hour_alone(
    chain: Chain, hana: int
) -> None:
    held_token(chain, hana)
    followed(4)
    until = now() + timedelta(days=7)
    asked = a_question(title=" 集いの場所　", choices=[" 交流センター", "公民館　"], closes_at=until)
    poll_id = polling.draft(asked, BY)
    words = [choice.words for choice in polling.choices_of(poll_id)]
    assert (poll(poll_id).title, words) == ("集いの場所", ["交流センター", "公民館"])
    events = sa.select(Entry.event, Entry.by).where(Entry.subject == poll(poll_id).subject)
    assert [tuple(each) for each in db.session.execute(events)] == [("draft_poll", BY)]
    with pretending(until):
        assert refusal(lambda: polling.open_poll(poll_id, BY)) == "invalid"
    assert poll(poll_id).state == PollState.DRAFT


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"choices": ["公民館", " "]}, "choices"),
        ({"choices": [f"{n}番" for n in range(11)]}, "choices"),
        ({"choices": ["公民館", "公民館 "]}, "choices"),
        ({"choices": ["公民館", "あ" * 81]}, "choices"),
        ({"closes_at": datetime(2027, 6, 1, 3, 0, 10, tzinfo=UTC)}, "closes_at"),
    ],
)
def test_what_cannot_be_asked_is_said_beside_its_field(app: Flask, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        polling.draft(a_question(**wrong), BY)
    assert caught.value.field == field
    assert db.session.scalar(sa.select(Poll)) is None


def test_the_database_lets_no_token_vote_twice(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    poll_id = a_poll()
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.add(Voice(poll_id=poll_id, token_id=token_id, holder_address=somebody("x"), given=False))
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.execute(sa.update(Voice).values(given=True, choice=9))


def test_a_poll_from_the_desk_to_its_result(app: Flask, chain: Chain, hana: int) -> None:
    held_token(chain, hana)
    followed(4)
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    filled = {"title": "春の集いの場所", "choices": "交流センター"}
    wrong = submit(desk, "/staff/polls/new", filled)
    assert "2から10まで" in read(wrong).form("/staff/polls/new").errors["choices"]
    submit(desk, "/staff/polls/new", filled | {"choices": "交流センター\n公民館\n"})
    code = db.session.scalars(sa.select(Poll.code)).one()
    send(desk, read(desk.get("/staff/polls")).form(f"/staff/polls/{code}/open"))
    guest, path = given.signed_in(app.test_client(), hana), f"/polls/{code}"
    assert send(guest, read(guest.get(path)).form(path)).status_code == 422
    asked = send(guest, read(guest.get(path)).form(path), {"choice": "2"})
    assert "「公民館」に投票しますか" in read(asked).words
    assert list(db.session.scalars(sa.select(Choice.votes))) == [0, 0]
    send(guest, read(asked).form(path))
    assert "投票ずみです（1票）。" in read(guest.get(path)).words
    stranger = given.signed_in(app.test_client(), given.an_account())
    assert "権利をお持ちではありませんでした" in read(stranger.get(path)).words
    with pretending(now() + timedelta(days=15)):
        polling.close_due()
        words = read(app.test_client().get(path)).words
    assert "1票のうち、1票の投票がありました。" in words
    assert "第4ブロック" in words
