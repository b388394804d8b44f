"""What a plan of a perk may say, and which law it falls under.

資金決済に関する法律 3条1項: what is paid for in advance and runs down with use is a 前払式支払手段. It is outside that
chapter where the state or a local government issues it (4条3号), and where it can be used for six months from its
issue at most (4条2号, 施行令 4条2項). A membership whose use takes nothing away is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from marketplace.kit.refusals import Invalid
from marketplace.rights.plans import Issuer, OnResale, Plan, PlanKind

RUNS_DOWN = (PlanKind.COUNTED, PlanKind.FIRST_HOLDER)
LONGEST_WITHOUT_NOTIFICATION = 6
"""Months from the day of issue."""
MOST_PLANS = 12


def plan_faults(plan: Plan) -> Iterator[Invalid]:
    """Everything that is wrong with one plan, each with the field of the form it stands beside."""
    if not plan.name.strip():
        yield Invalid("特典の名前を入力してください。", field="name")
    if not plan.places and plan.kind is not PlanKind.RSVP:
        yield Invalid("使えるところを1つ以上選んでください。", field="places")
    if plan.kind in (PlanKind.COUNTED, PlanKind.PERIODIC) and not plan.limit:
        yield Invalid("回数を入力してください。", field="limit")
    if plan.kind is PlanKind.PERIODIC and plan.per is None:
        yield Invalid("何ごとの回数かを選んでください。", field="per")
    if plan.begins and plan.ends and plan.ends < plan.begins:
        yield Invalid("終わりの日は、はじめの日よりあとにしてください。", field="ends")
    if any(last < first for first, last in plan.closed):
        yield Invalid("使えない日の、はじめと終わりが逆です。", field="closed")
    if plan.kind is PlanKind.COUNTED and plan.on_resale is not OnResale.REST:
        yield Invalid("回数の残りは帳面に記録され、権利といっしょに移ります。", field="on_resale")
    if plan.kind is PlanKind.FIRST_HOLDER and plan.on_resale is not OnResale.NOTHING:
        yield Invalid("はじめの持ち主だけの特典は、移りません。", field="on_resale")
    if needs_short_term(plan) and not (plan.months and plan.months <= LONGEST_WITHOUT_NOTIFICATION):
        yield Invalid(
            "町の外の事業者が出す回数の特典は、お渡しから6か月以内に使い終わるようにしてください"
            "（資金決済法 4条2号。これより長いと、届出や供託が要ることがあります）。",
            field="months",
        )


def needs_short_term(plan: Plan) -> bool:
    """Would it be a prepaid instrument that somebody has to notify, if it were good for longer?"""
    return plan.kind in RUNS_DOWN and plan.issuer is Issuer.PARTNER


def together_faults(plans: Sequence[Plan], uses_per_token: int | None) -> Iterator[Invalid]:
    """What is wrong with the plans of one right beside each other."""
    if len(plans) > MOST_PLANS:
        yield Invalid(f"特典は{MOST_PLANS}個までです。", field="perk_plans")
    counted = [plan for plan in plans if plan.kind is PlanKind.COUNTED]
    if len(counted) > 1:
        yield Invalid("回数の特典は、1つの権利に1つだけです。帳面で数えるのは1つだからです。", field="perk_plans")
    elif counted and counted[0].limit != uses_per_token:
        yield Invalid(
            f"回数の特典「{counted[0].name}」と同じ{counted[0].limit}回にしてください。", field="uses_per_token"
        )


def legal_hint(plan: Plan) -> str:
    """For whoever designs and approves it: the class that its kind and issuer put it in."""
    if plan.kind is PlanKind.RSVP:
        return "参加の予約です。席の数と受付は、催しの画面で決めます。"
    if plan.kind not in RUNS_DOWN:
        return "会員権です。使っても価値が減らないので、前払式支払手段（前払いの券）にあたりません。"
    if plan.issuer is Issuer.TOWN:
        return (
            "使うと減る前払いの券です。地方公共団体が発行するものは、前払式支払手段の規制の外です"
            "（資金決済法 4条3号）。サービスの責任は町が負います。"
        )
    return (
        "使うと減る前払いの券で、町の外の事業者が発行します。お渡しから6か月以内に使うものに限れば、"
        "届出は要りません（資金決済法 4条2号、施行令 4条2項）。長くするときは、財務局に確かめてください。"
    )
