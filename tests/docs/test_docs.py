"""What the documents say is true: their commands run, their tables are the code's, their links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import exports, states

ROOT = Path(__file__).parents[2]
READMES = ("contracts/README.md", "ipfs/README.md", "ipfs/node/README.md")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *map(ROOT.joinpath, READMES)]
MODULES = sorted({name for page in PAGES for name in re.findall(r"python -m ([a-z_.]+)", page.read_text("utf-8"))})
SCRIPTS = sorted({name for page in PAGES for name in re.findall(r"\bscripts/[a-z]+|\.ci/run", page.read_text("utf-8"))})


@pytest.mark.parametrize("module", MODULES)
def test_a_command_of_the_documents_explains_itself(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.strip()


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_documents_is_there_to_run(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_the_tables_of_states_are_those_of_the_code() -> None:
    assert (ROOT / "docs" / "states.md").read_text("utf-8") == states.text()


def test_the_columns_of_the_exports_are_those_of_the_code() -> None:
    assert (ROOT / "docs" / "exports.md").read_text("utf-8") == exports.text()
