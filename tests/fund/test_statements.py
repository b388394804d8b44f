"""What the book says."""

from datetime import UTC, datetime

from flask import Flask

from marketplace.fund.posting import post, step
from marketplace.fund.rules import stripe_lines
from marketplace.fund.statements import summary


def test_an_empty_book_is_balanced(app: Flask) -> None:
    seen = summary()
    assert (seen["balanced"], seen["months"]) == (True, [])
    assert {value for key, value in seen.items() if key.endswith("_yen")} == {0}


def test_the_summary_counts_every_step_from_its_beginning(app: Flask) -> None:
    post("txn_1", "charge", stripe_lines("charge", 10_000, 360), at=datetime(2026, 10, 31, 14, 59, tzinfo=UTC))
    post("txn_2", "charge", stripe_lines("charge", 5_000, 180), at=datetime(2026, 10, 31, 15, 0, tzinfo=UTC))
    post("txn_3", "refund", stripe_lines("refund", -5_000, 0), at=datetime(2026, 11, 2, tzinfo=UTC))
    step("recognise", 9_000, decision="調定第1号", by="staff:ACC-1")
    step("set_aside", 8_000, decision="積立第1号", by="staff:ACC-1")
    step("pay_in", 7_000, decision="基金第1号", by="staff:ACC-1")
    seen = summary()
    assert {key: value for key, value in seen.items() if key.endswith("_yen")} == {
        "collected_yen": 15_000,
        "fees_yen": 540,
        "refunded_yen": 5_000,
        "disputed_yen": 0,
        "kept_yen": 9_460,
        "revenue_yen": 9_000,
        "set_aside_yen": 8_000,
        "fund_yen": 7_000,
        "spent_yen": 0,
        "left_yen": 7_000,
        "at_stripe_yen": 9_460,
        "in_bank_yen": 0,
        "forfeited_yen": 0,
        "deposits_yen": 0,
        "held_yen": 0,
    }
    assert seen["months"] == [  # by the month in Japan: 15:00 UTC is midnight there
        {"month": "2026-11", "collected_yen": 5_000, "fees_yen": 180, "refunded_yen": 5_000, "disputed_yen": 0},
        {"month": "2026-10", "collected_yen": 10_000, "fees_yen": 360, "refunded_yen": 0, "disputed_yen": 0},
    ]
    assert [row["title_ja"] for row in seen["accounts"][:2]] == ["決済代行（Stripe）の残高", "指定金融機関の預金"]


def test_the_months_have_what_banks_took_back_and_gave_back_and_sum_to_what_was_kept(app: Flask) -> None:
    taken = [("charge", 10_000, 360, 9), ("adjustment", -10_000, 1_500, 10), ("adjustment", 10_000, 0, 11)]
    for n, (kind, gross, fee, month) in enumerate(taken):
        post(f"txn_{n}", kind, stripe_lines(kind, gross, fee), at=datetime(2026, month, 2, tzinfo=UTC))
    seen = summary()
    parts = ("collected_yen", "fees_yen", "refunded_yen", "disputed_yen")
    assert [[month["month"], *(month[part] for part in parts)] for month in seen["months"]] == [
        ["2026-11", 0, 0, 0, -10_000],
        ["2026-10", 0, 1_500, 0, 10_000],
        ["2026-09", 10_000, 360, 0, 0],
    ]
    kept = [month["collected_yen"] - sum(month[part] for part in parts[1:]) for month in seen["months"]]
    assert (kept, sum(kept)) == ([10_000, -11_500, 9_640], seen["kept_yen"])
