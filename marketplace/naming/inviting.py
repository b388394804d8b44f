"""The first buyer of a naming right is invited to propose; who lets the time pass is asked by the office."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.sheets import sheet
from marketplace.listings.drafting import staff_name
from marketplace.naming.models import Naming, NamingState
from marketplace.notices.sending import send
from marketplace.rights.models import Kind
from marketplace.settings import settings
from marketplace.tokens.models import Token

TO_PROPOSE = timedelta(days=60)
"""From the issue, and from each new invitation."""
SOON = timedelta(days=14)
"""Before the deadline, the first buyer is reminded."""


def invite(token_id: int) -> None:
    """Begin the naming of a token that was issued; of another kind of right, or asked again: nothing."""
    with transaction():
        token = db.session.scalar(sa.select(Token).where(Token.token_id == token_id))
        if token is None or token.right.kind != Kind.NAMING:
            return
        begun = {"state": NamingState.INVITED, "invited_at": now(), "answer_by": now() + TO_PROPOSE}
        made = insert_once(Naming, {"token_id": token_id, "account_id": token.account_id, "round": 1, **begun})
        if made is not None:
            row = get(Naming, made)
            note(row.subject, "name.invite", token=token.subject)
            tell("naming_invited", row, key="1")


def invite_again(naming_id: int, actor_id: int) -> None:
    """The office gives the first buyer, who let the time pass, a new one."""
    with transaction():
        row = lock(Naming, naming_id)
        row.answer_by = now() + TO_PROPOSE
        move(row, "name.invite_again", by=staff_name(actor_id))
        tell("naming_invited", row, key=now().isoformat())


@sheet(every=3600, name="naming.deadlines")
def deadlines() -> None:
    """Remind whose time is nearly over, once each time; end the waiting where it is."""
    waiting = Naming.state.in_((NamingState.INVITED, NamingState.NONE_FIT))
    due = list(db.session.scalars(sa.select(Naming.id).where(waiting, Naming.answer_by < now() + SOON)))
    let_go()
    for naming_id in due:
        with transaction():
            row = lock(Naming, naming_id)
            if not row.MOVES.allows(row.state, "name.lapse"):
                continue  # somebody was faster
            if row.answer_by <= now():
                move(row, "name.lapse")
                tell("naming_lapsed", row, key=row.answer_by.isoformat())
            elif row.answer_by <= now() + SOON:
                tell("naming_reminded", row, key=row.answer_by.isoformat())


def tell(template: str, row: Naming, key: str, to: str = "", **more: Any) -> None:
    """A letter to the first buyer, or to another address."""
    send(
        template,
        to or row.account.email,
        key=f"{template}:{row.code}:{key}",
        naming=row,
        right=row.token.right,
        link=f"{settings().base_url}/mypage/namings/{row.code}",
        **more,
    )
