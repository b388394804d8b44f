from __future__ import annotations

import pytest
from flask import Flask

from marketplace.kit.db import get
from marketplace.kit.refusals import Invalid
from marketplace.listings.drafting import draft, revise
from marketplace.listings.models import Scratch
from marketplace.listings.scratches import LONGEST, Overtaken, discard, find, keep, of
from tests import given
from tests.racing import at_once


def typed(code: str, who: int) -> dict[str, list[str]]:
    row = find(code, who)
    assert row is not None
    return row.typed


def test_what_is_typed_is_kept_however_wrong_it_is_and_each_save_counts(app: Flask) -> None:
    me = given.staff("drafter")
    code, first = keep(me, {"price_yen": ["せんえん"]})
    same, second = keep(me, {"price_yen": ["千円"]}, code=code, revision=first)
    assert (same, first, second, typed(code, me)) == (code, 1, 2, {"price_yen": ["千円"]})


def test_a_window_that_knows_an_older_save_does_not_eat_a_newer_one_unless_it_is_told_to(app: Flask) -> None:
    me = given.staff("drafter")
    code, known = keep(me, {"title_ja": ["一"]})
    keep(me, {"title_ja": ["二"]}, code=code, revision=known)
    with pytest.raises(Overtaken):
        keep(me, {"title_ja": ["三"]}, code=code, revision=known)
    assert typed(code, me) == {"title_ja": ["二"]}
    assert keep(me, {"title_ja": ["三"]}, code=code, revision=known, anyway=True) == (code, 3)


def test_two_saves_of_one_moment_do_not_both_win(app: Flask) -> None:
    me = given.staff("drafter")
    code, known = keep(me, {"title_ja": ["一"]})
    outcomes = at_once(app, 2, lambda n: keep(me, {"title_ja": [str(n)]}, code=code, revision=known))
    assert sorted(type(each).__name__ for each in outcomes) == ["Overtaken", "tuple"]


def test_there_is_one_of_each_draft_and_person(app: Flask) -> None:
    me, listing_id = given.staff("drafter"), given.a_listing(state="draft")
    code, _ = keep(me, {"title_ja": ["一"]}, listing_id=listing_id)
    with pytest.raises(Overtaken):
        keep(me, {"title_ja": ["二"]}, listing_id=listing_id)
    other = given.staff("drafter", email="other@town.example.jp")
    assert keep(other, {"title_ja": ["三"]}, listing_id=listing_id)[0] != code


def test_nobody_reads_or_discards_what_another_is_writing(app: Flask) -> None:
    me, other = given.staff("drafter"), given.staff("drafter", email="other@town.example.jp")
    code, _ = keep(me, {"title_ja": ["一"]})
    discard(code, other)
    assert (find(code, other), of(other), [row.code for row in of(me)]) == (None, [], [code])


def test_a_draft_that_is_saved_leaves_no_scratch(app: Flask) -> None:
    me = given.staff("drafter")
    code, _ = keep(me, {"title_ja": ["一"]})
    listing_id = draft(me, given.values(), scratch=code)
    again, _ = keep(me, {"title_ja": ["二"]}, listing_id=listing_id)
    assert ([row.code for row in of(me, listing_id)], of(me)) == ([again], [])
    revise(listing_id, me, given.values(), scratch=again)
    assert (of(me), of(me, listing_id)) == ([], [])


def test_a_draft_that_is_refused_leaves_the_scratch(app: Flask) -> None:
    me = given.staff("drafter")
    code, _ = keep(me, {"title_ja": [""]})
    with pytest.raises(Invalid):
        draft(me, given.values(title_ja=""), scratch=code)
    assert get(Scratch, 1).code == code


def test_nobody_fills_the_database_with_it(app: Flask) -> None:
    with pytest.raises(Invalid):
        keep(given.staff("drafter"), {"body_ja": ["あ" * LONGEST]})
