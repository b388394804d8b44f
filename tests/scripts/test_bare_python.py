"""Every program that the README and the documents name answers a Python without the packages in one line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAPERS = (
    ROOT / "README.md",
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "deploy").rglob("*.md"),
    *ROOT.glob("*/README.md"),
)
OURS = re.compile(r"python3? -m ((?:marketplace|ipfs|benchmarks|tests)(?:\.[a-z_]+)*)")
NAMED = sorted({program for paper in PAPERS for program in OURS.findall(paper.read_text("utf-8"))})
WITHOUT = {"marketplace.auctions.replay", "marketplace.lotteries.draw", "marketplace.waiting.shuffle"}
"""They check what a town published: by any Python, but for a signature of the beacon."""
PRINTS = {"tests.docs.faults"}
LINE = r" does not have what \w+ needs \(\w+\): run scripts/setup (\w+), and call \.venv/bin/python -m "


def bare(program: str, *arguments: str) -> tuple[int, str, str]:
    """A Python that sees its own library and no packages: status, standard output, standard error."""
    command = [sys.executable, "-S", "-m", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_papers_name_programs_of_every_package() -> None:
    assert {program.partition(".")[0] for program in NAMED} == {"marketplace", "ipfs", "benchmarks", "tests"}
    assert set(NAMED) > WITHOUT | PRINTS


@pytest.mark.parametrize("program", [each for each in NAMED if each not in WITHOUT | PRINTS])
def test_a_python_without_the_packages_is_told_which_one_has_them(program: str) -> None:
    status, said, line = bare(program, *(["doctor"] if program == "marketplace" else []))
    told = re.fullmatch(re.escape(sys.executable) + LINE + re.escape(program) + "\n", line)
    setup = "test" if program.startswith(("benchmarks", "tests")) else "run"
    assert (status, said, told and told[1]) == (2, "", setup), line


@pytest.mark.parametrize("program", sorted(WITHOUT))
def test_what_strangers_check_with_needs_none(program: str) -> None:
    line = "give the name of one JSON file: its result comes out, or one line says what is wrong\n"
    status, said, told = bare(program, "--help")
    assert (status, line in (said, told)) == (0, True)


def test_what_the_program_itself_lacks_is_no_package(tmp_path: Path) -> None:
    """A mistake of ours keeps its traceback."""
    for name, text in (
        ("marketplace/__init__.py", (ROOT / "marketplace/__init__.py").read_text()),
        ("marketplace/kit/__init__.py", ""),
        ("marketplace/kit/missing.py", (ROOT / "marketplace/kit/missing.py").read_text()),
        ("marketplace/broken.py", "import marketplace.nothing\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-S", "-m", "marketplace.broken"]
    done = subprocess.run(command, cwd=tmp_path, env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=False)
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last) == (1, "ModuleNotFoundError: No module named 'marketplace.nothing'")
