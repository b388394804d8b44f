"""The program printed in docs/fund-proof.md, run as a stranger runs it: by itself, with nothing installed."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db
from tests.fund.test_adding_up import WRONG, a_book, as_published, told
from tests.pages import read

ROOT = Path(__file__).parents[2]
PRINTED = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "fund-proof.md").read_text("utf-8"), re.DOTALL)

WORDS = {"ja": "どなたでも足し直せます", "en": "Anyone can add it up again", "easy": "だれでも足し直せます"}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (code,) = PRINTED
    file = tmp_path / "check_fund.py"
    file.write_text(code, "utf-8")
    return file


def run(program: Path, *records: object) -> tuple[int, str, str]:
    files = [program.with_name(f"{n}.json") for n in range(len(records))]
    for file, record in zip(files, records, strict=True):
        file.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-I", str(program), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    return done.returncode, done.stdout, done.stderr


def test_the_file_that_the_page_offers_is_the_printed_one(app: Flask, client: FlaskClient) -> None:
    with client.get("/static/check_fund.py") as offered:
        assert [offered.get_data(as_text=True)] == PRINTED


def test_it_adds_up_what_the_town_publishes(app: Flask, client: FlaskClient, program: Path) -> None:
    a_book()
    code, out, err = run(program, client.get("/fund/entries.json").json, client.get("/api/v1/fund").json)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "5 entries: 14000 yen were paid and did not go back",
        *("collected: 24000 yen", "fees: 4108 yen", "refunded: 6000 yen", "disputed: 4600 yen", "kept: 9292 yen"),
        *("revenue: 19000 yen", "set_aside: 12000 yen", "fund: 9000 yen", "spent: 2000 yen", "left: 7000 yen"),
        "of no entry, adjustment: fees 1500, gone back 600 yen",
        "of no entry, charge: fees 88, gone back 0 yen",
        "of no entry, stripe_fee: fees 110, gone back 0 yen",
        "not provable here: 8392 yen at Stripe, 1000 in the bank",
    ]


def in_the_town(app: Flask, number: int) -> None:
    with app.app_context():
        told(f"txn_9{number}", "charge", 1_000, 36, f"order:ORD-9{number}")


def test_the_entries_are_of_one_moment_though_somebody_pays_while_they_are_read(
    app: Flask, client: FlaskClient, program: Path
) -> None:
    """After each statement of the download one more price is paid."""
    a_book()
    paid: list[int] = []
    reader = threading.current_thread()

    def pay(*_statement: object) -> None:
        if threading.current_thread() is reader:
            paid.append(len(paid))
            somebody = threading.Thread(target=in_the_town, args=(app, len(paid)))
            somebody.start()
            somebody.join(timeout=120)

    sa.event.listen(db.engine, "after_cursor_execute", pay)
    record = client.get("/fund/entries.json").json
    sa.event.remove(db.engine, "after_cursor_execute", pay)
    assert run(program, record)[0] == 0
    assert len(paid) > 2
    assert len(as_published()["items"]) == 5 + len(paid)


@pytest.mark.parametrize(("language", "words"), WORDS.items())
def test_the_page_of_the_fund_leads_to_the_program_and_its_files_in_every_language(
    app: Flask, client: FlaskClient, language: str, words: str
) -> None:
    page = read(client.get(f"/fund?lang={language}"))
    links = {"/static/check_fund.py", "/fund/entries.json", "/api/v1/fund"}
    assert (links & set(page.links), words in page.words) == (links, True)


def test_a_fund_of_another_moment_is_told_apart(app: Flask, client: FlaskClient, program: Path) -> None:
    before = client.get("/fund/entries.json").json
    told("txn_1", "charge", 1_000, 0, "order:ORD-1")
    names = "accounts, at_stripe_yen, collected_yen, kept_yen, months"
    refused = run(program, before, client.get("/api/v1/fund").json)
    assert refused == (2, "", f"the second file has other figures: {names}\n")


def test_an_empty_fund_adds_up(app: Flask, program: Path) -> None:
    code, out, err = run(program, as_published())
    assert (code, out.splitlines()[0], err) == (0, "0 entries: 0 yen were paid and did not go back", "")


def test_each_fault_is_said_in_one_line(app: Flask, program: Path) -> None:
    book = json.dumps(a_book())
    for alter, says in WRONG:
        record = json.loads(book)
        alter(record)
        code, out, err = run(program, record)
        assert (code, out, err[: len(says)], err.count("\n")) == (2, "", says, 1)


def test_a_file_that_is_not_there_is_named(program: Path) -> None:
    gone = [sys.executable, "-I", str(program), "gone.json"]
    done = subprocess.run(gone, capture_output=True, text=True, check=False, cwd=program.parent)
    assert (done.returncode, done.stderr) == (2, "gone.json: No such file or directory\n")


def test_what_is_no_fund_is_refused(program: Path) -> None:
    others: list[object] = [None, {"version": "fund-v1"}, "x", []]
    assert [run(program, record)[0] for record in others] == [2, 2, 2, 2]
