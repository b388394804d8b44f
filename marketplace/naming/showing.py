"""Who holds a named right now, as the public may see it: a number, or the name that the holder lets be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marketplace.kit.db import db, insert_once, transaction
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, NotAllowed
from marketplace.naming import rules
from marketplace.naming.models import Naming, ShownName
from marketplace.perks.holding import holds, token_of
from marketplace.tokens.models import NOBODY, Transfer


class NotTheHolder(NotAllowed):
    code = "not_the_holder"
    message = "お名前を出せるのは、いまの持ち主だけです。"


@dataclass(frozen=True)
class Holding:
    """Somebody's turn with the token. `shown` is the name they let be shown, '' for none."""

    since: datetime
    number: str
    shown: str = ""

    @property
    def said(self) -> str:
        return self.shown or self.number


def number_of(address: str) -> str:
    """'保有者番号 0aa3': as the page of the token calls the same holder, by the end of their address."""
    return _("保有者番号 %(address)s", address=address[-4:].lower())


def holdings(row: Naming) -> list[Holding]:
    """Oldest first; the last one is the present holder's. Only the present holder's name is shown."""
    moves = sa.select(Transfer).where(Transfer.token_id == row.token_id, Transfer.to_address != NOBODY)
    order = moves.order_by(Transfer.block_number, Transfer.log_index)
    turns = [Holding(step.at, number_of(step.to_address)) for step in db.session.scalars(order)]
    shown = shown_name(row)
    if turns and shown and row.token.holder_address is not None:
        turns[-1] = Holding(turns[-1].since, turns[-1].number, shown)
    return turns


def shown_name(row: Naming) -> str:
    """What the present holder wants to be called in public; '' where they said nothing."""
    for kept in db.session.scalars(sa.select(ShownName).where(ShownName.token_id == row.token_id)):
        if holds(kept.account_id, row.token):
            return kept.name
    return ""


def own_name(row: Naming, account_id: int) -> str:
    found = sa.select(ShownName.name).filter_by(token_id=row.token_id, account_id=account_id)
    return db.session.scalar(found) or ""


def show(row: Naming, account_id: int, name: str) -> None:
    """The present holder's name is shown from now on; an empty one takes it away. NotTheHolder, Invalid."""
    try:
        wanted = rules.name(name) if name.strip() else ""
    except Invalid as fault:
        raise Invalid(str(fault).replace("愛称", "お名前"), field="shown") from None
    with transaction() as session:
        if not holds(account_id, token_of(row.token_id)):
            raise NotTheHolder
        mine = {"token_id": row.token_id, "account_id": account_id}
        if not wanted:
            session.execute(sa.delete(ShownName).filter_by(**mine))
        elif insert_once(ShownName, {**mine, "name": wanted}) is None:
            session.execute(sa.update(ShownName).filter_by(**mine).values(name=wanted))
