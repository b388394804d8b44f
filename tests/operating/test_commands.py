"""doctor, backup and restore, as a person types them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from marketplace.cli import main
from marketplace.kit.clock import now, pretending
from marketplace.operating import commands, failed
from marketplace.operating.archive import kept_in, newest
from marketplace.operating.backing_up import back_up
from marketplace.operating.faults import PARTS
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.databases import Databases, chosen
from tests.local_chain import free_port
from tests.operating.looked import codes, findings
from tests.town import ROOT


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("SECRET_KEY", "a test's secret")
    monkeypatch.setenv("CHAIN_URL", f"http://127.0.0.1:{free_port()}")


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    found = capsys.readouterr()
    return found.out, found.err


def test_the_doctor_names_each_part_each_fault_and_its_remedy(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 2
    lines = said(capsys)[0].splitlines()
    assert [line.split()[1] for line in lines if not line.startswith(" ")] == list(PARTS)
    at = lines.index("FAULT chain")
    assert lines[at + 1].startswith("      chain.no_answer: the chain's node does not answer: chain: ")
    assert lines[at + 2].startswith("        → Is the node at CHAIN_URL up?")


def test_the_doctor_tells_machines_the_same(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 2
    found = {part["part"]: part for part in json.loads(said(capsys)[0])}
    assert (list(found), found["worker"]) == (list(PARTS), {"part": "worker", "grade": "good", "findings": []})
    assert [each["code"] for each in found["chain"]["findings"]] == ["chain.no_answer"]


def test_a_backup_for_which_there_is_no_room_says_so_in_a_line_and_leaves_that_for_the_watch(
    app: Flask, settings: Settings
) -> None:
    """No file may be larger than this, as if the disk ended there. The next one that is made takes the word away."""
    most = 40_000 if chosen() == "sqlite" else 2_000
    ended = subprocess.run(
        [sys.executable, "-m", "marketplace", "backup"],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},  # a module that is compiled there would be cut off, too
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False), ended.stderr
    assert [path.name for path in settings.backups.iterdir()] == ["FAILED"]
    (finding,) = findings("backups")
    assert (finding.fault.code, finding.seen) == ("backups.failed", {"why": ended.stderr.splitlines()[-1]})
    assert main(["backup"]) == 0
    assert codes("backups") == []


def test_a_backup_of_a_database_that_does_not_answer_leaves_that_for_the_watch(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://hiroba:hush@127.0.0.1:{free_port()}/hiroba")
    assert main(["backup"]) == 2
    (finding,) = findings("backups")
    assert (finding.fault.code, finding.seen) == ("backups.failed", {"why": said(capsys)[1].strip()})
    assert str(finding.seen["why"]).startswith("the database does not answer (")


def test_a_backup_that_broke_off_by_a_fault_of_ours_leaves_that_for_the_watch(app: Flask) -> None:
    """Its timer does not try again: such a one fails again."""

    def spill(_what: str) -> None:
        raise KeyError("cup")

    with pytest.raises(KeyError):
        commands.backup(None, False, None, spill)
    (finding,) = findings("backups")
    assert (finding.fault.code, finding.seen) == ("backups.failed", {"why": "KeyError: 'cup'"})


def test_where_an_old_backup_cannot_be_removed_the_new_one_is_made_all_the_same(
    app: Flask, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who tried again each quarter of an hour would make another one each time, until the disk is full."""
    with pretending(now() - timedelta(hours=1)):
        first = back_up(settings.backups)
    (settings.backups / f".{first.place.name}.old" / "in the way").mkdir(parents=True)
    failed.write_down(settings.backups, "the disk was full")
    assert main(["backup", "--keep", "1", "1", "1"]) == 1
    made = newest(settings.backups)
    assert made is not None
    assert kept_in(settings.backups) == [first, made]
    assert codes("backups") == []
    assert said(capsys)[1].startswith("what is to go can't be removed: ")


def test_settings_with_which_nothing_starts_are_named_without_their_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_hush")
    monkeypatch.setenv("WEB_WORKERS", "hush")
    assert main(["doctor"]) == 2
    out, err = said(capsys)
    why = "Input should be a valid integer, unable to parse string as an integer"
    assert out.splitlines()[:2] == ["FAULT settings", f"      settings.invalid: WEB_WORKERS: {why}"]
    assert "hush" not in out + err


