from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account, Role
from marketplace.kit.db import db, get
from marketplace.privacy import exporting, filing
from marketplace.privacy.register import FILES, columns, filled
from tests import given
from tests.pages import read

TEXT = (sa.String, sa.Text, sa.JSON, sa.LargeBinary)
NOT_PERSONAL = Path(__file__).with_name("not_personal.txt")


def of_text(there: sa.MetaData) -> set[str]:
    """Every column in which something about a person could stand."""
    return {
        f"{table.name}.{column.name}"
        for table in there.sorted_tables
        for column in table.columns
        if isinstance(column.type, TEXT) and not isinstance(column.type, sa.Enum)
    }


def not_personal() -> set[str]:
    lines = [line for line in NOT_PERSONAL.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {
        f"{table.strip()}.{column}"
        for table, _, names in (line.partition(":") for line in lines)
        for column in names.split()
    }


def test_each_column_of_text_is_in_the_register_or_known_to_be_of_nobody(app: Flask) -> None:
    known, registered = not_personal(), set(columns())
    assert {
        "in neither": of_text(db.metadata) - known - registered,
        "in both": known & registered,
        "not in the database": (known | registered) - of_text(db.metadata),
    } == {"in neither": set(), "in both": set(), "not in the database": set()}


def test_a_new_column_would_be_found() -> None:
    kinds: tuple[sa.types.TypeEngine[Any], ...] = (
        sa.String(80),
        sa.Text(),
        sa.JSON(),
        sa.LargeBinary(),
        sa.Integer(),
        sa.Enum(Role),
    )
    sa.Table("visitors_book", book := sa.MetaData(), *(sa.Column(f"c{n}", kind) for n, kind in enumerate(kinds)))
    assert of_text(book) == {f"visitors_book.c{n}" for n in range(4)}


def test_each_file_says_why_by_what_law_for_how_long_and_who_sees_it() -> None:
    for file in FILES:
        said = (file.title, file.purpose, file.basis, file.scope, file.gathered, file.keeps, file.given_to)
        assert [word for word in said if not word.strip()] == []
        assert set(file.seen_by) <= set(Role)
        assert file.items


def test_each_table_of_the_register_is_in_peoples_exports_or_it_is_said_why_not(app: Flask) -> None:
    tables = {table for file in FILES for table in file.tables}
    owned = set(exporting.owners(get(Account, given.an_account())))
    assert tables - owned == set(exporting.NOT_TOLD)


def test_the_public_page_tells_all_of_it(app: Flask, client: FlaskClient) -> None:
    words = read(client.get("/privacy")).words
    missing = [
        word
        for file in FILES
        for word in (file.title, file.purpose, file.basis, filled(file.keeps), *file.items)
        if word not in words
    ]
    assert missing == []


def test_a_file_of_a_thousand_persons_must_be_published(app: Flask, client: FlaskClient) -> None:
    for number in range(3):
        given.an_account(f"person{number}@example.jp")
    admin = given.staff("admin")
    members = next(each for each in filing.filed() if each.file.key == "members")
    assert (members.persons, members.must_be_published) == (4, False)
    assert filing.Filed(members.file, 1_000).must_be_published
    given.signed_in(client, admin)
    assert "利用者登録ファイル" in client.get("/staff/privacy").text
    table = client.get("/staff/privacy/files.csv").data.decode("utf-8-sig").splitlines()
    assert len(table) == 1 + len(FILES)
    assert table[0].startswith("個人情報ファイルの名称,行政機関等の名称,")
    assert "4人" in next(line for line in table if line.startswith("利用者登録ファイル"))
