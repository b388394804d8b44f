"""A letter to present holders is written, shown, sent in batches by the worker, and stopped by those who want none."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer

from marketplace.accounts.letters import LetterKind, stopped
from marketplace.accounts.models import Account
from marketplace.accounts.second_person import SamePerson
from marketplace.gatherings.letters import Circular, CircularState, Copy, CopyState
from marketplace.gatherings.sent_twice import drafts_of
from marketplace.holders.owned import people
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.published import canon
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.sheets import sheet
from marketplace.listings.drafting import staff_name
from marketplace.notices.sending import Haste
from marketplace.notices.sending import send as post
from marketplace.rights.models import Right
from marketplace.settings import settings

A_BATCH = 50
MOST_ALONE = 20
"""To so many one person sends a letter alone; to more a second one, who read it."""


def draft(title: str, body: str, right_ids: Sequence[int], by: str) -> int:
    """A letter that nobody gets yet; its id, also where the form was sent twice. Invalid, with the field."""
    said = {"state": CircularState.DRAFT, **_checked(title, body, right_ids)}
    with transaction() as session:
        for same in drafts_of(Circular, said):
            return same.id
        circular = Circular(created_at=now(), **said)
        session.add(circular)
        session.flush()
        note(circular.subject, "draft_circular", by=by)
        return circular.id


def revise(circular_id: int, title: str, body: str, right_ids: Sequence[int], by: str) -> None:
    """WrongState once it is sent. Whoever was asked to send it is so no more: it is another letter now."""
    with transaction():
        circular = lock(Circular, circular_id)
        circular.asked_by = None
        move(circular, "revise_circular", by=by)
        for name, value in _checked(title, body, right_ids).items():
            setattr(circular, name, value)


class ChangedMeanwhile(Refused):
    code = "circular_changed_meanwhile"
    message = "お読みのあいだに、別の職員か別の画面が、この文面か送る相手を変えました。もう一度お読みください。"


class NeedsAnother(Refused):
    code = "circular_needs_another"
    message = f"{MOST_ALONE}人をこえる方へのお知らせは、別の職員の確認がいります。確認をたのんでください。"


def seen(circular: Circular) -> str:
    """What stands in the letter and to whom it goes: whoever sends it says what they read."""
    return sha256(canon([circular.title, circular.body, circular.right_ids])).hexdigest()


def ask(circular_id: int, actor_id: int, read: str | None = None) -> None:
    """Another one is to read it and send it. `read` as in send(). WrongState where it was asked for, or is sent."""
    with transaction():
        circular, by = _as_read(circular_id, read), staff_name(actor_id)
        circular.asked_by = actor_id
        move(circular, "ask_circular", by=by)


def send(circular_id: int, actor_id: int, read: str | None = None) -> int:
    """To everybody who holds such a right at this moment: how many copies there will be. Invalid for nobody;
    NeedsAnother where they are many and nobody asked for it; SamePerson for who asked.

    `read` is what seen() said of the letter on the screen; ChangedMeanwhile where it is another one now.
    """
    with transaction() as session:
        circular, by = _as_read(circular_id, read), staff_name(actor_id)
        readers = people(circular.right_ids)
        if not readers:
            raise Invalid("お送りする方がいません。")
        if circular.asked_by == actor_id:
            raise SamePerson
        if circular.state == CircularState.DRAFT and len(readers) > MOST_ALONE:
            raise NeedsAnother
        circular.sent_at, circular.sent_by = now(), actor_id
        move(circular, "send_circular", by=by, copies=len(readers))
        session.flush()
        rows = [{"circular_id": circular.id, "account_id": who, "state": CopyState.QUEUED} for who in readers]
        session.execute(sa.insert(Copy), rows)
        return len(readers)


def _as_read(circular_id: int, read: str | None) -> Circular:
    circular = lock(Circular, circular_id)
    if read is not None and read != seen(circular):
        raise ChangedMeanwhile
    return circular


def to_confirm(account_id: int) -> list[Circular]:
    """Letters that others asked to have sent, the oldest first."""
    asked = (Circular.state == CircularState.ASKED, Circular.asked_by != account_id)
    return list(db.session.scalars(sa.select(Circular).where(*asked).order_by(Circular.id)))


@sheet(every=5, name="gatherings.send_circulars")
def send_batches() -> None:
    """Copies that wait, a batch in each transaction; whoever comes at the same time takes others."""
    while _send_batch():
        pass
    _finish()


def _send_batch() -> int:
    with transaction() as session:
        waiting = sa.select(Copy).where(Copy.state == CopyState.QUEUED).order_by(Copy.id).limit(A_BATCH)
        copies = list(session.scalars(waiting.with_for_update(skip_locked=True)))
        unwilling = set(session.scalars(stopped(LetterKind.NEWS)))
        for copy in copies:
            copy.done_at = now()
            copy.state = CopyState.SKIPPED if copy.account_id in unwilling else CopyState.PROMISED
            if copy.state == CopyState.PROMISED:
                circular, account = get(Circular, copy.circular_id), get(Account, copy.account_id)
                post(
                    "circular",
                    account.email,
                    key=f"circular:{circular.code}:{account.code}",
                    haste=Haste.MANY,
                    **facts(circular, account),
                )
        return len(copies)


def _finish() -> None:
    """Letters of which every copy is done."""
    waiting = sa.select(Copy.circular_id).where(Copy.state == CopyState.QUEUED)
    done = sa.select(Circular.id).where(Circular.state == CircularState.SENDING, Circular.id.not_in(waiting))
    ids = list(db.session.scalars(done))
    let_go()
    for circular_id in ids:
        with transaction():
            circular = lock(Circular, circular_id)
            if circular.state == CircularState.SENDING:
                move(circular, "finish_circular")


def facts(circular: Circular, account: Account) -> dict[str, Any]:
    """What the letter's template needs; the preview shows the same."""
    titles = db.session.scalars(sa.select(Right.title_ja).where(Right.id.in_(circular.right_ids)).order_by(Right.id))
    stop = f"{settings().base_url}/letters/stop/{_signer().dumps(account.code)}"
    return {"circular": circular, "titles": list(titles), "stop": stop}


