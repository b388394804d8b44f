"""A hint on how many to offer next and at what price, out of what happened before. Pure, and it says its reasons.

No model: a few rules of thumb that a clerk can follow with a pencil. Whoever decides sees the figures, the rule that
each led to, and that it promises nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MANY_PER_UNIT, FEW_PER_UNIT = 3.0, 1.2
"""Applicants for each unit: above the one most go home with nothing, below the other nearly everybody wins."""
MUCH_UNPAID, SOLD_WELL, SOLD_BADLY = 0.3, 0.9, 0.5
DEARER, CHEAPER = 1.2, 0.9
"""Of the price: a median of resales above the one says that people would have paid more, below the other, less."""
FEW_SALES = 5
"""Fewer resales than this say nothing."""


@dataclass(frozen=True)
class Past:
    """What is known of a sale that is over; None where it does not apply."""

    units: int
    price_yen: int
    sold: int
    applicants: int | None = None
    unpaid: float | None = None
    """Share of the winners who did not pay, from 0 to 1."""
    resales: int = 0
    median_yen: int | None = None


@dataclass(frozen=True)
class Hint:
    """From … to, both included; the same number twice where nothing speaks for a change."""

    units: tuple[int, int]
    price_yen: tuple[int, int]
    because: tuple[str, ...]


def hint(past: Past) -> Hint:
    """For a next sale of the same kind. `units` and `price_yen` of `past` are at least 1."""
    up, units_why = _more_or_fewer(past)
    dearer, price_why = _dearer_or_cheaper(past)
    low, high = sorted((past.units, max(1, round(past.units * up))))
    price = _round(past.price_yen * dearer) if dearer != 1.0 else past.price_yen
    prices = sorted((past.price_yen, price))
    because = (*_facts(past), units_why, price_why)
    return Hint((low, high), (prices[0], prices[1]), because)


def _facts(past: Past) -> Iterator[str]:
    yield f"{past.units:,}点のうち{past.sold:,}点が売れました（{100 * past.sold / past.units:.0f}％）。"
    if past.applicants is not None:
        yield f"応募は{past.applicants:,}名で、1点あたり{past.applicants / past.units:.1f}名でした。"
    if past.unpaid is not None:
        yield f"当選した方の{100 * past.unpaid:.0f}％が、期限までに払いませんでした。"
    if past.median_yen is not None and past.resales:
        ratio = past.median_yen / past.price_yen
        yield f"ゆずり渡しは{past.resales:,}件、中央値は{past.median_yen:,}円で、町の価格の{ratio:.2f}倍でした。"


def _more_or_fewer(past: Past) -> tuple[float, str]:
    """Factor on the number of units, and the sentence. Wanted is who applied and would pay."""
    if past.applicants is not None:
        wanted = past.applicants * (1 - (past.unpaid or 0)) / past.units
        if wanted >= MANY_PER_UNIT:
            up = min(wanted / 2, 2.0)
            return up, f"払う見こみの方が1点あたり{wanted:.1f}名います。数は{up:.1f}倍までふやせます。"
        if wanted < FEW_PER_UNIT:
            down = max(0.5, wanted * 0.8)
            return (
                down,
                f"払う見こみの方が1点あたり{wanted:.1f}名です。数は{down:.1f}倍まで減らせます。",
            )
        return 1.0, f"払う見こみの方が1点あたり{wanted:.1f}名です。数は、前と同じでよさそうです。"
    rate = past.sold / past.units
    if rate < SOLD_BADLY:
        return max(0.5, rate), "半分も売れていません。数は、売れた数まで減らせます。"
    if rate >= SOLD_WELL:
        return 1.2, "ほとんど売れました。数は1.2倍まで試せます。"
    return 1.0, "売れ行きは、数に合っています。数は、前と同じでよさそうです。"


def _dearer_or_cheaper(past: Past) -> tuple[float, str]:
    if past.unpaid is not None and past.unpaid >= MUCH_UNPAID:
        return 0.9, "払わなかった方が多いので、価格は1割まで下げることを考えられます。"
    if past.resales >= FEW_SALES and past.median_yen is not None:
        ratio = past.median_yen / past.price_yen
        if ratio >= DEARER:
            return 1.1, "ゆずり渡しの値段が町の価格より高いので、価格は1割まで上げることを考えられます。"
        if ratio <= CHEAPER:
            return 0.9, "ゆずり渡しの値段が町の価格より低いので、価格は1割まで下げることを考えられます。"
    if past.applicants is None and past.sold / past.units < SOLD_BADLY:
        return 0.9, "売れ残りが多いので、価格は1割まで下げることを考えられます。"
    return 1.0, "価格を変える理由は、この数字からは見えません。"


def _round(yen: float) -> int:
    """To two leading digits or so, as prices are: 3,300 and not 3,267."""
    step = int("1".ljust(len(str(int(yen))) - 1, "0"))
    return max(1, round(yen / step) * step)