def test_without_tables_the_doctor_says_so_and_leaves_out_what_needs_them(
    databases: Databases, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.empty() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        if url.startswith("sqlite"):
            Path(url.removeprefix("sqlite:///")).touch()
        assert main(["doctor", "--json"]) == 2
    found = json.loads(said(capsys)[0])
    assert [part["part"] for part in found] == ["settings", "database", "disk", "backups"]
    assert "database.schema" in [each["code"] for each in found[1]["findings"]]


def test_backup_then_restore(
    app: Flask,
    settings: Settings,
    databases: Databases,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account_id = given.an_account("hanako@example.jp")
    for earlier in (1, 0):
        with pretending(now() - timedelta(minutes=earlier)):
            assert main(["backup", "--keep", "7", "4", "6"]) == 0
    made = newest(settings.backups)
    assert made is not None
    lines = said(capsys)[0].splitlines()
    assert (lines[-2].split(":")[0], lines[-1].split()[0]) == (str(made.place), "removed")
    with databases.empty() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        elsewhere = tmp_path / "elsewhere"
        assert main(["restore", str(made.place), "--data", str(elsewhere)]) == 0
        assert said(capsys)[0] == f"restored from {made.place.name}: every table is as it was\n"
        with another(Settings(**{**settings.model_dump(), "database_url": url})):
            assert given.an_account("hanako@example.jp") == account_id
        assert main(["restore", str(made.place), "--data", str(elsewhere)]) == 2
        assert said(capsys)[1].count("\n") == 1


def test_a_restore_that_cannot_begin_leaves_the_place_as_it_was_and_succeeds_there_afterwards(
    app: Flask,
    settings: Settings,
    databases: Databases,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (settings.data_dir / "hiroba.env").write_text("SECRET_KEY=kept\n")
    assert main(["backup", "--secrets"]) == 0
    made, new = newest(settings.backups), tmp_path / "new"
    assert made is not None
    said(capsys)
    restore = ["restore", str(made.place), "--data", str(new)]
    with databases.empty() as url, databases.empty() as other:
        monkeypatch.setenv("DATABASE_URL", other)
        with monkeypatch.context() as wrong:
            wrong.setenv("TOWN_MAIL", "nobody")
            assert main(restore) == 2
        assert said(capsys)[1].startswith("Settings: Value error, TOWN_MAIL must be one address of mail")
        assert not new.exists()
        monkeypatch.setenv("DATABASE_URL", settings.database_url)  # of the town itself
        assert (main(restore), said(capsys)[1].count("\n"), new.exists()) == (2, 1, False)
        monkeypatch.setenv("DATABASE_URL", url)
        assert main(restore) == 0
    assert (new / "hiroba.env").read_text() == "SECRET_KEY=kept\n"


def test_a_backup_that_cannot_be_written_is_one_line_and_status_2(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file, where a directory should be")
    assert main(["backup", "--to", str(tmp_path / "taken")]) == 2
    assert said(capsys)[1].count("\n") == 1
    assert main(["restore", str(tmp_path), "--data", str(tmp_path / "new")]) == 2
    assert said(capsys)[1] == f"{tmp_path} is no backup: it is not called hiroba-<moment>Z\n"


@pytest.mark.skipif(chosen() != "sqlite", reason="SQLite: a server's database lies in no directory of ours")
def test_a_town_in_one_directory_is_carried_away_whole(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its secrets, a backup of the embedded default needs nothing else: the new place names itself."""
    (settings.data_dir / "hiroba.env").write_text("SECRET_KEY=kept\n")
    (settings.data_dir / "hiroba.town").write_text("open\n")
    assert main(["backup", "--secrets"]) == 0
    made = newest(settings.backups)
    assert made is not None
    monkeypatch.delenv("DATABASE_URL")
    assert main(["restore", str(made.place), "--data", str(tmp_path / "new")]) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["hiroba.db", "hiroba.env", "hiroba.town"]
