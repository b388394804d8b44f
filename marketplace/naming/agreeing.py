"""協定: the first buyer agrees on the screen, a second member of staff concludes it, and the name is announced."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import check_other
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.listings.drafting import staff_name
from marketplace.naming.inviting import tell
from marketplace.naming.models import Naming, NamingState, Place
from marketplace.naming.rules import NotTheFirstBuyer, SamePerson
from marketplace.naming.screening import minutes_of, term


class NoPlace(Refused):
    code = "naming_without_a_place"
    message = "看板を立てる場所が、まだ登録されていません。先に場所を登録してください。"


def agree(naming_id: int, account_id: int, *, begins_on: date) -> None:
    """The first buyer agrees to the name and the term that were on the screen. Again changes nothing.

    WrongState where the term was changed meanwhile: it has to be read first.
    """
    with transaction():
        row = lock(Naming, naming_id)
        if row.account_id != account_id:
            raise NotTheFirstBuyer
        if row.state in (NamingState.AGREED, NamingState.IN_FORCE):
            return
        if row.begins_on != begins_on:
            raise WrongState
        row.agreed_at = now()
        move(row, "agreement.agree", by=f"buyer:{get(Account, account_id).code}")


def set_term(naming_id: int, actor_id: int, begins_on: date) -> None:
    """The office moves the term while the first buyer has not agreed; they are told."""
    with transaction():
        row = lock(Naming, naming_id)
        if row.state != NamingState.CHOSEN:
            raise WrongState
        row.begins_on, row.ends_on = term(row, begins_on)
        row.chosen_by = actor_id
        note(row.subject, "agreement.set_term", by=staff_name(actor_id), begins=begins_on.isoformat())
        tell("naming_chosen", row, key=now().isoformat())


def send_back(naming_id: int, actor_id: int, why: str) -> None:
    """The second person is not content: the agreement goes back to the desk, and to the first buyer after it."""
    if not why.strip():
        raise Invalid("差し戻す理由を書いてください。", field="why")
    with transaction():
        row = lock(Naming, naming_id)
        move(row, "agreement.send_back", by=staff_name(actor_id), why=why.strip())
        row.agreed_at = None


def conclude(naming_id: int, actor_id: int) -> None:
    """A second person concludes the agreement; from then on the name is public.

    SamePerson for who chose the name or its term, NoPlace where nobody has said where the sign stands,
    OwnCase.
    """
    with transaction():
        row = lock(Naming, naming_id)
        check_other(actor_id, row.account_id)
        if actor_id in choosers(row):
            raise SamePerson
        place = place_of(row)
        if place is None:
            raise NoPlace
        row.place_id = place.id
        row.concluded_by, row.concluded_at = actor_id, now()
        move(row, "agreement.conclude", by=staff_name(actor_id))
        tell("naming_announced", row, key="1")


def choosers(row: Naming) -> set[int | None]:
    """Who wrote down that the name was chosen, and who set its term last."""
    return {row.chosen_by, *(meeting.recorded_by for meeting in minutes_of(row)[-1:])}


def place_of(row: Naming) -> Place | None:
    """That of its agreement; before one, that of its right."""
    if row.place_id is not None:
        return get(Place, row.place_id)
    return db.session.scalar(sa.select(Place).where(Place.right_id == row.token.right_id))
