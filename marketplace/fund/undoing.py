"""取り消し: a decision on the fund that was wrong is undone by another one, which again two persons make.

Nothing is deleted: the book has the step and the step back, and the list of decisions has both. What went on from there
is undone first.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.accounts.second_person import acting
from marketplace.fund.deciding import NoDocument
from marketplace.fund.models import Decision, DecisionKind, DecisionState
from marketplace.fund.years import bookable
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.codes import public_code
from marketplace.kit.dates import fiscal_year
from marketplace.kit.db import get, insert_once, lock, transaction
from marketplace.kit.refusals import WrongState


def ask(decision_id: int, actor_id: int, document: str) -> int:
    """Write down that an approved decision was wrong, for another person to approve; the id of that. Twice is once.

    In the fiscal year of the decision as long as its books are open. NoDocument; WrongState where it is undone already,
    or undoes one itself.
    """
    paper = document.strip()[:120]
    if not paper:
        raise NoDocument(field="paper")
    with transaction() as session:
        wrong = lock(Decision, decision_id)
        if wrong.kind == DecisionKind.UNDO:
            raise WrongState
        wrong.MOVES.next(wrong.state, "decision.undo")
        today = jst(now()).date()
        said: dict[str, Any] = {"kind": DecisionKind.UNDO, "undoes_id": wrong.id, "yen": wrong.yen, "on": today}
        said |= {"fiscal_year": wrong.fiscal_year if wrong.fiscal_year in bookable(today) else fiscal_year(today)}
        said |= {"code": public_code("FND"), "state": DecisionState.ASKED, "purpose": wrong.purpose}
        asked = {"document": paper, "why": paper, "asked_by": actor_id, "asked_at": now()}
        undo_id = insert_once(Decision, said | asked)
        if undo_id is None:  # somebody has asked already
            waiting = sa.select(Decision.id).where(Decision.undoes_id == wrong.id)
            return session.scalars(waiting.where(Decision.state == DecisionState.ASKED)).one()
        subject = get(Decision, undo_id).subject
        note(subject, "decision.ask", by=acting(actor_id), why=paper, kind="undo", yen=wrong.yen, undoes=wrong.code)
        return undo_id
