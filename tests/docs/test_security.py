"""The threat model names tests that exist, and each of its lines has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from marketplace.settings import Settings, refusing

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
PROOF = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
THREATS = TEXT.partition("## Threats, measures, proofs")[2].partition("## Settings that are refused")[0]


def rows() -> list[list[str]]:
    lines = [line for line in THREATS.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [cells for line in lines if (cells := [part.strip() for part in line.strip("|").split("|")])[0] != "threat"]


def named_in(file: Path) -> set[str]:
    parts = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {part.name for part in parts if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")}


def missing_in(text: str) -> list[str]:
    """Tests that a document names and that there are not."""
    missing = []
    for path, name in PROOF.findall(text):
        file = ROOT / path
        if not file.is_file() or (name and name not in named_in(file)) or not named_in(file):
            missing.append(f"{path}::{name}")
    return missing


def test_every_test_that_is_named_exists() -> None:
    assert missing_in(TEXT) == []


def test_every_threat_has_a_measure_and_a_proof() -> None:
    assert len(rows()) > 50
    unproved = [cells[0] for cells in rows() if len(cells) != 3 or not PROOF.search(cells[2])]
    assert unproved == []


def test_every_setting_that_is_named_is_one() -> None:
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", TEXT))
    assert {name for name in named if name.lower() not in Settings.model_fields} == set()


def test_every_setting_that_is_refused_is_told() -> None:
    told = TEXT.partition("## Settings that are refused")[2].partition("## By hand")[0]
    source = Path(refusing.__file__).read_text(encoding="utf-8")
    reasons = re.findall(r'yield\s+f?"([^"]+)"', source.partition("def unsafe(")[2])
    first = {
        re.findall(r"[A-Z][A-Z0-9]+(?:_[A-Z]+)+|DEMO", reason)[0] for reason in reasons if not reason.startswith("{")
    }
    assert {name for name in first if name not in told} == set()
