"""What each page is held to, measured in the browser that has it open.

A page is loaded once and looked at in each mode: theme, window and size of letters are changed under it. In the suite
each page is read by axe in one mode, every second one on a phone by day and the others in turn. FACES=all reads every
page in every mode.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from playwright.sync_api import Page

from marketplace.kit.db import db
from marketplace.rights.models import Right
from tests import axe
from tests.faces.contrast import contrast, needed

MEASURES = Path(__file__).with_name("measures.js").read_text(encoding="utf-8")
LIGHT_KB, WHOLE_KB = 150, 500
"""What a page may weigh without pictures, and with them."""
APPROVED = {
    "color-contrast": ", ".join(
        (
            "[data-over-picture]",  # measured pixel by pixel, below
            "svg text",  # measured against what is painted under it, in measures.js
            ".steps, .timeline",  # lines drawn by ::before and ::after pass behind the words
            "ruby",  # so small that any ::after is large; of the colour of its line, which axe judges without it
        )
    ),
    "frame-tested": "iframe[sandbox]",  # the card of a sale is a page of its own, and tested as one
}
"""What axe can't judge and we did: {rule: the places}."""
WHOLE = os.environ.get("FACES") == "all"
PICTURES = os.environ.get("FACES_PICTURES")
"""A folder for a picture of each page in each mode."""


@dataclass(frozen=True)
class Mode:
    name: str
    window: tuple[int, int]
    theme: Literal["light", "dark"] = "light"
    size: Literal["m", "xl"] = "m"


PHONE_BY_DAY = Mode("phone", (390, 844))
DESK = Mode("desk", (1280, 900))
HALF, NARROW = Mode("640 px", (640, 800)), Mode("320 px, large letters", (320, 640), size="xl")
"""A window of 1280 at 200 % and at 400 % (WCAG 1.4.10)."""
WIDE = Mode("1920 px", (1920, 1080))
SMALL = Mode("360 px", (360, 800))
"""A telephone on which each column of a table is to be seen, or said to be pulled."""
ALL = (
    PHONE_BY_DAY,
    DESK,
    Mode("phone by night", PHONE_BY_DAY.window, "dark"),
    Mode("desk by night", DESK.window, "dark"),
    Mode("phone, large letters", PHONE_BY_DAY.window, size="xl"),
    Mode("desk, large letters", DESK.window, size="xl"),
)
IN_TURN = tuple(mode for other in ALL[1:] for mode in (PHONE_BY_DAY, other))


def equipped(page: Page) -> Page:
    """Whatever it opens from now on can be measured. Chromium compiles the programs once so, and not for each page."""
    page.add_init_script(f"if (self === top) {{\n{axe.PROGRAM}\n{MEASURES}\n}}")
    return page


def names_of_rights() -> list[str]:
    found = list(db.session.scalars(sa.select(Right.title_ja)))
    db.session.rollback()
    return found


def faults_of(page: Page, number: int, path: str, named: list[str]) -> dict[str, list[str]]:
    """{what was measured: [what is wrong]} of the equipped page that is open, the `number`th; only what is wrong.

    `named` are the town's own things, of which two may have the same name.
    """
    return {name: found for name, found in _measured(page, number, path, named) if found}


def _measured(page: Page, number: int, path: str, named: list[str]) -> Iterator[tuple[str, list[str]]]:
    yield "weight", _weight(page)
    for mode in ALL if WHOLE else (IN_TURN[number % len(IN_TURN)],):
        _turn(page, mode)
        yield f"axe, {mode.name}", _axe(page)
        yield f"words in drawings, {mode.name}", page.evaluate("measures.drawn()")
        yield f"words over pictures, {mode.name}", _over_pictures(page)
        if PICTURES:
            name = f"{number:03} {path.strip('/').replace('/', ' ').partition('?')[0]} ({mode.name}).png"
            page.screenshot(path=Path(PICTURES) / name, full_page=True)
    _turn(page, SMALL)
    yield "tables", page.evaluate("measures.tables()")
    yield "bubbles", page.evaluate("measures.bubbles()")
    yield "autocomplete", page.evaluate("measures.unsaid()")
    if not path.startswith("/dev/"):
        yield "names", page.evaluate("named => measures.twins(named)", named)
    for mode in (NARROW, DESK, *((HALF, WIDE, PHONE_BY_DAY) if WHOLE else ())):
        _turn(page, mode)
        yield f"sideways, {mode.name}", page.evaluate("measures.sideways()")
        page.keyboard.press("Tab")
        used = page.evaluate(
            "({ keyboard: measures.stops(), targets: measures.targets(), 'pulled sideways': measures.pulled(),"
            " 'boxes askew': measures.askew(), 'text spacing': measures.spaced() })"
        )
        yield from ((f"{name}, {mode.name}", found) for name, found in used.items())


def _turn(page: Page, mode: Mode) -> None:
    page.set_viewport_size({"width": mode.window[0], "height": mode.window[1]})
    dark = page.evaluate(
        "size => { document.documentElement.dataset.size = size; scrollTo(0, 0);"
        " return matchMedia('(prefers-color-scheme: dark)').matches }",
        mode.size,
    )
    if dark != (mode.theme == "dark"):
        page.emulate_media(color_scheme=mode.theme)


def _axe(page: Page) -> list[str]:
    options = {"rules": {"target-size": {"enabled": True}}, **axe.BRIEF}
    found: list[str] = page.evaluate("given => measures.axed(...given)", [options, APPROVED])
    return found


def _over_pictures(page: Page) -> list[str]:
    if not page.evaluate("!!document.querySelector('[data-over-picture]')"):
        return []  # Playwright's own selectors are a large script, which each page would have to take
    words = page.query_selector_all("[data-over-picture] :is(h1, h2, p, li, dt, dd):not(:has(a, p, dt))")
    seen = [(word.inner_text(), contrast(word), needed(word)) for word in words if word.is_visible()]
    return [f"{ratio:.2f}: {text}" for text, ratio, least in seen if ratio < least]


def _weight(page: Page) -> list[str]:
    light, whole = (round(size / 1024) for size in page.evaluate("measures.weight()"))
    faults = [f"{light} KB without pictures"] if light > LIGHT_KB else []
    return faults + ([f"{whole} KB"] if whole > WHOLE_KB else [])
