"""What may be written of a right."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.kit.refusals import Invalid
from marketplace.rights.models import Kind
from marketplace.rights.plan_rules import plan_faults, together_faults
from marketplace.rights.plans import Plan, read_all
from marketplace.rights.promises import GAIN, found


class PromisesARise(Invalid):
    code = "promises_a_rise"
    message = GAIN


def cleaned(text: str) -> str:
    """One spelling of the same text: NFC, no spaces at the ends, one kind of line end."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def check_right(values: Mapping[str, Any]) -> None:
    """Invalid, with the field, where a right can't be offered as written."""
    for fault in faults(values):
        raise fault


def faults(values: Mapping[str, Any]) -> Iterator[Invalid]:
    """Everything that is wrong with a right, so that a form can show it all at once."""
    if not str(values.get("title_ja") or "").strip():
        yield Invalid("名前を入力してください。", field="title_ja")
    for each in found(values):
        if each.plain:
            yield PromisesARise(f"「{each.word}」: {each.why}", field=each.field)
    if not 0 <= int(values.get("royalty_bps") or 0) <= 1000:
        yield Invalid("還元金は0％から10％までです。", field="royalty_bps")
    if values.get("kind") == Kind.NAMING and not values.get("term_months"):
        yield Invalid("命名権には期間（月数）が必要です。", field="term_months")
    if values.get("kind") == Kind.CERTIFICATE and values.get("transferable"):
        yield Invalid("証明書はゆずることができません。", field="transferable")
    yield from _faults_of_plans(read_all(values.get("perk_plans")), values.get("uses_per_token"))


def check_plans(plans: Sequence[Plan], uses_per_token: int | None) -> None:
    """Invalid where these plans can't be the perks of one right."""
    for fault in _faults_of_plans(plans, uses_per_token):
        raise fault


def _faults_of_plans(plans: Sequence[Plan], uses_per_token: int | None) -> Iterator[Invalid]:
    for plan in plans:
        for each in found({"title_ja": plan.name}):
            if each.plain:
                yield PromisesARise(f"「{each.word}」: {each.why}", field="name")
        yield from plan_faults(plan)
    yield from together_faults(plans, uses_per_token)
