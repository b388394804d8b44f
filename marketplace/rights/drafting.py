"""Write a right down, and freeze it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import rfc8785

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.rights.models import Right, RightState
from marketplace.rights.plans import Plan, PlanKind
from marketplace.rights.rules import check_plans, check_right, cleaned

FIELDS = (
    *("kind", "title_ja", "title_en", "lead_ja", "lead_en", "body_ja", "body_en", "perks", "terms"),
    *("resale_rule_ja", "resale_rule_en", "perk_plans"),
    *("transferable", "royalty_bps", "tradable_from", "term_months", "uses_per_token"),
    *("picture_id", "picture_alt", "art_seed", "art_per_token"),
)


def draft(values: Mapping[str, Any], by: str) -> int:
    """A new right in draft; its id. Invalid where a rule is broken."""
    return draft_all([values], by)[0]


def draft_all(many: Sequence[Mapping[str, Any]], by: str) -> list[int]:
    """New rights in draft, all of them or none; their ids in the same order. Invalid where a rule is broken."""
    for values in many:
        check_right(values)
    with transaction() as session:
        rights = [Right(state=RightState.DRAFT, created_at=now(), **_clean(values)) for values in many]
        session.add_all(rights)
        session.flush()
        for right in rights:
            note(right.subject, "draft", by=by)
        return [right.id for right in rights]


def revise(right_id: int, values: Mapping[str, Any], by: str) -> None:
    """Change a right that is still a draft. Its plans of perks stay where `values` has none."""
    with transaction():
        right = lock(Right, right_id)
        if right.state != RightState.DRAFT:
            raise WrongState
        check_right({"perk_plans": right.perk_plans, **values})
        for field, value in _clean(values).items():
            setattr(right, field, value)
        note(right.subject, "revise", by=by)


def plan_perks(right_id: int, plans: Sequence[Plan], by: str) -> None:
    """Give a draft these plans. A counted one says how many uses each token has on chain."""
    with transaction():
        right = lock(Right, right_id)
        if right.state != RightState.DRAFT:
            raise WrongState
        counted = [plan.limit for plan in plans if plan.kind is PlanKind.COUNTED]
        uses = counted[0] if counted else right.uses_per_token
        check_plans(plans, uses)
        right.perk_plans, right.uses_per_token = _tidy([plan.as_json() for plan in plans]), uses
        note(right.subject, "plan_perks", by=by)


def freeze(right_id: int, by: str) -> str:
    """Approve the text: it gets its hash and does not change any more. The hash, 'sha256:<hex>'."""
    with transaction():
        right = lock(Right, right_id)
        right.text_hash = text_hash(right)
        move(right, "approve", by=by)
        return right.text_hash


def text_hash(right: Right) -> str:
    """'sha256:' + hex of the canonical JSON (RFC 8785) of everything that was approved."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(facts(right))).hexdigest()


def facts(right: Right) -> dict[str, Any]:
    """Everything that is approved with a right, as JSON."""
    found = {field: getattr(right, field) for field in FIELDS}
    found["tradable_from"] = right.tradable_from.isoformat() if right.tradable_from else None
    found["kind"] = str(right.kind)
    return found


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: _tidy(values[field]) for field in FIELDS if field in values}


def _tidy(value: Any) -> Any:
    """The value with all its text cleaned, also inside lists and objects."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    return cleaned(value) if isinstance(value, str) else value
