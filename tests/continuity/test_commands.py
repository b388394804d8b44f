"""The three commands, as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from ipfs import car
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from marketplace.accounts.models import Role
from marketplace.cli import main
from marketplace.kit.db import db, transaction
from marketplace.metadata.models import PictureFile, Pin, blocks
from marketplace.settings import Settings
from tests import given


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("SECRET_KEY", "a test's secret")


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Without what a machine that takes longer than a second says of its progress."""
    found = capsys.readouterr()
    return found.out, "".join(line for line in found.err.splitlines(keepends=True) if not line.startswith("… "))


def test_export_then_verify(app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given.a_listing()
    kit, journal = tmp_path / "kit", tmp_path / "journal.json"
    assert main(["export", "--public", str(kit), "--journal", str(journal)]) == 0
    out, err = said(capsys)
    assert (out.splitlines()[0][: len(str(kit)) + 18], err) == (f"{kit}: manifest sha256:", "")
    name = out.splitlines()[0].rpartition(":")[2]
    for what, ends in ((kit, f"manifest sha256:{name}\n"), (journal, "\n")):
        assert main(["verify", str(what)]) == 0
        out, err = said(capsys)
        assert (out[:4], out.endswith(ends), err) == ("ok: ", True, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["export"], "give --public DIR, or --journal FILE, or both\n", id="nothing named"),
        pytest.param(["export", "--public", "{here}"], "{here} は、すでにあります。", id="a place that is taken"),
        pytest.param(["verify", "{here}"], "cannot read the file: No such file or directory\n", id="no kit"),
        pytest.param(["mend", "{here}/none"], "cannot read {here}/none: No such file or directory\n", id="no CAR"),
        pytest.param(["appoint", "notmail", "--role", "admin"], "no mail address: notmail\n", id="no address"),
        pytest.param(
            ["appoint", "a@town.example.jp", "--role", "auditor", "--role", "admin"],
            "an auditor can't have another role",
            id="an auditor with another role",
        ),
        pytest.param(
            ["appoint", "a@town.example.jp", "--role", "admin", "--name", "あ" * 81],
            "--name: 80文字までで入力してください。\n",
            id="a name that no page could show",
        ),
    ],
)
def test_a_no_is_one_line_and_status_2(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main([each.format(here=tmp_path) for each in arguments]) == 2
    out, err = said(capsys)
    assert (out, err.startswith(says.format(here=tmp_path)), err.count("\n")) == ("", True, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["backup", "--to", ""], "argument --to: an empty name is none\n", id="no folder"),
        pytest.param(["export", "--public", ""], "argument --public: an empty name is none\n", id="no kit"),
        pytest.param(["up", "--data", ""], "argument --data: an empty name is none\n", id="no town"),
        pytest.param(
            ["backup", "--keep", "-1", "0", "0"], "argument --keep: -1 is not 0 or more\n", id="less than none"
        ),
        pytest.param(["backup", "--keep", "7", "x", "0"], "argument --keep: x is not 0 or more\n", id="x"),
        pytest.param(
            ["restore", "{here}/loop", "--data", "new"],
            "argument BACKUP: {here}/loop is a link that leads back to itself\n",
            id="a link in a circle",
        ),
    ],
)
def test_what_names_nothing_is_refused_before_anything_is_done(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)  # where it would be done
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SystemExit) as end:
        main([each.format(here=tmp_path) for each in arguments])
    out, err = said(capsys)
    assert (end.value.code, out, err.endswith(f"error: {says.format(here=tmp_path)}")) == (2, "", True)


def test_the_help_of_appoint_names_every_role(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["appoint", "--help"])
    out, _err = said(capsys)
    assert [role for role in Role if role not in out] == []


def test_mend_puts_back_from_a_car_what_nobody_else_has(
    app: Flask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given.a_listing(quantity=2)
    root = CID.parse(db.session.scalars(sa.select(Pin.root)).one())
    kept = tmp_path / "kept.car"
    kept.write_bytes(b"".join(car.export(SqlBlockstore(db.session.connection(), blocks), root)))
    db.session.rollback()
    count = db.session.scalar(sa.select(sa.func.count()).select_from(blocks))
    with transaction() as session:
        session.execute(sa.delete(blocks))
        session.execute(sa.delete(PictureFile))
    assert main(["mend", str(kept)]) == 0
    assert said(capsys) == (f"{count} blocks put back\n", "")
