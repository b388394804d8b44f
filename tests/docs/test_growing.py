"""Whoever grows the house finds what the steps name, and what reminds of them."""

from __future__ import annotations

import re

from tests.docs.test_security import PROOF, ROOT, missing_in

TEXT = (ROOT / "docs" / "growing.md").read_text("utf-8")
REMINDERS = {
    chapter.splitlines()[0]: chapter.partition("**Reminds:**")[2].partition("\n\n")[0]
    for chapter in TEXT.split("\n## ")[1:]
}


def test_every_place_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:marketplace|tests|deploy)/[\w./-]+)[`:]", TEXT))
    assert {place for place in named if not (ROOT / place).exists()} == set()


def test_each_chapter_says_which_tests_remind_of_it_and_there_are_such() -> None:
    assert {chapter for chapter, tests in REMINDERS.items() if not PROOF.search(tests)} == {"A perk"}
    assert missing_in("\n".join(REMINDERS.values())) == []
