"""Who lets the system choose a few colours for everything sees what grounds and shadows say to the others."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from marketplace.gatherings import visiting as points
from marketplace.kit.db import db, get
from marketplace.orders.placing import place
from marketplace.perks import partnering
from marketplace.perks.models import Partner
from tests import given
from tests.gatherings.stage import BY
from tests.visiting import visiting

pytestmark = pytest.mark.browser


def colours(part: Locator) -> int:
    """How many colours cover more than a fiftieth of it."""
    picture = Image.open(io.BytesIO(part.screenshot())).convert("RGB")
    counts = picture.getcolors(picture.width * picture.height) or []
    return sum(count * 50 > picture.width * picture.height for count, _colour in counts)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_how_much_is_sold_and_which_card_has_the_focus(
    app: Flask, browser: Browser, live_server: str, scheme: str
) -> None:
    place(given.an_account(), given.a_listing(kind="card", quantity=3))
    db.session.rollback()
    with visiting(browser, live_server, forced_colors="active", color_scheme=scheme) as page:
        page.goto("/listings")
        bar, link = page.locator("progress.bar").first, page.locator(".card__link").first
        assert colours(bar) >= 2
        plain = ring(page)
        link.focus()
        assert (plain, ring(page)) == (0, 4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_code_on_a_screen_stays_black_on_white(app: Flask, browser: Browser, live_server: str, scheme: str) -> None:
    partner_id, _pin = partnering.take_in("水沢温泉館", BY)
    points.open_point(partner_id, BY)
    key = points.point_of(get(Partner, partner_id).code)[1].screen_key
    db.session.rollback()
    with visiting(browser, live_server, forced_colors="active", color_scheme=scheme) as page:
        page.goto(f"/stamp-screen/{key}")
        picture = Image.open(io.BytesIO(page.locator(".screen-code").screenshot())).convert("L")
        assert picture.getpixel((3, picture.height // 2)) == 255


def ring(page: Page) -> int:
    """Pixels of the line around the first card."""
    measure = "card => { const { outlineStyle, outlineWidth } = getComputedStyle(card);"
    measure += " return outlineStyle === 'none' ? 0 : parseInt(outlineWidth); }"
    return int(page.locator(".card").first.evaluate(measure))
