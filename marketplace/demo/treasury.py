"""The demo's treasury: what was sold becomes revenue, is set aside, goes into the fund, and is spent on the old people.

Each decision is written by the treasury and approved by the approver, as on their pages.
"""

from __future__ import annotations

from marketplace.fund import deciding
from marketplace.fund.models import DecisionKind
from marketplace.fund.statements import summary
from marketplace.kit.clock import jst, now

PURPOSES = ("お年寄りの通院バスの運行", "冬の雪下ろしのお手伝い", "町立病院の医療機器")
THOUSAND = 1_000


def keep_the_fund(office: dict[str, int]) -> None:
    """Of what was kept nine tenths are revenue; most of that is set aside, and most of that is in the fund."""
    kept = summary()["kept_yen"]
    if kept < 100 * THOUSAND:
        return
    fund = _thousands(kept * 6 // 10)
    _decide(office, DecisionKind.RECOGNISE, _thousands(kept * 9 // 10), "調定第1号")
    _decide(office, DecisionKind.SET_ASIDE, _thousands(kept * 8 // 10), "議案第38号（補正予算）")
    _decide(office, DecisionKind.PAY_IN, fund, "振替命令書 第7号")
    for n, purpose in enumerate(PURPOSES):
        planned = _thousands(fund // (n + 3))
        _decide(office, DecisionKind.PLAN, planned, "議案第38号（補正予算）", purpose)
        if n < 2:
            _decide(office, DecisionKind.SPEND, _thousands(planned // 3), f"支出命令書 第{n + 51}号", purpose)


def _decide(office: dict[str, int], kind: DecisionKind, yen: int, document: str, purpose: str = "") -> None:
    decision_id = deciding.ask(kind, office["treasury"], yen, jst(now()).date(), document, purpose)
    deciding.approve(decision_id, office["approver"])


def _thousands(yen: int) -> int:
    return max(yen // THOUSAND, 1) * THOUSAND
