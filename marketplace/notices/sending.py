"""Promise a letter inside a transaction; it is written then and posted after the commit."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import render_template

from marketplace.kit.clock import now
from marketplace.kit.db import alone, db, insert_once, let_go
from marketplace.kit.languages import Language, speaking
from marketplace.kit.languages import language as spoken
from marketplace.notices.mail import PAPER, Letter, mail
from marketplace.notices.models import Notice
from marketplace.outbox.promising import handles, say
from marketplace.settings import settings
from marketplace.settings.spoken import Spoken

_notices = Notice.__table__
assert isinstance(_notices, sa.Table)
_THIS = _notices.c.id == sa.bindparam("notice")
_WAITS = sa.select(_notices.c["to_email", "subject", "body"]).where(_THIS, _notices.c.sent_at.is_(None))
_SENT = sa.update(_notices).where(_THIS).values(sent_at=sa.bindparam("at"))

Reads = Callable[[str], Language | None]
_reads: list[Reads] = []


def tells_languages(of: Reads) -> Reads:
    """Make `of` known, which says in what language whoever has a mail address wants to read; None for a stranger."""
    _reads.append(of)
    return of


def language_of(email: str) -> Language:
    """For a stranger, what is spoken here now."""
    return next(filter(None, (of(email) for of in _reads)), spoken())


class Haste(StrEnum):
    """How pressing a letter is: of those that wait, the first of these go first. As the outbox calls it."""

    AWAITED = "notice.awaited"
    """It is worth something for minutes: a code for which a page asks, a turn."""
    ONE = "notice.promised"
    MANY = "notice.to_many"
    """The same to all who took part; nobody has to do anything soon."""


def send(
    template: str,
    to_email: str,
    key: str,
    *,
    language: Language | None = None,
    haste: Haste = Haste.ONE,
    **context: Any,
) -> None:
    """Promise notices/<template>.txt to `to_email`, once for each `key`, in `language`, else in the reader's own.

    The template's first line is the subject ('件名: …'), then an empty line, then the body.
    """
    with speaking(language or language_of(to_email)):
        text = render_template(f"notices/{template}.txt", town=Spoken(settings()), **context)
    head, _, body = text.lstrip().partition("\n")
    notice_id = insert_once(
        Notice,
        {
            "key": key,
            "template": template,
            "to_email": to_email,
            "subject": " ".join(head.removeprefix("件名:").split())[:200],
            "body": body.strip() + "\n",
            "promised_at": now(),
        },
    )
    if notice_id is not None:
        say(haste, key=str(notice_id), notice_id=notice_id)


@handles(Haste.AWAITED, aside=0)
@handles(Haste.ONE, aside=1)
@handles(Haste.MANY, aside=2)
def post(notice_id: int) -> None:
    """Hand the letter to the post office. A crash right after may post it twice; losing it would be worse.

    One to somebody without mail waits for staff to print it. One that was erased with whoever it was for, is not sent.
    """
    notice = db.session.execute(_WAITS, {"notice": notice_id}).one_or_none()
    if notice is None or notice.to_email.endswith(f"@{PAPER}"):
        return
    let_go()
    mail().send(Letter(f"notice-{notice_id}", notice.to_email, notice.subject, notice.body))
    alone(_SENT, {"notice": notice_id, "at": now()})
