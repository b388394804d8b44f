"""The look keeps its own promises: nothing inline, nothing from elsewhere, every name defined."""

import re
from pathlib import Path

import pytest

from marketplace.kit.colours import KEY

MARKETPLACE = Path(__file__).parents[2] / "marketplace"
STYLES = sorted((MARKETPLACE / "static" / "css").glob("*.css"))
TEMPLATES = sorted(path for path in MARKETPLACE.rglob("*.html"))
TOKENS = MARKETPLACE / "static" / "vendor" / "design-tokens-1.1.9" / "tokens.css"


def text_of(paths: list[Path]) -> str:
    return "\n".join(path.read_text() for path in paths)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(MARKETPLACE)))
def test_no_template_needs_an_exception_from_the_content_security_policy(template: Path) -> None:
    html = template.read_text()
    assert re.findall(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|javascript:", html) == []
    assert re.findall(r"<script(?![^>]*(?:\ssrc=|type=\"application/ld\+json\"))", html) == []


@pytest.mark.parametrize("template", [path for path in TEMPLATES if 'hx-trigger="every' in path.read_text()], ids=str)
def test_a_part_that_asks_for_itself_is_changed_where_it_differs_and_can_have_the_focus(template: Path) -> None:
    """Put in anew, it would take the focus with it, and be read out whole, each two seconds."""
    (part,) = re.findall(r"<(?:div|section) id=[^\n]*hx-trigger=\"every[^\n]*", template.read_text())
    assert ['hx-swap="outerMorph"' in part, 'tabindex="-1"' in part] == [True, True]


def test_every_colour_name_used_is_defined() -> None:
    css = text_of(STYLES)
    used = set(re.findall(r"var\((--[a-z0-9-]+)", css))
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", css + TOKENS.read_text()))
    assert used - defined == set()


def test_the_colour_of_the_town_is_one() -> None:
    """Programs, the mark of the town and the styles say the same; what is drawn in pictures is its own."""
    (name,) = re.findall(r"--key: var\((--[a-z0-9-]+)\)", (MARKETPLACE / "static/css/theme.css").read_text())
    assert re.findall(rf"{name}: (#[0-9a-f]+);", TOKENS.read_text()) == [KEY]
    assert KEY in (MARKETPLACE / "static/img/emblem.svg").read_text()
    code = [path for end in ("*.py", "*.html", "*.css") for path in MARKETPLACE.rglob(end)]
    said = {str(path.relative_to(MARKETPLACE)) for path in code if KEY in path.read_text()}
    own = ("art/", "devstripe/", "static/vendor/")
    assert {path for path in said if not path.startswith(own)} == {"kit/colours.py"}


def test_the_night_colours_only_rename_what_the_day_defines() -> None:
    day = set(re.findall(r"^\s*(--[a-z0-9-]+)\s*:", (MARKETPLACE / "static/css/theme.css").read_text(), re.M))
    night = set(re.findall(r"^\s*(--[a-z0-9-]+)\s*:", (MARKETPLACE / "static/css/dark.css").read_text(), re.M))
    assert night - day == set()


def test_paper_is_white_at_night_too() -> None:
    """Whatever the theme: ink costs money, and a counter copies what is printed."""
    links = re.findall(r'dark\.css" media="([^>]*)">', text_of(TEMPLATES))
    assert len(links) >= 4
    assert [media for media in links if media.count("screen") < 1 or "all" in media] == []


def test_styles_fetch_nothing() -> None:
    assert re.findall(r"url\(|@import", text_of(STYLES)) == []


def test_every_icon_asked_for_by_name_exists() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (MARKETPLACE / "static/img/icons.svg").read_text()))
    asked = set(re.findall(r'icon\("([a-z]+)"', text_of(TEMPLATES)))
    assert asked - drawn == set()


def test_every_mode_and_kind_has_an_icon() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (MARKETPLACE / "static/img/icons.svg").read_text()))
    assert {"fixed", "lottery", "ascending", "sealed", "grant"} <= drawn
    assert {"resident", "card", "lecture", "naming", "certificate", "experience"} <= drawn
