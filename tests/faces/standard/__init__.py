"""The HTML standard as a program of other people (npm: html-validate), run by Node.js.

rules.json leaves out what is a matter of taste: how a doctype is written, whether a button that submits says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = HERE / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"


def faults(folder: Path) -> dict[str, list[str]]:
    """{name of a file: what is wrong in it} of the pages in a folder; skipped by name without Node.js."""
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        missing = "Node.js or the npm packages of tests/faces/standard/ are missing: run scripts/setup test"
        if os.environ.get("REQUIRE_NODE") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    options = ("--config", str(HERE / "rules.json"), "--formatter", "json")
    done = subprocess.run([node, PROGRAM, *options, folder], capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    return {
        Path(page["filePath"]).name: [
            f"{each['line']}: {each['ruleId']}: {each['message']}" for each in page["messages"]
        ]
        for page in json.loads(done.stdout)
        if page["messages"]
    }
