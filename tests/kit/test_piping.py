"""A command whose reader has gone ends without a word, as other programs do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.kit.piping import STOPPED, UNREAD, UNSAID, said
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


PROGRAMS = {
    "a command": ["-m", "marketplace", "doctor"],
    "help": ["-m", "marketplace", "--help"],
    "a proof": ["-c", "from marketplace.kit.published import *; exit(command(['one.json'], dict))"],
    "a proof's help": ["-m", "marketplace.lotteries.draw", "--help"],
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_words_that_cannot_be_written_are_told_in_one_line(tmp_path: Path, program: list[str], unbuffered: str) -> None:
    (tmp_path / "one.json").write_text("{}")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path), "CHAIN_URL": "http://127.0.0.1:9"}
    with Path("/dev/full").open("w") as full:
        command, env = [sys.executable, *program], env | {"PYTHONUNBUFFERED": unbuffered}
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=env, cwd=tmp_path)
    line = b"what there is to say can't be written: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (UNSAID, line)


def test_a_file_of_its_own_that_cannot_be_written_is_its_own_trouble() -> None:
    def full() -> int:
        raise OSError(28, "No space left on device", "backup.tar")

    with pytest.raises(OSError, match=r"backup\.tar"):
        said(full)


def test_who_stops_a_command_reads_nothing_of_where_it_was() -> None:
    assert (said(lambda: 2), said(stopped)) == (2, STOPPED)


def test_a_terminal_that_lacks_a_sign_shows_its_number(tmp_path: Path) -> None:
    """`doctor` writes …, and the names of a town are in whatever letters they are."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    program = "from marketplace.kit.piping import said; exit(said(lambda: print('髙橋…') or 3))"
    ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, env=env)
    assert (ended.returncode, ended.stdout) == (3, rb"\u9ad9\u6a4b\u2026" + b"\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_town_goes_on_where_what_it_says_cannot_be_written() -> None:
    """Its lines go to a file on a disk that is full, or to a terminal that is gone."""
    program = (
        "import sys; from marketplace.kit.piping import said; from marketplace.supervising import say;"
        " said(lambda: say('web ended; it is started again') or sys.stderr.write('goes on\\n'))"
    )
    with Path("/dev/full").open("w") as full:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, env=env)
    assert ended.stderr.splitlines()[:1] == [b"goes on"]
