"""The menu of every page, whose words are longer in one language than in another."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

OVERLAPS = """() => {
  const parts = [...document.querySelectorAll('.brand, .nav a, .menu > summary, .head__mine')];
  const boxes = parts.map((part) => [part.innerText, part.getBoundingClientRect()]).filter(([, box]) => box.width);
  return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).map(([other]) => [one, other]));
}"""


LONG = "Official market of Minamiaizu-Okutadami-Hinoemata-Ozenumata Amalgamated Memorial Special Town"


@pytest.mark.browser
@pytest.mark.parametrize("language", ["ja", "easy", "en"])
@pytest.mark.parametrize("called", ["", LONG])
def test_the_words_of_the_menu_and_the_name_of_the_site_stand_beside_each_other(
    page: Page, language: str, called: str
) -> None:
    """Of this town, and of one with a name that is as long as it can be."""
    found: dict[tuple[str, int], list[list[str]]] = {}
    for size in ("m", "l", "xl"):
        page.goto(f"/display?size={size}&next=/about?lang={language}")
        if called:
            page.locator(".brand__of").evaluate("(part, name) => { part.textContent = name; }", called)
        for width in (320, 390, 993, 1100, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            found[size, width] = page.evaluate(OVERLAPS)
    assert found == {each: [] for each in found}
