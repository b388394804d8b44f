import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import Result, compared
from benchmarks.__main__ import there
from benchmarks.serving import hello_server

ROOT = Path(__file__).parents[2]


def test_a_ratio_is_the_median_over_rounds_measured_side_by_side() -> None:
    # The second round met a busy machine: both are slow in it, and their ratio is as in the others.
    result = compared("start", "s", [2.0, 20.0, 3.0], "hello", [1.0, 10.0, 1.0])
    assert result == Result("start", 3.0, "s", 2.0, "hello", 3)


def test_rounds_that_are_not_side_by_side_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compared("start", "s", [2.0, 3.0], "hello", [1.0])


def test_hello_is_served_by_gunicorn_and_leaves_no_process() -> None:
    with hello_server() as served:
        processes = served.processes()
    assert processes[0] == served.process
    assert [pid for pid in processes if Path(f"/proc/{pid}").exists()] == []


def test_a_name_that_is_no_benchmark_is_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "nothing", "--json"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    last = refused.stderr.splitlines()[-1]
    assert (refused.returncode, refused.stdout, last) == (
        2,
        "",
        "python -m benchmarks: error: there is no benchmark nothing",
    )


def test_what_is_on_record_can_be_measured_again() -> None:
    recorded = json.loads((ROOT / "docs" / "benchmarks.json").read_text("utf-8"))
    assert {name.partition(".")[0] for name in recorded} - set(there()) == set()
