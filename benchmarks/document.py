"""python -m benchmarks.document: writes docs/benchmarks.md anew from the results that were recorded.

`python -m benchmarks NAME … --record` measures, keeps the results with the day and the machine in docs/benchmarks.json,
and writes the page.
"""

import inspect
import json
import os
import platform
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks import Result
from benchmarks.goals import goal_of

DOCS = Path(__file__).parents[1] / "docs"
RECORDED, PAGE = DOCS / "benchmarks.json", DOCS / "benchmarks.md"
HEAD = """# What Hiroba costs

Each number is measured beside something plain in the same run, on the same machine, in turns (what fills the machine
alone, a shop of others or 13,440 people, one after the other); the **ratio** is the median over the rounds, and says
the same on another machine, which the number does not. CPU-ms are milliseconds of processor time of the processes that
are named, for one operation; a busy machine changes them less than a clock.

    python -m benchmarks NAME … [--json] [--record]

measures; with `--record` the results are kept in `benchmarks.json` and this page is written anew. Where there is a
goal, it is the project's own; one that is not met says so.
"""


def record(results: Iterable[Result], on: date, machine: str) -> None:
    """Keep these, in place of older ones of the same name, and write the page. ValueError where two have one name."""
    fresh = [{**asdict(each), "on": on.isoformat(), "machine": machine} for each in results]
    kept = read() | {each["name"]: each for each in fresh}
    if twice := [name for name, count in Counter(each["name"] for each in fresh).items() if count > 1]:
        raise ValueError(f"one of these would hide the other: {', '.join(twice)}")
    RECORDED.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(kept), "utf-8")


def read() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {}
    return found


def page(kept: dict[str, dict[str, Any]]) -> str:
    """The whole document: a section for each benchmark, with its own words and a table."""
    parts = [HEAD]
    for module, names in groupby(sorted(kept), key=lambda name: name.partition(".")[0]):
        rows = [kept[name] for name in names]
        parts.append(f"## {module}\n\n{_words(module)}\n\n{_table(rows)}\n")
    return "\n".join(parts)


def _words(module: str) -> str:
    return inspect.cleandoc(import_module(f"benchmarks.{module}").__doc__ or "")


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| | value | against | ratio | rounds | goal | |", "|---|--:|---|--:|--:|---|---|"]
    for row in rows:
        result = Result(**{name: row[name] for name in Result.__dataclass_fields__})
        goal = goal_of(result.name)
        verdict = "" if goal is None else "met" if goal.met(result) else "**not met**"
        cells = [f"`{result.name}`", f"{result.value:g} {result.unit}", result.against, f"{result.ratio:g}", result.n]
        lines.append("| " + " | ".join(map(str, [*cells, goal or "", verdict])) + " |")
    days = sorted({f"{row['on']}, {row['machine']}" for row in rows})
    return "\n".join([*lines, "", *(f"Measured {each}." for each in days)])


def this_machine() -> str:
    """'2 cores of AMD EPYC …, 24 GiB, Linux, Python 3.11.7, SQLite 3.40.1'."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = f"{os.cpu_count()} cores of {model[1] if model else platform.machine()}"
    engines = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{cores}, {memory:.0f} GiB, {platform.system()}, {engines}"


if __name__ == "__main__":
    PAGE.write_text(page(read()), "utf-8")
