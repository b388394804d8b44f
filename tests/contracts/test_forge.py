"""Forge plays with the contracts: numbers nobody would think of, and long stories told against a plain ledger."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from marketplace.chain import anvil

ROOT = Path(__file__).resolve().parents[2]


def forge() -> Path:
    """The program beside the chain's; skips, by name, where it or Node.js is missing, fails under REQUIRE_NODE=1."""
    path = Path(str(anvil.binary()).replace("anvil", "forge")) if anvil.PACKAGES.exists() else Path("forge")
    missing = None if path.exists() else f"no forge at {path}: run scripts/setup test"
    if missing is None and shutil.which("node", path=search_path()) is None:
        missing = "Node.js is missing: run scripts/setup test"
    if missing and os.environ.get("REQUIRE_NODE") == "1":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    return path


def search_path() -> str:
    return f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.node
def test_no_number_and_no_story_breaks_the_contracts() -> None:
    ran = subprocess.run(
        [forge(), "test", "--offline", "--json"],
        cwd=ROOT / "contracts",
        env={**os.environ, "PATH": search_path(), "HOME": str(ROOT / ".cache")},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    suites = json.loads(ran.stdout)
    runs = {
        name: result["kind"].get("Invariant", result["kind"].get("Fuzz"))["runs"]
        for suite in suites.values()
        for name, result in suite["test_results"].items()
    }
    assert len(runs) == 12
    assert min(runs.values()) == 20  # stories of 150 acts; of each other test, 256 examples


def test_forge_is_of_the_same_make_as_the_chain() -> None:
    package = json.loads((ROOT / "contracts/package.json").read_text())
    assert package["devDependencies"]["@foundry-rs/forge"] == package["dependencies"]["@foundry-rs/anvil"]
