"""Programs by other people (npm: Helia's importer and exporter, IPLD's CAR reader), run by Node.js."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def run(script: str, *arguments: str, given: object = None) -> Any:
    """What a script here prints, as JSON; skipped by name without Node.js, a failure where REQUIRE_NODE=1."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "ipfs-unixfs-importer").exists():
        missing = "Node.js or the npm packages of tests/ipfs/independent/ are missing: run scripts/setup test"
        if os.environ.get("REQUIRE_NODE") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    done = subprocess.run(
        [node, HERE / script, *arguments], input=json.dumps(given), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
