"""The published yen add up, to the last one; whatever is changed in them is seen."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from marketplace.fund import deciding, publishing
from marketplace.fund.adding_up import check
from marketplace.fund.models import Account, DecisionKind
from marketplace.fund.posting import post
from marketplace.fund.rules import bank_refund_lines, stripe_lines
from marketplace.fund.statements import summary
from marketplace.kit.clock import jst, now
from marketplace.kit.published import Malformed, Record
from tests import given

STEPS = (
    (DecisionKind.RECOGNISE, 19_000),
    (DecisionKind.SET_ASIDE, 12_000),
    (DecisionKind.PAY_IN, 9_000),
    (DecisionKind.PLAN, 6_000),
    (DecisionKind.SPEND, 2_000),
)


def told(key: str, kind: str, gross: int, fee: int = 0, subject: str = "", purpose: str = "payment") -> None:
    lines = stripe_lines(kind, gross, fee, purpose, known=subject != "")
    assert post(key, kind, lines, at=now(), subject=subject)


def a_book() -> Record:
    """Prices that stayed, went back in part and in full, and were disputed; a forfeited deposit, one in custody and
    one that a bank disputes; a stranger's payment, a charge of the card company, a payout, and all steps to a bus."""
    for n, yen in enumerate((10_000, 5_000, 4_000, 3_000), start=1):
        told(f"txn_{n}", "charge", yen, yen // 25, f"order:ORD-{n}")
    told("txn_5", "refund", -1_000, subject="order:ORD-1")
    told("txn_6", "refund", -5_000, subject="order:ORD-2")
    told("txn_7", "adjustment", -4_000, 1_500, "order:ORD-3")
    for n, yen in ((1, 2_000), (2, 700), (3, 600)):
        told(f"txn_1{n}", "charge", yen, 30, f"participation:{n}", "deposit")
    post(
        "forfeit:1",
        "forfeit",
        [(Account.DEPOSITS, 2_000), (Account.COLLECTED, -2_000)],
        at=now(),
        subject="participation:1",
    )
    told("txn_23", "adjustment", -600, 1_500, "participation:3", "deposit")
    told("txn_24", "charge", 800, 28)
    told("txn_25", "stripe_fee", -110)
    told("txn_26", "payout", -3_000)
    drafter, approver, today = given.staff("treasury"), given.staff("approver"), jst(now()).date()
    for kind, yen in STEPS:
        purpose = "通院バス" if kind in (DecisionKind.PLAN, DecisionKind.SPEND) else ""
        deciding.approve(deciding.ask(kind, drafter, yen, today, "議案第1号", purpose), approver)
    return as_published()


def as_published() -> Record:
    found: Record = json.loads(json.dumps(publishing.published()))
    return found


def remove(record: Any) -> None:
    record["items"].pop(1)


def swap(record: Any) -> None:
    record["items"][0], record["items"][1] = record["items"][1], record["items"][0]


def add_a_yen_to_both(record: Any) -> None:
    record["items"][0]["collected_yen"] += 1
    record["fund"]["collected_yen"] += 1
    record["fund"]["kept_yen"] += 1


def move_a_yen(record: Any) -> None:
    record["items"][0]["fund"] -= 1
    record["items"][3]["fund"] += 1


def lose_a_yen_at_the_bank(record: Any) -> None:
    (bank,) = [row for row in record["fund"]["accounts"] if row["account"] == "bank"]
    bank["yen"] -= 1
    record["fund"]["in_bank_yen"] -= 1


def pay_in_too_much(record: Any) -> None:
    record["fund"].update(fund_yen=13_000, left_yen=11_000)
    for entry in record["items"]:
        entry["fund"] = entry["set_aside"]
    record["items"][4]["fund"] = 1_000


WRONG: list[tuple[Callable[[Any], object], str]] = [
    (lambda record: record.update(version="fund-v2"), "the version is not fund-v1"),
    (remove, "collected_yen: the file says 24000, and 19000 comes out of it"),
    (lambda record: record["items"][0].update(collected_yen=10_001), "collected_yen: the file says 24000, and 24001"),
    (lambda record: record["items"][0].update(fee_yen=0), "fees_yen: the file says 4108, and 3708 comes out of it"),
    (lambda record: record["apart"].pop(), "fees_yen: the file says"),
    (lambda record: record["items"][0].update(returned_yen=0), "refunded_yen and disputed_yen: the file says 10600"),
    (lambda record: record["fund"].update(kept_yen=0), "kept_yen: the file says 0, and 9292 comes out of it"),
    (lambda record: record["fund"].update(left_yen=9_000), "left_yen: the file says 9000, and 7000 comes out of it"),
    (add_a_yen_to_both, "collected of entry 1: the file says 9000, and 9001 comes out of it"),
    (move_a_yen, "fund of entry 1: the file says 8999, and 9000 comes out of it"),
    (swap, "entry 1 is not in the order of payment"),
    (pay_in_too_much, "more yen reached fund than set_aside"),
    (lambda record: record["fund"].update(deposits_yen=0), "the account deposits: the file says 1300, and 0"),
    (lambda record: record["fund"].update(in_bank_yen=0), "the account bank: the file says 1000, and 0 comes out"),
    (lose_a_yen_at_the_bank, "the book is not balanced"),
    (lambda record: record["fund"].update(balanced=False), "the book is not balanced"),
    (lambda record: record["fund"]["months"].pop(), "collected_yen of all months: the file says 0, and 24000"),
    (
        lambda record: record["fund"]["months"][0].update(disputed_yen=0),
        "disputed_yen of all months: the file says 0, and 4600",
    ),
    (lambda record: record["fund"]["uses"].pop(), "spent_yen of all uses: the file says 0, and 2000"),
    (lambda record: record["items"][0].update(number="1"), ""),
    (lambda record: record["items"][0].pop("returned_yen"), ""),
    (lambda record: record["fund"].pop("revenue_yen"), ""),
    (lambda record: record["fund"].update(accounts={}), ""),
    (lambda record: record.update(items=None), ""),
]
"""Faults of a published file, and how the line begins that says so; "" where each program has its own words."""


def test_a_book_with_something_of_everything_adds_up(app: Flask) -> None:
    record = a_book()
    assert check(record) == {name: yen for name, yen in summary().items() if name.endswith("_yen")}
    stages = ("collected", "revenue", "set_aside", "fund", "spent")
    assert [(row["collected_yen"], row["returned_yen"], *map(row.get, stages)) for row in record["items"]] == [
        (10_000, 1_000, 9_000, 9_000, 9_000, 9_000, 2_000),
        (5_000, 5_000, 0, 0, 0, 0, 0),
        (4_000, 4_000, 0, 0, 0, 0, 0),
        (3_000, 0, 3_000, 3_000, 3_000, 0, 0),
        (2_000, 0, 2_000, 2_000, 0, 0, 0),
    ]


def test_what_belongs_to_no_price_stands_apart_by_its_kind(app: Flask) -> None:
    assert a_book()["apart"] == [
        {"kind": "adjustment", "fee_yen": 1_500, "returned_yen": 600},
        {"kind": "charge", "fee_yen": 88, "returned_yen": 0},
        {"kind": "stripe_fee", "fee_yen": 110, "returned_yen": 0},
    ]


def test_more_became_revenue_than_stayed_after_the_prices_went_back(app: Flask) -> None:
    told("txn_1", "charge", 1_000, 36, "order:ORD-1")
    deciding.approve(
        deciding.ask(DecisionKind.RECOGNISE, given.staff("treasury"), 1_000, jst(now()).date(), "調定第1号"),
        given.staff("approver"),
    )
    told("txn_2", "refund", -1_000, subject="order:ORD-1")
    told("txn_3", "charge", 300, 10, "order:ORD-2")
    record = as_published()
    assert check(record)["revenue_yen"] == 1_000
    assert [row["revenue"] for row in record["items"]] == [0, 300]


def test_what_a_bank_took_back_has_reached_nothing_until_the_dispute_is_won(app: Flask) -> None:
    told("txn_1", "charge", 1_000, 36, "order:ORD-1")
    told("txn_2", "charge", 300, 10, "order:ORD-2")
    told("txn_3", "adjustment", -1_000, 1_500, "order:ORD-1")
    lost = as_published()
    assert check(lost)["kept_yen"] == 300 - 1_546
    assert [row["collected"] for row in lost["items"]] == [0, 300]
    told("txn_4", "adjustment", 1_000, subject="order:ORD-1")
    won = as_published()
    assert (check(won)["disputed_yen"], [row["collected"] for row in won["items"]]) == (0, [1_000, 300])


def test_a_price_that_went_back_twice_takes_nothing_from_the_others(app: Flask) -> None:
    told("txn_1", "charge", 1_000, 36, "order:ORD-1")
    told("txn_2", "charge", 300, 10, "order:ORD-2")
    told("txn_3", "refund", -1_000, subject="order:ORD-1")
    lines = bank_refund_lines(1_000, "payment")
    assert post("bank_refund:1", "bank_refund", lines, at=now(), subject="order:ORD-1")
    record = as_published()
    assert check(record)["refunded_yen"] == 2_000
    assert [row["collected"] for row in record["items"]] == [0, 300]


def test_an_empty_book_adds_up(app: Flask) -> None:
    assert set(check(as_published()).values()) == {0}


def test_each_fault_is_said_in_one_line(app: Flask) -> None:
    book = json.dumps(a_book())
    for alter, says in WRONG:
        record = json.loads(book)
        alter(record)
        with pytest.raises(Malformed) as wrong:
            check(record)
        assert (str(wrong.value)[: len(says)], "\n" in str(wrong.value)) == (says, False)
