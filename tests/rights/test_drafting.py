from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.kit.db import get, transaction
from marketplace.kit.refusals import WrongState
from marketplace.rights.drafting import draft, freeze, revise, text_hash
from marketplace.rights.models import SERIAL_SPACE, Right, RightState
from tests import given

BY = "staff:ACC-TEST"


def test_the_frozen_text_has_a_hash_and_cannot_be_changed(app: Flask) -> None:
    right_id = draft(given.values(), BY)
    revise(right_id, given.values(title_ja="第3弾"), BY)
    frozen = freeze(right_id, BY)
    right = get(Right, right_id)
    assert (right.state, right.text_hash, text_hash(right)) == (RightState.APPROVED, frozen, frozen)
    for act in (lambda: revise(right_id, given.values(), BY), lambda: freeze(right_id, BY)):
        with pytest.raises(WrongState):
            act()
    assert get(Right, right_id).title_ja == "第3弾"


def test_the_hash_hangs_on_the_words_and_not_on_how_they_were_typed(app: Flask) -> None:
    hashes = [freeze(draft(given.values(title_ja=title), BY), BY) for title in ("がっさん", "か\u3099っさん ", "月山")]
    assert (hashes[0] == hashes[1], hashes[0] == hashes[2]) == (True, False)


def test_the_database_knows_no_approved_right_without_its_hash(app: Flask) -> None:
    right_id = draft(given.values(), BY)
    with pytest.raises(IntegrityError, match="approved_text_is_frozen"), transaction() as session:
        session.execute(sa.update(Right).where(Right.id == right_id).values(state=RightState.APPROVED))


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("royalty_bps", 1001, "royalty_at_most_ten_percent"),
        ("uses_per_token", 0, "uses_positive"),
        ("term_months", 0, "term_positive"),
        ("document_uri", "ipfs://document", "a_document_lies_in_its_tree"),
    ],
)
def test_the_database_refuses_what_no_right_may_be(app: Flask, column: str, value: object, rule: str) -> None:
    right_id = draft(given.values(), BY)
    with pytest.raises(IntegrityError, match=rule), transaction() as session:
        session.execute(sa.update(Right).where(Right.id == right_id).values({column: value}))


def test_each_right_is_a_series_of_its_own(app: Flask) -> None:
    first, second = (get(Right, draft(given.values(), BY)) for _ in range(2))
    assert (first.token_id(1) - first.series_id * SERIAL_SPACE, first.series_id == second.series_id) == (1, False)