def log_of(circular_id: int) -> dict[CopyState, int]:
    """How many copies are where."""
    return logs_of([circular_id])[circular_id]


def logs_of(circular_ids: Sequence[int]) -> dict[int, dict[CopyState, int]]:
    """{circular: log_of()}"""
    rows = sa.select(Copy.circular_id, Copy.state, sa.func.count()).where(Copy.circular_id.in_(circular_ids))
    found = {
        (id_, state): count for id_, state, count in db.session.execute(rows.group_by(Copy.circular_id, Copy.state))
    }
    return {id_: {state: found.get((id_, state), 0) for state in CopyState} for id_ in circular_ids}


def reader_of(link: str) -> Account:
    """Whose letter a link to stop them came with. LookupError for a link that is none."""
    try:
        code = _signer().loads(link)
    except BadSignature:
        raise LookupError("no such link") from None
    return db.session.scalars(sa.select(Account).where(Account.code == code)).one()


def circular_of(code: str) -> Circular:
    """LookupError for none."""
    found = db.session.scalar(sa.select(Circular).where(Circular.code == code))
    if found is None:
        raise LookupError(f"circular {code}")
    return found


def _checked(title: str, body: str, right_ids: Sequence[int]) -> dict[str, object]:
    for value, field, words in ((title, "title", "件名"), (body, "body", "本文")):
        if not value.strip():
            raise Invalid(f"{words}を入力してください。", field=field)
    return {"title": title.strip(), "body": body.strip(), "right_ids": sorted(right_ids)}


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key.get_secret_value(), salt="circular")
