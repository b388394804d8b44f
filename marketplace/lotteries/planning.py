"""What if? How a lottery is likely to go, before it is announced. Pure.

Each of the first winners, and each who is promoted, pays with the same chance, whatever others do. Then a unit changes
hands until somebody pays: how often is a geometric law, and all of it has a closed form.
"""

from __future__ import annotations

import math
from typing import NamedTuple

RUSH_MINUTE, RUSH_SECOND = 1_180 / 13_440, 54 / 13_440
"""Shares of all applications in the busiest minute and second, at a town's first sale in April 2023: 1,180 of 13,440 in
the first minute (published as more than 1,000), 54 in one second (estimated)."""
FEE = 36
"""Of a thousand yen, at Stripe's usual price for cards in Japan: https://stripe.com/jp/pricing"""
MOST_ROUNDS = 12
LIKELY = 0.5


class Case(NamedTuple):
    """How it goes where `unpaid` of those who may pay do not."""

    unpaid: float
    first_unpaid: float
    """Of the first winners, how many do not pay."""
    promoted: float
    """How many of the waiting list are asked, as long as it lasts."""
    rounds: int | None
    """After so many deadlines it is likely that everything is sold; None where it never is."""
    sold: float
    certainty: float
    """The chance that everything is sold before the waiting list ends."""
    placed: list[float]
    """Units sold after the first deadline, after the second, …"""
    gross_yen: int
    fee_yen: int

    @property
    def fund_yen(self) -> int:
        return self.gross_yen - self.fee_yen


class Plan(NamedTuple):
    """The answers that do not depend on who pays."""

    odds: float
    """Of one lot to be among the first winners."""
    odds_most: float
    """The same with as many lots as one person may hold, where everybody else holds one."""
    per_unit: float
    busiest_minute: float
    busiest_second: float


def plan(units: int, applicants: int, most_lots: int = 1) -> Plan:
    """For `units` rights and so many applicants with one lot each."""
    odds = 1.0 if applicants <= units else units / applicants
    most = 1.0 if odds == 1.0 else 1.0 - (1.0 - odds) ** most_lots
    return Plan(odds, most, applicants / units, applicants * RUSH_MINUTE, applicants * RUSH_SECOND)


def case(units: int, applicants: int, price_yen: int, unpaid: float) -> Case:
    """`unpaid`: the share that does not pay, from 0 to 1."""
    assert units > 0
    assert applicants >= 0
    assert 0 <= unpaid <= 1
    paying, first = 1.0 - unpaid, min(units, applicants)
    placed = _placed(units, applicants, unpaid)
    sold = min(float(units), applicants * paying)
    asked = min(float(applicants), units / paying) if paying else float(applicants)
    gross = round(sold) * price_yen
    return Case(
        unpaid=unpaid,
        first_unpaid=first * unpaid,
        promoted=max(0.0, asked - first),
        rounds=_rounds(units, applicants, unpaid),
        sold=sold,
        certainty=_certainty(units, applicants, paying),
        placed=placed,
        gross_yen=gross,
        fee_yen=gross * FEE // 1000,
    )


def _placed(units: int, applicants: int, unpaid: float) -> list[float]:
    """What is expected to be sold after each deadline, until nearly everything is, or nobody waits."""
    sold, left = 0.0, float(applicants)
    after: list[float] = []
    while len(after) < MOST_ROUNDS and left > 0.5 and sold < units - 0.5:
        asked = min(units - sold, left)
        left -= asked
        sold += asked * (1.0 - unpaid)
        after.append(sold)
    return after


def _rounds(units: int, applicants: int, unpaid: float) -> int | None:
    """The least r with (1 - unpaid^r)^units >= 1/2: the median of the longest of so many geometric waits."""
    if applicants * (1.0 - unpaid) < units:
        return None
    rounds = 1
    while units * math.log1p(-(unpaid**rounds)) < math.log(LIKELY):
        rounds += 1
    return rounds


def _certainty(units: int, applicants: int, paying: float) -> float:
    """P(at least `units` of all applicants would pay), by the normal law with half a person's correction."""
    if applicants < units:
        return 0.0
    spread = math.sqrt(applicants * paying * (1.0 - paying))
    if spread == 0:
        return 1.0 if applicants * paying >= units else 0.0
    return 0.5 * math.erfc((units - 0.5 - applicants * paying) / spread / math.sqrt(2))
