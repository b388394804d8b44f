"""What the town decides of its money: one person writes it down, another approves it, then it is booked, once."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.second_person import acting
from marketplace.fund.models import Decision, DecisionKind, DecisionState
from marketplace.fund.posting import step, step_back
from marketplace.fund.rules import NotPositive
from marketplace.fund.years import bookable, midday
from marketplace.journal.writing import move, note
from marketplace.kit.clock import jst, now
from marketplace.kit.codes import public_code
from marketplace.kit.dates import fiscal_year, fiscal_year_name, full_day
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid

MOST_YEN = 2_000_000_000


class NoPurpose(Invalid):
    code = "no_purpose"
    message = "何に使うかを書いてください。基金のページに公開されます。"


class NoDocument(Invalid):
    code = "no_document"
    message = "もとになる文書の名前と番号を書いてください（例 支出命令書 第34号）。"


class NotYet(Invalid):
    code = "not_yet"
    message = "まだ来ていない日は選べません。"


class NotThatYear(Invalid):
    """The books of the year were not open on the day."""

    code = "not_that_year"


def ask(
    kind: DecisionKind, actor_id: int, yen: int, on: date, document: str, purpose: str = "", year: int | None = None
) -> int:
    """Write a decision down for another person to approve; its id. The same one while it waits is written once.

    Args:
        on: the day of the decision or of the payment; of a plan it may lie ahead.
        year: the fiscal year that it belongs to, where that is not the one of `on`: in April and May payments of the
            year before are still booked for that one (years.bookable).

    Raises:
        NotPositive, NoPurpose, NoDocument, NotYet, NotThatYear, Invalid; each names its field.
    """
    paper, what = document.strip()[:120], purpose.strip()[:80]
    if yen <= 0:
        raise NotPositive(field="yen")
    if yen > MOST_YEN:
        raise Invalid(f"{MOST_YEN:,}円までで入力してください。", field="yen")
    assert kind != DecisionKind.UNDO, "undoing.py has its own question"
    if kind in (DecisionKind.PLAN, DecisionKind.SPEND) and not what:
        raise NoPurpose(field="purpose")
    if not paper:
        raise NoDocument(field="document")
    if kind != DecisionKind.PLAN and on > jst(now()).date():
        raise NotYet(field="on")
    belongs = fiscal_year(on) if year is None else year
    if belongs not in bookable(on):
        names = "か".join(map(fiscal_year_name, bookable(on)))
        raise NotThatYear(f"{full_day(on)}の分は、{names}に書いてください。", field="year")
    said: dict[str, Any] = {"kind": kind, "yen": yen, "on": on, "document": paper, "purpose": what}
    said["fiscal_year"] = belongs
    with transaction() as session:
        more: dict[str, Any] = {"code": public_code("FND"), "state": DecisionState.ASKED, "why": paper}
        more |= {"asked_by": actor_id, "asked_at": now()}
        decision_id = insert_once(Decision, said | more)
        if decision_id is None:  # the button was pressed twice
            return session.scalars(sa.select(Decision.id).filter_by(state=DecisionState.ASKED, **said)).one()
        subject = get(Decision, decision_id).subject
        note(subject, "decision.ask", by=acting(actor_id), why=paper, kind=str(kind), yen=yen)
        return decision_id


def approve(decision_id: int, actor_id: int) -> None:
    """A second person says yes, and it is booked. SamePerson, NotEnough, WrongState."""
    with transaction():
        if (wrong := get(Decision, decision_id).undoes_id) is not None:
            lock(Decision, wrong)  # whoever asks for its undoing holds it first, too
        decision = lock(Decision, decision_id)
        decision.decide(actor_id)
        move(decision, "decision.approve", by=acting(actor_id), yen=decision.yen)
        if decision.kind == DecisionKind.UNDO:
            _undo(decision, acting(actor_id))
        elif decision.kind != DecisionKind.PLAN:
            step(
                str(decision.kind),
                decision.yen,
                decision=decision.code,
                by=acting(actor_id),
                at=midday(decision.on),
                year=decision.fiscal_year,
            )


def _undo(undoing: Decision, by: str) -> None:
    """Inside the transaction that approves it. NotEnough where the money has gone on, WrongState."""
    wrong = lock(Decision, undoing.undoes_id)
    move(wrong, "decision.undo", by=by, why=undoing.document)
    if wrong.kind != DecisionKind.PLAN:
        at, year = midday(undoing.on), undoing.fiscal_year
        step_back(str(wrong.kind), wrong.yen, undone=wrong.code, decision=undoing.code, by=by, at=at, year=year)


def withdraw(decision_id: int, actor_id: int) -> None:
    """Nobody approves it; whoever asked may take it back too. WrongState."""
    with transaction():
        move(lock(Decision, decision_id), "decision.withdraw", by=acting(actor_id))


def waiting() -> list[Decision]:
    asked = sa.select(Decision).where(Decision.state == DecisionState.ASKED)
    return list(db.session.scalars(asked.order_by(Decision.id)))


def approved(*kinds: DecisionKind) -> list[Decision]:
    """The newest first, with those that were undone since."""
    done = sa.select(Decision).where(Decision.state.in_((DecisionState.APPROVED, DecisionState.UNDONE)))
    if kinds:
        done = done.where(Decision.kind.in_(kinds))
    return list(db.session.scalars(done.order_by(Decision.on.desc(), Decision.id.desc())))
