"""The demo's treasury: what was sold becomes revenue, is set aside, goes into the fund, and is spent on the old people.

Each decision is written by the treasury and approved by the approver, as on their pages. What was collected in a fiscal
year is revenue of that one (地方自治法 208条2項), and is booked on its last day.
"""

from __future__ import annotations

from datetime import date

from marketplace.fund import deciding
from marketplace.fund.models import DecisionKind
from marketplace.fund.periods import years
from marketplace.fund.statements import of_year
from marketplace.kit.clock import jst, now

PURPOSES = ("お年寄りの通院バスの運行", "冬の雪下ろしのお手伝い", "町立病院の医療機器")
THOUSAND = 1_000


def keep_the_fund(office: dict[str, int]) -> None:
    """Of what was kept in each fiscal year nine tenths are its revenue; most of that is set aside, and most of that is
    in the fund, out of which this year spends."""
    today, paid_in = jst(now()).date(), 0
    for year in sorted(years()):
        kept, on = _kept(year), min(today, date(year + 1, 3, 31))
        if kept < 100 * THOUSAND:
            continue
        fund = _thousands(kept * 6 // 10)
        _decide(office, DecisionKind.RECOGNISE, on, _thousands(kept * 9 // 10), "調定第1号")
        _decide(office, DecisionKind.SET_ASIDE, on, _thousands(kept * 8 // 10), "議案第38号（補正予算）")
        _decide(office, DecisionKind.PAY_IN, on, fund, "振替命令書 第7号")
        paid_in += fund
    if not paid_in:
        return
    for n, purpose in enumerate(PURPOSES):
        planned = _thousands(paid_in // (n + 3))
        _decide(office, DecisionKind.PLAN, today, planned, "議案第38号（補正予算）", purpose)
        if n < 2:
            _decide(office, DecisionKind.SPEND, today, _thousands(planned // 3), f"支出命令書 第{n + 51}号", purpose)


def _kept(year: int) -> int:
    """Of the money that was collected in the year: what is left of it after Stripe and refunds, in yen."""
    of = of_year(year)
    return of["collected_yen"] - of["fees_yen"] - of["refunded_yen"] - of["disputed_yen"]


def _decide(office: dict[str, int], kind: DecisionKind, on: date, yen: int, document: str, purpose: str = "") -> None:
    decision_id = deciding.ask(kind, office["treasury"], yen, on, document, purpose)
    deciding.approve(decision_id, office["approver"])


def _thousands(yen: int) -> int:
    return max(yen // THOUSAND, 1) * THOUSAND
