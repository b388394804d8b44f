"""A command whose reader has gone ends without a word, as other programs do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.kit.piping import STOPPED, UNREAD, said
from tests.town import ROOT


def stopped() -> int:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(["-m", "marketplace", "doctor"], id="a command"),
        pytest.param(
            ["-c", "from marketplace.kit.published import *; exit(command(['one.json'], dict))"], id="a proof"
        ),
    ],
)
def test_a_reader_who_has_gone_is_no_fault(tmp_path: Path, program: list[str]) -> None:
    (tmp_path / "one.json").write_text("{}")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path), "CHAIN_URL": "http://127.0.0.1:9"}
    there, here = os.pipe()
    os.close(there)
    ended = subprocess.run([sys.executable, *program], stdout=here, stderr=subprocess.PIPE, env=env, cwd=tmp_path)
    os.close(here)
    assert (ended.returncode, ended.stderr) == (UNREAD, b"")


def test_who_stops_a_command_reads_nothing_of_where_it_was() -> None:
    assert (said(lambda: 2), said(stopped)) == (2, STOPPED)


def test_a_terminal_that_lacks_a_sign_shows_its_number(tmp_path: Path) -> None:
    """`doctor` writes …, and the names of a town are in whatever letters they are."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    program = "from marketplace.kit.piping import said; exit(said(lambda: print('髙橋…') or 3))"
    ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, env=env)
    assert (ended.returncode, ended.stdout) == (3, rb"\u9ad9\u6a4b\u2026" + b"\n")
