"""Who holds a named right now, as the public may see it: a number, or the name that the holder lets be shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, NotAllowed, Refused, TooLong, WrongState
from marketplace.listings.drafting import staff_name
from marketplace.naming import rules
from marketplace.naming.inviting import tell
from marketplace.naming.models import Naming, ShownName
from marketplace.perks.holding import holds, token_of
from marketplace.tokens.models import NOBODY, Transfer

LONGEST_WHY = 300


class NotTheHolder(NotAllowed):
    code = "not_the_holder"
    message = "お名前を出せるのは、いまの持ち主だけです。"


class ShowingStopped(Refused):
    code = "showing_stopped"
    message = "町がお名前の公開を止めています。役場にお問い合わせください。"


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
    kept = of_holder(row)
    return kept.name if kept is not None and not kept.stopped else ""


def of_holder(row: Naming) -> ShownName | None:
    """What the present holder said, also where the town has stopped it."""
    kept = sa.select(ShownName).where(ShownName.token_id == row.token_id).order_by(ShownName.id)
    return next((each for each in db.session.scalars(kept) if holds(each.account_id, row.token)), None)


def own(row: Naming, account_id: int) -> ShownName | None:
    return db.session.scalar(sa.select(ShownName).filter_by(token_id=row.token_id, account_id=account_id))


def show(row: Naming, account_id: int, name: str) -> None:
    """The present holder's name is shown from now on; an empty one takes it away.

    NotTheHolder, ShowingStopped, Invalid.
    """
    try:
        wanted = rules.name(name, "お名前") if name.strip() else ""
    except Invalid as fault:
        raise Invalid(str(fault), field="shown") from None
    with transaction() as session:
        lock(Naming, row.id)  # or the town stops a name that is another one by then
        if not holds(account_id, token_of(row.token_id)):
            raise NotTheHolder
        if (kept := own(row, account_id)) is not None and kept.stopped:
            raise ShowingStopped
        mine = {"token_id": row.token_id, "account_id": account_id}
        if not wanted:
            session.execute(sa.delete(ShownName).filter_by(**mine))
        elif insert_once(ShownName, {**mine, "name": wanted}) is None:
            session.execute(sa.update(ShownName).filter_by(**mine).values(name=wanted))


def stop(naming_id: int, actor_id: int, read: str, why: str) -> None:
    """The town shows the present holder's name no more, until it lets them again; they are told why.

    WrongState where another name, or none, is shown than the one that was `read`.
    """
    said = why.strip()
    if not said:
        raise Invalid("公開を止める理由を書いてください。持ち主が読みます。", field="why")
    if len(said) > LONGEST_WHY:
        raise TooLong(LONGEST_WHY, field="why")
    with transaction():
        row = lock(Naming, naming_id)
        kept = of_holder(row)
        if kept is None or kept.stopped or kept.name != read:
            raise WrongState
        kept.stopped = said
        note(row.subject, "name.stop_showing", by=staff_name(actor_id), why=said)
        to = get(Account, kept.account_id).email
        tell("naming_showing_stopped", row, key=f"{kept.id}:{now().isoformat()}", to=to, name=kept.name, why=said)


def let_show_again(naming_id: int, actor_id: int) -> None:
    """The present holder may enter a name again; the one that was stopped is gone. Said again, it changes nothing."""
    with transaction() as session:
        row = lock(Naming, naming_id)
        kept = of_holder(row)
        if kept is not None and kept.stopped:
            session.delete(kept)
            note(row.subject, "name.let_show_again", by=staff_name(actor_id))
