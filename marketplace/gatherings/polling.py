"""A poll is asked, opened with a roll of that moment, answered once by each token, and closed by its hour."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from marketplace.gatherings.sent_twice import drafts_of
from marketplace.gatherings.votes import Choice, Poll, PollState, Voice
from marketplace.holders.models import Wallet
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, Refused
from marketplace.kit.sheets import sheet
from marketplace.rights.models import Right
from marketplace.tokens import ending
from marketplace.tokens.models import Custody, Token, TokenState
from marketplace.tokens.snapshots import snapshot

MOST_CHOICES = 10


class PollOver(Refused):
    code = "poll_over"
    message = "この投票は締め切りました。"


class NoVoice(NotAllowed):
    code = "no_voice"
    message = "この投票の基準の時点で権利をお持ちだった方だけが、投票できます。"


class VotedAlready(Refused):
    code = "voted_already"
    message = "もう投票ずみです。投票は、あとから変えられません。"


class NoSuchChoice(Invalid):
    code = "no_such_choice"
    message = "1つ選んでください。"


@dataclass(frozen=True)
class Question:
    """What the office fills in. `right_ids`: whose tokens vote, empty for all; `secret`: see votes.Poll."""

    title: str
    body: str
    choices: Sequence[str]
    right_ids: Sequence[int]
    secret: bool
    closes_at: datetime


def draft(question: Question, by: str) -> int:
    """A new poll; its id, also where the form was sent twice. Invalid, with the field."""
    words = [each.strip() for each in question.choices if each.strip()]
    if not question.title.strip():
        raise Invalid("お題を入力してください。", field="title")
    if not 2 <= len(words) <= MOST_CHOICES:
        raise Invalid(f"選ぶものは、1行に1つ、2から{MOST_CHOICES}まで書いてください。", field="choices")
    if len(set(words)) < len(words):
        raise Invalid("同じことばが2度あります。", field="choices")
    if max(map(len, words)) > 80:
        raise Invalid("1つは80文字までです。", field="choices")
    if question.closes_at <= now():
        raise Invalid("締め切りは、これからの日時にしてください。", field="closes_at")
    with transaction() as session:
        said = {
            "state": PollState.DRAFT,
            "title": question.title.strip(),
            "body": question.body.strip(),
            "right_ids": sorted(question.right_ids),
            "secret": question.secret,
            "closes_at": question.closes_at,
        }
        for same in drafts_of(Poll, said):
            if [choice.words for choice in choices_of(same.id)] == words:
                return same.id
        poll = Poll(created_at=now(), **said)
        session.add(poll)
        session.flush()
        session.add_all(Choice(poll_id=poll.id, number=n, words=each, votes=0) for n, each in enumerate(words, 1))
        note(poll.subject, "draft_poll", by=by)
        return poll.id


def drop(poll_id: int, by: str) -> None:
    """A draft is not asked after all."""
    with transaction():
        move(lock(Poll, poll_id), "drop_poll", by=by)


def open_poll(poll_id: int, by: str) -> None:
    """From now on it can be answered by whoever held a token, whose term is not over, at the last block that was read.

    Invalid where its hour has passed or nobody holds such a token, WrongState; Unavailable until the chain was read.
    """
    with transaction() as session:
        poll = lock(Poll, poll_id)
        Poll.MOVES.next(poll.state, "open_poll")
        if poll.closes_at <= now():
            raise Invalid("締め切りの日時が過ぎています。")
        seen = snapshot(poll.right_ids)
        ended = _ended()
        holders = {token_id: address for token_id, address in seen.holders.items() if token_id not in ended}
        if not holders:
            raise Invalid("権利をお持ちの方が、まだいません。")
        poll.snapshot_block, poll.snapshot_hash, poll.opened_at = seen.number, seen.hash, now()
        move(poll, "open_poll", by=by, block=seen.number, voices=len(holders))
        rows = [
            {"poll_id": poll.id, "token_id": token_id, "holder_address": address, "given": False}
            for token_id, address in sorted(holders.items())
        ]
        session.flush()
        session.execute(sa.insert(Voice), rows)


def _ended() -> set[int]:
    """The tokens whose term is over."""
    with_term = sa.select(Token).join(Token.right).where(Token.state == TokenState.HELD, Right.term_months.is_not(None))
    tokens = db.session.scalars(with_term.options(contains_eager(Token.right)))
    return {token.token_id for token in tokens if ending.over(token) is not None}


def vote(poll_id: int, account_id: int, number: int) -> int:
    """Give all one's voices that were not given yet to a choice; how many they were.

    PollOver, NoVoice, VotedAlready, NoSuchChoice; LookupError for a draft.
    """
    with transaction() as session:
        poll = lock(Poll, poll_id)
        if poll.state not in (PollState.OPEN, PollState.CLOSED):
            raise LookupError(poll.subject)
        if poll.state == PollState.CLOSED or poll.closes_at <= now():
            raise PollOver
        if session.get(Choice, (poll_id, number)) is None:
            raise NoSuchChoice(field="choice")
        mine = voices_of(poll_id, account_id)
        if not mine:
            raise NoVoice
        fresh = [voice.id for voice in mine if not voice.given]
        if not fresh:
            raise VotedAlready
        cast = sa.update(Voice).where(Voice.id.in_(fresh), Voice.given.is_(False))
        cast = cast.values(given=True, choice=None if poll.secret else number)
        count = len(list(session.scalars(cast.returning(Voice.id))))
        here = (Choice.poll_id == poll_id, Choice.number == number)
        session.execute(sa.update(Choice).where(*here).values(votes=Choice.votes + count))
        return count


def close(poll_id: int) -> None:
    """Its hour has come. Said again, it changes nothing."""
    with transaction():
        poll = lock(Poll, poll_id)
        if poll.state == PollState.OPEN and poll.closes_at <= now():
            move(poll, "close_poll", votes=sum(each.votes for each in choices_of(poll_id)))


@sheet(every=30, name="gatherings.close_polls")
def close_due() -> None:
    due = sa.select(Poll.id).where(Poll.state == PollState.OPEN, Poll.closes_at <= now()).order_by(Poll.id)
    ids = list(db.session.scalars(due))
    let_go()
    for poll_id in ids:
        close(poll_id)


def voices_of(poll_id: int, account_id: int) -> list[Voice]:
    """Of tokens that the town kept for this person at the snapshot, or that lay in a wallet that they proved."""
    custody = sa.select(Custody.address).where(Custody.account_id == account_id)
    wallets = sa.select(Wallet.address).where(Wallet.account_id == account_id)
    theirs = sa.or_(Voice.holder_address.in_(custody), Voice.holder_address.in_(wallets))
    found = sa.select(Voice).where(Voice.poll_id == poll_id, theirs).order_by(Voice.token_id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def choices_of(poll_id: int) -> list[Choice]:
    return choices_of_all([poll_id])[poll_id]


def choices_of_all(poll_ids: Collection[int]) -> dict[int, list[Choice]]:
    """{poll: choices_of()}"""
    found: dict[int, list[Choice]] = {poll_id: [] for poll_id in poll_ids}
    query = sa.select(Choice).where(Choice.poll_id.in_(found)).order_by(Choice.number)
    for choice in db.session.scalars(query.execution_options(populate_existing=True)):
        found[choice.poll_id].append(choice)
    return found


def roll(poll_id: int) -> tuple[int, int]:
    """(voices on the roll, voices given)."""
    return rolls([poll_id])[poll_id]


def rolls(poll_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """{poll: roll()}"""
    given = sa.func.coalesce(sa.func.sum(sa.case((Voice.given, 1), else_=0)), 0)
    query = sa.select(Voice.poll_id, sa.func.count(), given).where(Voice.poll_id.in_(poll_ids)).group_by(Voice.poll_id)
    counted = {poll_id: (int(all_), int(some)) for poll_id, all_, some in db.session.execute(query)}
    return {poll_id: counted.get(poll_id, (0, 0)) for poll_id in poll_ids}


def given_voices(poll_id: int) -> list[Voice]:
    """For an open poll that is over: each token that voted, in the order of their numbers."""
    found = sa.select(Voice).where(Voice.poll_id == poll_id, Voice.given.is_(True)).order_by(Voice.token_id)
    return list(db.session.scalars(found))


def poll_of(code: str, *, drafts: bool = False) -> Poll:
    """LookupError for none; for a draft too, unless the office asks."""
    found = db.session.scalar(sa.select(Poll).where(Poll.code == code))
    if found is None or (found.state in (PollState.DRAFT, PollState.DROPPED) and not drafts):
        raise LookupError(f"poll {code}")
    return found


def polls(*states: PollState) -> sa.Select[Poll]:
    """The newest first."""
    return sa.select(Poll).where(Poll.state.in_(states)).order_by(Poll.id.desc())
