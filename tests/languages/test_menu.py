"""The menu of every page, whose words are longer in one language than in another."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

OVERLAPS = """() => {
  const box = (e) => e.getBoundingClientRect(), name = box(document.querySelector('.brand'));
  return [...document.querySelectorAll('.nav a, .menu > summary, .head__mine')].filter((e) => {
    const its = box(e);
    const beside = its.left >= name.right || its.right <= name.left || its.top >= name.bottom || its.bottom <= name.top;
    return its.width && !beside;
  }).map((e) => e.innerText);
}"""


@pytest.mark.browser
@pytest.mark.parametrize("language", ["ja", "easy", "en"])
def test_no_word_of_the_menu_lies_over_the_name_of_the_site(page: Page, language: str) -> None:
    found: dict[int, list[str]] = {}
    page.goto(f"/about?lang={language}")
    for width in (320, 390, 993, 1100, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        found[width] = page.evaluate(OVERLAPS)
    assert found == {width: [] for width in found}
