"""What Lighthouse says of a running town's public pages, on a phone and on a desk: scripts/lighthouse.

Start a town first (scripts/run). Each page is judged some times, and the median counts. Lighthouse reckons how fast a
slow phone would be from what it saw here, so a busy machine makes the pages slower than they are: the load is written
down beside the figures. Fails where a figure is below its bound.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median_low
from typing import Any, NamedTuple

import installing
from installing import ROOT

HERE = Path(__file__).parent / "lighthouse"
PROGRAM = HERE / "node_modules" / "lighthouse" / "cli" / "index.js"
PAGE = ROOT / "docs" / "lighthouse.md"
TRIES = 5
BOUNDS = {"performance": 90, "accessibility": 95, "best-practices": 95, "seo": 95}
FORMS = {"phone": [], "desk": ["--preset=desktop"]}
CHROME = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
HEAD = """# What Lighthouse says

Written by `scripts/lighthouse`, with a town running (`scripts/run`). The bounds: performance {performance},
accessibility {accessibility}, best practices {best-practices}, SEO {seo}. Lighthouse sees a page as a stranger does,
so pages behind a sign-in are not among them; `tests/faces` holds those to its own gates.

"""


class Judged(NamedTuple):
    path: str
    form: str
    figures: dict[str, int]
    """Of a hundred, for each of BOUNDS."""
    faults: list[str]
    """The audits that are not full, by name."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/lighthouse", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the town is (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is judged (default: %(default)s)")
    given = parser.parse_args()
    with installing.alone():
        installing.install_npm_packages(HERE, "test")
    judged = []
    for path in paths(given.url):
        for form in FORMS:
            judged.append(one := judge(given.url, path, form, given.rounds))
            print(f"{form:6} {path:40} {one.figures} {' '.join(one.faults)}", flush=True)
    PAGE.write_text(written(judged, given.rounds), encoding="utf-8")
    low = [one for one in judged if any(one.figures[name] < least for name, least in BOUNDS.items())]
    sys.exit(f"below the bounds: {', '.join(f'{one.path} ({one.form})' for one in low)}" if low else 0)


def paths(url: str) -> list[str]:
    """The pages that strangers come to, and the first three of the listings."""
    with urllib.request.urlopen(f"{url}/listings", timeout=30) as answer:  # noqa: S310 -- the town that was named
        listings = re.findall(r'href="(/listings/LST-[A-Z0-9-]+)"', answer.read().decode())
    first = list(dict.fromkeys(listings))[:3]
    return ["/", "/listings", *first, "/about", "/help", "/market", "/fund", "/records", "/draws/explained"]


def judge(url: str, path: str, form: str, rounds: int) -> Judged:
    seen = [report(f"{url}{path}", form) for _ in range(rounds)]
    figures = {name: median_low(round(100 * each["categories"][name]["score"]) for each in seen) for name in BOUNDS}
    return Judged(path, form, figures, faults(seen[-1]))


def report(url: str, form: str) -> dict[str, Any]:
    """One look. Chromium's trace begins too late now and then, and then it is looked again; RuntimeError if always."""
    for _ in range(TRIES - 1):
        with suppress(RuntimeError):
            return looked(url, form)
    return looked(url, form)


def looked(url: str, form: str) -> dict[str, Any]:
    """RuntimeError with what Lighthouse said where there is no report."""
    chrome = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), "")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command = ["node", str(PROGRAM), url, *FORMS[form], f"--only-categories={','.join(BOUNDS)}", "--quiet"]
        command += ["--output=json", f"--output-path={out}", f"--chrome-flags={CHROME}"]
        env = {**os.environ, "CHROME_PATH": chrome, "CI": "1"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
        if done.returncode or not out.exists():
            raise RuntimeError(done.stderr[-2000:])
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if problem := found.get("runtimeError"):
        raise RuntimeError(problem["message"])
    return found


def faults(report: dict[str, Any]) -> list[str]:
    """Of what counts, apart from the speeds themselves."""
    names = [
        each["id"]
        for name, category in report["categories"].items()
        if name != "performance"
        for each in category["auditRefs"]
        if each["weight"]
    ]
    scores = {name: report["audits"][name]["score"] for name in names}
    return sorted(name for name, score in scores.items() if score is not None and score < 1)


def written(judged: list[Judged], rounds: int) -> str:
    version = json.loads((HERE / "node_modules" / "lighthouse" / "package.json").read_text("utf-8"))["version"]
    load = os.getloadavg()[0]
    lines = [
        HEAD.format(**BOUNDS),
        f"{datetime.now(UTC):%Y-%m-%d}, Lighthouse {version}, the median of {rounds}; ",
        f"{os.cpu_count()} cores, {platform.system()}, load {load:.1f}.\n\n",
        "| page | on | performance | accessibility | best practices | SEO | not full |\n",
        "|---|---|---|---|---|---|---|\n",
    ]
    for one in judged:
        figures = " | ".join(str(one.figures[name]) for name in BOUNDS)
        shown = re.sub(r"LST-[A-Z0-9-]+", "…", one.path)
        lines.append(f"| `{shown}` | {one.form} | {figures} | {', '.join(one.faults)} |\n")
    return "".join(lines)


if __name__ == "__main__":
    main()
