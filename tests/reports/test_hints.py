from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.reports.hints import Past, hint


@pytest.mark.parametrize(
    ("past", "units", "price", "why"),
    [
        (Past(1_000, 3_000, 900, 13_440, 0.1), (1_000, 2_000), (3_000, 3_000), "数は2.0倍までふやせます"),
        (Past(100, 3_000, 90, 200, 0.1), (100, 100), (3_000, 3_000), "前と同じでよさそうです"),
        (Past(100, 3_000, 90, 100, 0.1), (72, 100), (3_000, 3_000), "数は0.7倍まで減らせます"),
        (Past(100, 3_000, 50, 300, 0.4), (100, 100), (2_700, 3_000), "払わなかった方が多い"),
        (Past(100, 3_000, 95), (100, 120), (3_000, 3_000), "ほとんど売れました"),
        (Past(100, 3_000, 30), (50, 100), (2_700, 3_000), "売れ残りが多い"),
        (Past(100, 3_000, 70, resales=8, median_yen=3_900), (100, 100), (3_000, 3_300), "町の価格より高い"),
        (Past(100, 3_000, 70, resales=8, median_yen=2_000), (100, 100), (2_700, 3_000), "町の価格より低い"),
        (Past(100, 3_000, 70, resales=4, median_yen=9_000), (100, 100), (3_000, 3_000), "価格を変える理由は"),
        (Past(100, 3_456, 70), (100, 100), (3_456, 3_456), "価格を変える理由は"),
    ],
)
def test_each_rule_says_its_reason(past: Past, units: tuple[int, int], price: tuple[int, int], why: str) -> None:
    said = hint(past)
    assert (said.units, said.price_yen) == (units, price)
    assert any(why in sentence for sentence in said.because), said.because


PASTS = st.builds(
    Past,
    units=st.integers(1, 999_999),
    price_yen=st.integers(50, 99_999_999),
    sold=st.integers(0, 999_999),
    applicants=st.none() | st.integers(0, 10**7),
    unpaid=st.none() | st.floats(0, 1),
    resales=st.integers(0, 10_000),
    median_yen=st.none() | st.integers(1, 10**9),
)


@given(PASTS)
def test_what_was_is_always_within_the_hint_and_no_step_is_wild(past: Past) -> None:
    said = hint(past)
    assert said.units[0] <= past.units <= said.units[1] <= 2 * past.units
    assert said.units[0] >= min(past.units, max(1, past.units // 2))
    assert said.price_yen[0] <= past.price_yen <= said.price_yen[1]
    assert said.price_yen[0] >= past.price_yen * 0.8
    assert said.price_yen[1] <= past.price_yen * 1.2
    assert f"{past.units:,}点のうち{past.sold:,}点が売れました" in said.because[0]
