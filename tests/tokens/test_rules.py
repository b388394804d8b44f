"""What the logs of a token add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.clock import JST
from marketplace.tokens.models import NOBODY, TokenState
from marketplace.tokens.rules import Holding, Move, hands, in_order, standing, term_ends

AT = datetime(2026, 5, 1, tzinfo=UTC)


def move(sender: str, to: str, block: int, index: int = 0, tx: str | None = None) -> Move:
    return Move(sender, to, tx or f"tx{block}", index, block, f"block{block}", AT + timedelta(minutes=block))


STORY = [move(NOBODY, "a", 1), move("a", "b", 2, 0), move("b", "a", 2, 1), move("a", "c", 3)]


def test_nothing_said_leaves_what_was_promised() -> None:
    assert standing([], TokenState.ISSUING) == Holding(TokenState.ISSUING, None, None, None)


def test_the_last_receiver_holds_and_the_first_log_is_the_issue() -> None:
    assert standing(STORY, TokenState.ISSUING) == Holding(TokenState.HELD, "c", "tx1", AT + timedelta(minutes=1))


def test_what_went_to_nobody_is_revoked() -> None:
    revoked = [*STORY, move("c", NOBODY, 4)]
    assert standing(revoked, TokenState.ISSUING) == Holding(TokenState.REVOKED, None, "tx1", AT + timedelta(minutes=1))


@given(st.permutations(STORY))
def test_the_order_of_arrival_is_nothing(arrived: list[Move]) -> None:
    assert in_order(arrived) == STORY


def test_issue_and_revocation_are_no_change_of_hands() -> None:
    assert hands([STORY[0], move("a", NOBODY, 2)]) == []


def test_a_change_of_hands_keeps_its_name_when_its_block_is_mined_again() -> None:
    again = [STORY[0], *(replace(each, block_hash="other", log_index=each.log_index + 7) for each in STORY[1:])]
    assert [name for name, _ in hands(again)] == [name for name, _ in hands(STORY)] == ["tx2:1", "tx2:2", "tx3:1"]


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ((2026, 4, 30, 15), 36, (2029, 5, 1)),
        ((2026, 1, 30, 0), 1, (2026, 3, 1)),
        ((2024, 2, 28, 9), 12, (2025, 3, 1)),
        ((2026, 12, 31, 9), 6, (2027, 7, 1)),
        ((2026, 5, 14, 9), 2, (2026, 7, 15)),
    ],
)
def test_a_term_ends_as_the_civil_code_counts(
    start: tuple[int, int, int, int], months: int, end: tuple[int, int, int]
) -> None:
    assert term_ends(datetime(*start, tzinfo=JST), months) == datetime(*end, tzinfo=JST)
