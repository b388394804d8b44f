"""Runs slither over contracts/src and compares what it finds with the table in contracts/README.md.

Slither lives in a virtual environment of its own, from requirements/slither.txt: it wants an older web3 than Hiroba.
https://github.com/crytic/slither/wiki/Detector-Documentation
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import installing
from installing import CONTRACTS, VENV

HOME = installing.CACHE / "slither"
PYTHON = HOME / "bin" / "python"
LOCK = installing.lock_file("slither")
README = CONTRACTS / "README.md"
HEADING = "## What slither finds"

Finding = tuple[str, str]
"""The detector, and the function that it points at: ("timestamp", "ResaleMarket.buy")."""


def main() -> None:
    passed, now = HOME / ".passed", digest()
    if passed.exists() and passed.read_text("utf-8") == now:
        return
    install()
    faults = differences(found(report()), explained(README.read_text("utf-8")))
    if faults:
        installing.stop("\n".join(faults))
    passed.write_text(now, "utf-8")


def install() -> None:
    with installing.alone():
        if installing.is_stamped(HOME / ".installed", LOCK) and installing.answers(PYTHON):
            return
        with installing.step("slither for scripts/audit"):
            installing.command([sys._base_executable, "-m", "venv", "--clear", str(HOME)])  # type: ignore[attr-defined]
            installing.pip_install(LOCK, PYTHON, compiled=False)
        installing.stamp(HOME / ".installed", LOCK)


def report() -> Mapping[str, Any]:
    """Slither's JSON. It compiles with forge, into folders of its own: forge's tests keep theirs."""
    forge = next(CONTRACTS.glob("node_modules/@foundry-rs/forge-*/bin"), None)
    if forge is None:
        installing.stop("forge is missing: run scripts/setup test")
    path = os.pathsep.join([str(forge), str(VENV / "bin"), os.environ["PATH"]])
    out = {"FOUNDRY_OUT": str(HOME / "out"), "FOUNDRY_CACHE_PATH": str(HOME / "cache"), "HOME": str(HOME)}
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "report.json"
        command = [
            *(str(PYTHON), "-m", "slither"),  # its own program names the checkout that made it, which may be gone
            ".",
            "--filter-paths",
            "node_modules",
            "--fail-none",
            "--json",
            str(said),
        ]
        ran = subprocess.run(
            command, cwd=CONTRACTS, env={**os.environ, **out, "PATH": path}, capture_output=True, text=True
        )
        read: Mapping[str, Any] = json.loads(said.read_text("utf-8")) if said.exists() else {"success": False}
    if not read["success"]:
        installing.stop(f"slither did not get to its end:\n{ran.stderr}")
    return read


def found(read: Mapping[str, Any]) -> set[Finding]:
    """What slither points at; outside of functions the name of the thing alone."""
    findings = set()
    for result in read["results"].get("detectors", []):
        first = result["elements"][0]
        parent = first.get("type_specific_fields", {}).get("parent", {}).get("name")
        findings.add((result["check"], f"{parent}.{first['name']}" if parent else first["name"]))
    return findings


def explained(readme: str) -> set[Finding]:
    """The rows of the table under the heading: | `detector` | `where`, `where` | why |"""
    _, _, section = readme.partition(HEADING)
    rows = re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| [^|]+ \|$", section.partition("\n## ")[0], re.MULTILINE)
    return {(detector, where) for detector, places in rows for where in re.findall(r"`([^`]+)`", places)}


def differences(findings: set[Finding], explanations: set[Finding]) -> list[str]:
    return [
        *_said("not explained in contracts/README.md", findings - explanations),
        *_said("explained in contracts/README.md, and found no more", explanations - findings),
    ]


def _said(what: str, findings: Iterable[Finding]) -> list[str]:
    return [f"slither: {detector} in {where}: {what}" for detector, where in sorted(findings)]


def digest() -> str:
    """Of everything that the answer depends on."""
    sources = sorted(CONTRACTS.glob("src/**/*.sol"))
    files = [*sources, README, CONTRACTS / "foundry.toml", CONTRACTS / "package-lock.json", LOCK, Path(__file__)]
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()


if __name__ == "__main__":
    main()
