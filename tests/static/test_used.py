"""What is kept for the pages is shown on one: what no page asks for any more is gone."""

import re
from pathlib import Path

import marketplace

HOUSE = Path(marketplace.__path__[0])
PAGES = sorted(HOUSE.rglob("*.html"))
WRITERS = [path for end in ("*.html", "*.py", "*.js") for path in HOUSE.rglob(end) if "vendor" not in path.parts]
SOURCE = "\n".join(path.read_text("utf-8") for path in WRITERS)
LOOK = re.compile(r"(?:class|look|kind|figures|fills|names)\w*\b[^\n]*", re.IGNORECASE)
"""Where a page or a program gives something its look: from here to the end of the line."""


def styled() -> set[str]:
    """The classes that the styles speak of."""
    text = "\n".join(path.read_text("utf-8") for path in (HOUSE / "static" / "css").glob("*.css"))
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", " ", text, flags=re.DOTALL)
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def test_every_class_of_the_styles_is_on_a_page() -> None:
    """Of `badge--{{ tone }}` a page writes the beginning only."""
    looks = "\n".join(LOOK.findall(SOURCE))
    whole, begun = set(re.findall(r"[a-z][\w-]*", looks)), tuple(set(re.findall(r"([a-z][\w-]*(?:--|__))\{", looks)))
    assert {name for name in styled() - whole if not name.startswith(begun)} == set()


def test_every_part_that_a_page_brings_in_is_on_it() -> None:
    idle = {}
    for page in PAGES:
        told = re.findall(r"\{[{%].*?[%}]\}", page.read_text("utf-8"), re.DOTALL)
        brought = [each for each in told if each.startswith("{% from ")]
        shown = set(re.findall(r"\w+", " ".join(each for each in told if each not in brought)))
        parts = {part.split()[-1] for each in brought for part in each[:-2].partition(" import ")[2].split(",")}
        if parts - shown:
            idle[str(page.relative_to(HOUSE))] = parts - shown
    assert idle == {}


def test_every_symbol_that_is_drawn_is_asked_for() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (HOUSE / "static" / "img" / "icons.svg").read_text("utf-8")))
    assert drawn - set(re.findall(r"[\"']([a-z]+)[\"']", SOURCE)) == set()
