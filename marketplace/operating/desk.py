"""しくみの健康: each part of the house in one line, since when it is as it is, and what to do."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.kit import beats
from marketplace.operating.archive import newest
from marketplace.operating.faults import PARTS
from marketplace.operating.health import Grade
from marketplace.operating.looking_inside import ASLEEP
from marketplace.operating.models import Trouble
from marketplace.operating.watching import last_round, past, standing
from marketplace.settings import settings

bp = Blueprint("operating", __name__)


@bp.get("/staff/health")
@staff("drafter", "approver", "treasury", "admin")
def health() -> ResponseReturnValue:
    looked_at = last_round()
    asleep = beats.is_missed(beats.WORKER, looked_at, ASLEEP)  # what it last found says nothing any more
    troubles = [trouble for trouble in standing() if trouble.fault is not None and trouble.gone_at is None]
    troubles.sort(key=lambda trouble: -grade_of(trouble).weight)
    of_parts = {part: [grade_of(each) for each in troubles if each.code.startswith(f"{part}.")] for part in PARTS}
    grades = [grade_of(trouble) for trouble in troubles]
    return render_template(
        "operating/health.html",
        parts=PARTS,
        pressing=troubles,
        grades={part: found[0] if found else None for part, found in of_parts.items()},
        counts={str(grade): grades.count(grade) for grade in Grade},
        looked_at=looked_at,
        asleep=asleep,
        past=past(20),
        backup=newest(settings().backups),
        operator=bool(settings().operator_mail),
    )


def grade_of(trouble: Trouble) -> Grade:
    return trouble.fault.grade if trouble.fault is not None else Grade.GOOD
