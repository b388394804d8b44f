"""What a counter shows after a use: large words that can be read from across a desk."""

from __future__ import annotations

from typing import Any

from marketplace.kit.refusals import Refused
from marketplace.perks.using import Outcome
from marketplace.rights.plans import PlanKind

SPANS = {"day": "本日", "month": "今月", "fiscal_year": "今年度"}


def said(done: Outcome) -> dict[str, Any]:
    """{"ok", "headline", "name", "left", "use", "used"}: 'OK 本日1回目'.

    `used` is [token, plan, period, times], by which the tablet keeps count for when the network is away.
    """
    span = "本日" if done.plan.kind is PlanKind.MEMBERSHIP else SPANS.get(str(done.plan.per or ""), "")
    left = "何度でも使えます" if done.left is None else f"{span}のこり {done.left}回"
    return {
        "ok": True,
        "headline": f"OK {span}{done.nth}回目",
        "name": done.plan.name,
        "left": left,
        "use": done.ref,
        "used": [done.token_id, done.plan.id, done.period, done.nth],
    }


def refused(refusal: Refused) -> dict[str, Any]:
    """{"ok", "code", "headline", "name"}: '使えません', and why."""
    headline = "使えません：本日すでに利用" if str(refusal).startswith("本日すでに") else "使えません"
    return {"ok": False, "code": refusal.code, "headline": headline, "name": str(refusal)}
