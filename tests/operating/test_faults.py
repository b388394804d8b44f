"""The table of faults: each has words for both readers, each can be found, and nothing else is said to be."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from marketplace.operating.faults import FAULTS, PARTS, found
from marketplace.operating.health import Fault, Finding, Grade, worst

SOURCES = Path(__file__).parents[2] / "marketplace" / "operating"


def named(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_has_its_words_and_its_remedy_in_both_tongues(fault: Fault) -> None:
    assert all((fault.what, fault.remedy, fault.what_ja, fault.remedy_ja))
    assert fault.remedy_ja.endswith("。")
    assert fault.grade is not Grade.GOOD
    assert not re.search("[ぁ-ん]", fault.what)
    assert re.search("[ぁ-ん]", fault.what_ja)


def test_each_fault_is_looked_for_and_each_that_is_looked_for_is_in_the_table() -> None:
    text = "".join(path.read_text("utf-8") for path in sorted(SOURCES.glob("*.py")))
    sought = set(re.findall(r'found\(\s*"([a-z_.]+)"', text)) | set(
        re.findall(r'found\("[a-z.]+" if \w+ else "([a-z.]+)"', text)
    )
    assert sought == {code for code in FAULTS if not code.endswith(".unchecked")}


def test_what_was_not_seen_is_a_dash_and_not_an_error() -> None:
    assert found("follower.silent").what_ja == "ブロックチェーンを — から読めていません"


def test_a_part_is_as_bad_as_its_worst_finding() -> None:
    care, fault = found("disk.low", free=1), found("disk.full", free=1)
    assert [worst(some) for some in ((), (care,), (care, fault), (fault, care))] == ["good", "warn", "bad", "bad"]


def test_a_finding_shows_no_name_of_a_part_that_is_not_there() -> None:
    assert {fault.part for fault in FAULTS.values()} == set(PARTS)
    assert [Finding(fault).fault.code for fault in FAULTS.values()] == list(FAULTS)
