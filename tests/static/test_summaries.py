"""A form that came back with something to mend says so at its top, where the focus goes, and in the title."""

from __future__ import annotations

import re
from pathlib import Path

import marketplace

TEMPLATES = Path(marketplace.__file__).parent
FORM = re.compile(r'<form method="post".*?</form>', re.DOTALL)
DRAWN, LED_TO = re.compile(r"\b(?:\w+_)?field\((\w+)[.\[]"), re.compile(r"error_summary\((\w+)")
ONE_FOR_ALL = {
    "appointments/desk.html": "failed",
    "appointments/planner.html": "failed",
    "auctions/desk.html": "form",
    "naming/desk.html": "failed",
    "perks/partner.html": "failed",
    "staff/amend.html": "faulty",
    "staff/stop.html": "form",
}
"""Pages of many forms: the one that came back is given under this name."""
NEVER_BACK = {
    "accounts/letters.html",  # boxes to tick alone: nothing of it can be wrong
    "auctions/_ask.html",  # sent to a page of its own
    "auctions/_panel.html",
}


def test_every_form_of_boxes_has_a_summary_of_what_is_to_be_mended() -> None:
    without = {}
    for path in TEMPLATES.rglob("templates/*/*.html"):
        name, text = "/".join(path.parts[-2:]), path.read_text(encoding="utf-8")
        summed = set(LED_TO.findall(text))
        drawn = {form for part in FORM.findall(text) for form in DRAWN.findall(part)}
        if drawn - summed and ONE_FOR_ALL.get(name) not in summed and name not in NEVER_BACK:
            without[name] = sorted(drawn - summed)
    assert without == {}
