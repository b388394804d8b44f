from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.notices.models import Notice
from marketplace.notices.sending import post, send
from marketplace.outbox.keeping import drain, late
from marketplace.privacy.forgetting import forget
from tests import given
from tests.crashing import rolled_back

SIGN_IN: dict[str, Any] = {"code": "012345", "link": "https://hiroba.example.jp/signin/link/x", "minutes": 15}


def promise(key: str = "sign-in:1") -> None:
    with transaction():
        send("sign_in", "hanako@example.jp", key=key, **SIGN_IN)


def notices() -> list[Notice]:
    return list(db.session.scalars(sa.select(Notice).order_by(Notice.id)))


def letters(app: Flask) -> list[Path]:
    return sorted((app.extensions["hiroba.settings"].data_dir / "mail").glob("*.eml"))


def test_a_promised_letter_is_written_at_once_and_posted_after_the_commit(app: Flask) -> None:
    promise()
    (notice,) = notices()
    assert notice.subject == "ログイン番号 012345（月見沢町 まちの権利ひろば）"
    assert notice.body.splitlines()[0] == "月見沢町 まちの権利ひろば です。"
    assert "https://hiroba.example.jp/signin/link/x" in notice.body.splitlines()
    assert (notice.sent_at, letters(app)) == (None, [])
    drain()
    assert (get(Notice, notice.id).sent_at is None, [file.name for file in letters(app)]) == (
        False,
        [f"notice-{notice.id}.eml"],
    )


def test_the_same_promise_twice_is_one_letter(app: Flask) -> None:
    promise()
    promise()
    drain()
    promise()
    drain()
    assert (len(notices()), len(letters(app))) == (1, 1)


def test_what_is_rolled_back_is_never_posted(app: Flask) -> None:
    with rolled_back():
        send("sign_in", "hanako@example.jp", key="sign-in:1", **SIGN_IN)
    drain()
    assert (notices(), letters(app)) == ([], [])


def test_a_letter_that_was_posted_is_not_posted_again(app: Flask) -> None:
    promise()
    drain()
    (letter,) = letters(app)
    letter.unlink()
    post(notices()[0].id)
    assert letters(app) == []


def test_a_subject_is_one_line_whatever_stands_in_a_title(app: Flask) -> None:
    with transaction():
        send("sign_in", "hanako@example.jp", key="sign-in:2", **SIGN_IN | {"code": "01\u20282\x0b34\r5"})
    drain()
    (letter,) = letters(app)
    said = message_from_bytes(letter.read_bytes(), policy=default)
    assert said["Subject"] == "ログイン番号 01 2 34 5（月見沢町 まちの権利ひろば）"


def test_a_closed_post_office_makes_the_letter_late_and_not_lost(app: Flask) -> None:
    in_the_way = app.extensions["hiroba.settings"].data_dir / "mail"
    in_the_way.write_text("")
    promise()
    assert (drain(), [message.topic for message in late()]) == (0, ["notice.promised"])
    in_the_way.unlink()
    with pretending(now() + timedelta(seconds=5)):
        assert drain() == 1
    assert (len(letters(app)), late()) == (1, [])


def test_an_address_is_not_escaped_as_on_a_web_page(app: Flask) -> None:
    with transaction():
        send("sign_in", "hanako@example.jp", key="sign-in:1", **SIGN_IN | {"link": "https://h.example/?a=1&b=2"})
    assert "https://h.example/?a=1&b=2" in notices()[0].body.splitlines()


def test_a_letter_that_was_erased_with_its_reader_before_it_went_is_no_trouble(app: Flask) -> None:
    hanako = given.an_account("hanako@example.jp")
    promise()
    forget(hanako)
    drain()
    assert ([notice.template for notice in notices()], len(letters(app)), late()) == (["account_forgotten"], 1, [])
