"""A command that cannot begin says in one line why, and leaves nothing behind."""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.cli import main
from marketplace.kit.db import transaction
from marketplace.operating.beginning import why_not
from marketplace.settings import Settings
from tests.databases import Databases
from tests.local_chain import free_port

NEEDY = (
    ["backup"],
    ["verify"],
    ["deploy"],
    ["rehouse"],
    ["seed"],
    ["follow", "--replay"],
    ["export", "--public", "kit"],
)


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A directory in which there is no town."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("SECRET_KEY", "a test's secret")
    monkeypatch.setenv("CHAIN_URL", f"http://127.0.0.1:{free_port()}")
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that ends with a no: on stderr, one line."""
    status = main(arguments)
    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (2, "", 1), err
    return err.strip()


@pytest.mark.parametrize("command", NEEDY, ids=" ".join)
def test_where_there_is_no_database_none_is_made(
    place: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert refused(capsys, *command).startswith(f"there is no database at {place / 'hiroba.db'}: set DATA_DIR")
    assert not (place / "hiroba.db").exists()


@pytest.mark.parametrize("command", [["migrate"], ["verify"], ["rehouse"]], ids=" ".join)
def test_a_database_of_a_newer_program_is_left_to_it(
    app: Flask,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    """As where a version was put back after its successor had migrated: no migration leads from there to here."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    with transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'newer'"))
    assert refused(capsys, *command).startswith("the database is at the schema of a newer program than this one")


@pytest.mark.parametrize("command", [each for each in NEEDY if each != ["backup"]], ids=" ".join)
def test_a_database_of_other_tables_is_named(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    with databases.empty() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        if url.startswith("sqlite"):
            Path(url.removeprefix("sqlite:///")).touch()
        told = refused(capsys, *command)
    assert " has not the tables of this program. " in told
    assert told.endswith("then run python -m marketplace migrate")


def test_a_database_that_does_not_answer_is_said_to_be_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://hiroba:hush@127.0.0.1:{free_port()}/hiroba")
    for command in (["migrate"], ["backup"], ["verify"]):
        told = refused(capsys, *command)
        assert told.startswith("the database does not answer (")
        assert told.endswith("): is it up, does DATABASE_URL name it?")
        assert "hush" not in told


@pytest.mark.parametrize("command", [["worker"], ["migrate"], ["verify"], ["follow"]], ids=" ".join)
def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("WEB_WORKERS", "hush")
    why = "Input should be a valid integer, unable to parse string as an integer"
    assert refused(capsys, *command) == f"WEB_WORKERS: {why}"


@pytest.mark.parametrize(
    ("command", "status"), [*((each, 2) for each in NEEDY), (["doctor"], 2), (["backup", "--to", "elsewhere"], 2)]
)
def test_who_only_looks_or_refuses_makes_no_directory(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], status: int
) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("DATA_DIR", str(place / "town"))
    assert (main(command), list(place.iterdir())) == (status, [])


def test_who_keeps_something_makes_the_directory_for_the_town_s_eyes_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(place / "towns" / "ours"))
    assert main(["migrate"]) == 0
    assert (place / "towns" / "ours" / "hiroba.db").exists()
    assert stat.S_IMODE((place / "towns" / "ours").stat().st_mode) == 0o700


def test_a_directory_that_cannot_be_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "town").touch()
    monkeypatch.setenv("DATA_DIR", str(place / "town" / "data"))
    told = refused(capsys, "migrate")
    assert (
        told == f"DATA_DIR: {place / 'town' / 'data'} can't be used (Not a directory): set it to the town's directory"
    )


def test_a_file_of_somebody_else_is_named() -> None:
    """By the line alone: these tests may be run by root, whom nothing is kept from."""
    trouble = PermissionError(errno.EACCES, "Permission denied", "/town/hiroba.env")
    assert why_not(trouble) == "/town/hiroba.env: Permission denied: are you the town's user?"


def test_a_chain_that_does_not_answer_leads_to_the_doctor(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    told = refused(capsys, "follow", "--backfill")
    assert re.fullmatch(r"chain: .* \(python -m marketplace doctor says what to do\)", told)
