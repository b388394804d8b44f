"""People choose their letters; what law, money or safety needs is no choice."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.letters import LETTER_JA, LetterKind, LetterOptOut, choose, stopped, wanted
from marketplace.kit.db import db
from tests import given
from tests.pages import read, send
from tests.racing import at_once


def test_who_chose_nothing_gets_everything(app: Flask) -> None:
    assert wanted(given.an_account()) == set(LetterKind)
    assert set(LETTER_JA) == set(LetterKind)


@pytest.mark.parametrize("kinds", [set(), {LetterKind.OUTBID}, set(LetterKind)])
def test_what_is_chosen_is_what_comes(app: Flask, kinds: set[LetterKind]) -> None:
    me, other = given.an_account(), given.an_account()
    choose(me, {LetterKind.NEWS})
    choose(me, kinds)
    assert (wanted(me), wanted(other)) == (kinds, set(LetterKind))
    for kind in LetterKind:
        assert (me in set(db.session.scalars(stopped(kind)))) == (kind not in kinds)


def test_two_windows_at_once_leave_one_row_of_each(app: Flask) -> None:
    me = given.an_account()
    assert at_once(app, 3, lambda _: choose(me, set())) == [None] * 3
    assert db.session.scalar(sa.select(sa.func.count()).select_from(LetterOptOut)) == len(LetterKind)


def test_the_page_holds_what_was_chosen_and_says_what_always_comes(app: Flask) -> None:
    me = given.signed_in(app.test_client(), account := given.an_account())
    page = read(me.get("/account/letters"))
    assert "止めることができません" in page.words
    form = page.form("/account/letters")
    assert form.values["kinds"] == [str(kind) for kind in LetterKind]
    form.values["kinds"] = ["outbid"]
    assert send(me, form).status_code == 303
    assert wanted(account) == {LetterKind.OUTBID}
    assert read(me.get("/account/letters")).form("/account/letters").values["kinds"] == ["outbid"]


def test_a_letter_that_always_comes_cannot_be_chosen_away(app: Flask) -> None:
    me = given.signed_in(app.test_client(), account := given.an_account())
    form = read(me.get("/account/letters")).form("/account/letters")
    form.values["kinds"] = ["outbid", "pay_link"]
    assert send(me, form).status_code == 400
    assert wanted(account) == set(LetterKind)
