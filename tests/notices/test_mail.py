"""Both post offices do the same."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis.strategies import characters, just, text

from marketplace.kit.db import transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.notices.mail import LETTERS_AT_A_TIME, FileMail, Letter, Mail, SmtpMail, written
from tests.notices.post_office import post_office

pytestmark = pytest.mark.on_sqlite

SENDER = "hiroba@example.jp"
LETTER = Letter("notice-7", "hanako@example.jp", "お支払いのご案内", "はなこ様\n\n.で始まる行もそのまま届きます。\n")

Counter = tuple[Mail, Callable[[], list[EmailMessage]]]


@pytest.fixture(params=["file", "smtp"])
def counter(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Iterator[Counter]:
    """A mail port, and what has arrived by it."""
    if request.param == "file":
        yield (
            FileMail(tmp_path / "mail", SENDER),
            lambda: [read(file.read_bytes()) for file in sorted((tmp_path / "mail").glob("*.eml"))],
        )
        return
    with post_office() as office:
        yield SmtpMail(office.url, SENDER), lambda: [read(letter) for letter in office.letters]


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_arrives_as_it_was_written(counter: Counter) -> None:
    mail, arrived = counter
    mail.send(LETTER)
    (message,) = arrived()
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "hanako@example.jp", "お支払いのご案内")
    assert message.get_content().replace("\r\n", "\n") == LETTER.body
    assert message["Date"].datetime.utcoffset() is not None


def test_a_letter_sent_twice_can_be_seen_to_be_the_same(counter: Counter) -> None:
    mail, arrived = counter
    mail.send(LETTER)
    mail.send(LETTER)
    assert {message["Message-ID"] for message in arrived()} == {"<notice-7@example.jp>"}


def test_no_letter_goes_out_while_a_transaction_is_open(counter: Counter) -> None:
    mail, arrived = counter
    with pytest.raises(AssertionError), transaction():
        mail.send(LETTER)
    assert arrived() == []


def test_a_town_may_sign_with_its_name(app: Flask, tmp_path: Path) -> None:
    FileMail(tmp_path / "mail", "まちの権利ひろば <hiroba@town.example.jp>").send(LETTER)
    [file] = (tmp_path / "mail").glob("*.eml")
    message = read(file.read_bytes())
    assert message["From"] == "まちの権利ひろば <hiroba@town.example.jp>"
    assert message["Message-ID"] == "<notice-7@town.example.jp>"


@given(
    subject=text(characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=200),
    body=text(characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")) | just("\n"), max_size=400),
)
def test_any_letter_is_seven_bits_in_short_lines_and_reads_as_it_was(subject: str, body: str) -> None:
    raw = written(Letter("notice-9", "hanako@example.jp", subject, body), SENDER).as_bytes()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = read(raw)
    assert (message["Subject"], message.get_content().replace("\r\n", "\n")) == (subject, body)


@pytest.mark.parametrize("end", ["\nBcc: eve@example.jp", "\r\n", "\n", "\u2028Bcc: eve@example.jp"])
def test_a_subject_cannot_smuggle_in_another_receiver(counter: Counter, end: str) -> None:
    mail, arrived = counter
    with pytest.raises(ValueError, match="a newline in Subject"):
        mail.send(Letter("notice-8", "hanako@example.jp", f"件名{end}", "本文\n"))
    assert arrived() == []


def test_a_directory_that_cannot_be_written_is_trouble_for_now(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(Unavailable, match="mail directory"):
        FileMail(tmp_path / "mail", SENDER).send(LETTER)


def test_a_server_that_is_away_is_trouble_for_now(app: Flask) -> None:
    with post_office() as office:
        url = office.url
    with pytest.raises(Unavailable, match=r"SMTP 127\.0\.0\.1: ConnectionRefusedError"):
        SmtpMail(url, SENDER).send(LETTER)


def test_a_server_that_is_full_is_trouble_for_now(app: Flask) -> None:
    with post_office() as office:
        office.taking = False
        with pytest.raises(Unavailable, match=r"SMTP 127\.0\.0\.1: SMTPDataError"):
            SmtpMail(office.url, SENDER).send(LETTER)


def test_an_address_where_nobody_lives_is_refused_for_good(app: Flask) -> None:
    with post_office() as office:
        office.strangers = {"hanako@example.jp"}
        with pytest.raises(Rejected, match=r"SMTP 127\.0\.0\.1: 550"):
            office.counter.send(LETTER)


def test_many_letters_go_over_one_connection_and_fifty_at_most(app: Flask) -> None:
    with post_office() as office:
        mail = office.counter
        with mail.at_the_counter():
            for _ in range(LETTERS_AT_A_TIME + 1):
                mail.send(LETTER)
        assert (len(office.letters), office.visits) == (LETTERS_AT_A_TIME + 1, 2)
        mail.send(LETTER)
        assert office.visits == 3


def test_after_what_went_wrong_at_the_counter_the_next_letter_goes_over_a_new_connection(app: Flask) -> None:
    with post_office() as office:
        mail = office.counter
        office.hangs_up = True
        with mail.at_the_counter():
            mail.send(LETTER)
            office.hangs_up = False
            with pytest.raises(Unavailable):
                mail.send(LETTER)
            mail.send(LETTER)
        assert (len(office.letters), office.visits) == (2, 2)
