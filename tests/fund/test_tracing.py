"""How far the money of one right has come: first paid, first moved; nothing is counted twice and nothing is lost."""

from datetime import timedelta

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from marketplace.fund import tracing
from marketplace.fund.adding_up import ends, reached
from marketplace.fund.models import Account
from marketplace.fund.posting import post, step
from marketplace.fund.rules import stripe_lines
from marketplace.fund.statements import summary
from marketplace.kit.clock import now


def paid(n: int, yen: int) -> None:
    lines = stripe_lines("charge", yen, yen // 25)
    assert post(f"txn_{n}", "charge", lines, at=now() - timedelta(hours=9 - n), subject=f"order:ORD-{n}")


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=12), st.data())
def test_the_shares_of_all_rights_are_what_the_stage_has(sums: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(sums)))
    starts = [sum(sums[:n]) for n in range(len(sums))]
    moved = [reached(start, yen, {"fund": total})["fund"] for start, yen in zip(starts, sums, strict=True)]
    assert sum(moved) == total
    assert all(0 <= each <= yen for each, yen in zip(moved, sums, strict=True))


def test_what_was_paid_first_goes_first(app: Flask) -> None:
    for n, yen in ((1, 10_000), (2, 5_000), (3, 2_000)):
        paid(n, yen)
    step("recognise", 15_000, decision="1", by="staff:ACC-1")
    step("set_aside", 12_000, decision="1", by="staff:ACC-1")
    step("pay_in", 9_000, decision="1", by="staff:ACC-1")
    stages = ends(summary())
    assert [tuple(reached(each.start, each.kept_yen, stages).values()) for each in tracing.entries()] == [
        (10_000, 10_000, 10_000, 9_000, 0),
        (5_000, 5_000, 2_000, 0, 0),
        (2_000, 0, 0, 0, 0),
    ]


def test_what_went_back_leaves_its_place_to_the_next(app: Flask) -> None:
    paid(1, 10_000)
    paid(2, 5_000)
    back = [(Account.REFUNDS, 10_000), (Account.STRIPE, -10_000)]
    post("txn_9", "refund", back, at=now(), subject="order:ORD-1")
    first, second = tracing.entries()
    assert (first.kept_yen, first.returned_yen, second.start) == (0, 10_000, 0)
    assert (tracing.newest(1), tracing.newest(5, 1), tracing.newest(1, 2)) == (([second], 2), ([first], 2), ([], 2))
    assert tracing.numbered(second.number) == second
    assert tracing.numbered(second.number + 99) is None
