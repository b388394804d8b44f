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
        {"month": "2026-11", "collected_yen": 5_000, "fees_yen": 180, "refunded_yen": 5_000},
        {"month": "2026-10", "collected_yen": 10_000, "fees_yen": 360, "refunded_yen": 0},
    ]
    assert [row["title_ja"] for row in seen["accounts"][:2]] == ["決済代行（Stripe）の残高", "指定金融機関の預金"]
