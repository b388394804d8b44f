"""The follower beside Ponder: where Ponder does not do its work, that is said, and the other results stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import ponder
from benchmarks.index import Task, beside_ponder

NOWHERE = Task(port=9, address="0x" + "0" * 40, first=1, last=2)


@pytest.mark.node
def test_a_ponder_that_ends_before_it_is_done_takes_no_other_result_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "node_modules" / "ponder" / "dist" / "esm" / "bin" / "ponder.js"
    program.parent.mkdir(parents=True)
    program.write_text("console.log('out of memory')")
    (tmp_path / "done").touch()
    monkeypatch.setattr(ponder, "FOLDER", tmp_path)
    assert list(beside_ponder("dense", NOWHERE, 2)) == []
    said = capsys.readouterr().err
    assert said == "index.dense: no Ponder here: it ended before it was done: out of memory\n"


def test_a_ponder_that_cannot_be_installed_takes_no_other_result_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ponder, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(beside_ponder("sparse", NOWHERE, 2)) == []
    assert capsys.readouterr().err == "index.sparse: no Ponder here: npm is not on PATH\n"
