"""axe, other people's program that finds in an open page what keeps somebody from reading it."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

_KNOWN_COLOURS = """
(() => {
  const { prototype } = axe.commons.color.Color, parsed = prototype.parseString, known = new Map();
  prototype.parseString = function (text) {
    const seen = known.get(text);
    if (seen) return Object.assign(this, seen);
    const { r, g, b, alpha } = parsed.call(this, text);
    known.set(text, { r, g, b, alpha });
    return this;
  };
})();
"""
"""A page has a dozen colours, and axe works each out anew for each element: a quarter of its time."""
_OWN_FIELDS = """
((Fields) => ((WeakMap, WeakSet) => {
%s
})(Fields, Fields))(class {
  at = Symbol();
  has(thing) { return this.at in thing; }
  get(thing) { return thing[this.at]; }
  set(thing, value) { thing[this.at] = value; return this; }
  add(thing) { return this.set(thing, true); }
});
"""
"""axe keeps the fields of a colour in seven weak maps and makes a colour for each layer under each word: on a page with
readings over its kanji a quarter of its time, and next to nothing where a field is a property of the thing itself."""
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PROGRAM = _OWN_FIELDS % _AXE + _KNOWN_COLOURS
BRIEF: dict[str, Any] = {"selectors": False}
"""A fault is told by its HTML: to work out a selector for each part of the page is a third of the time."""
_FAULTS = """async (options) => {
  const { violations } = await axe.run(document, { ...options, resultTypes: ['violations'] });
  return violations.flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html}`));
}"""


def faults(page: Page) -> list[str]:
    """What is certainly wrong in the page that is open: the rule and the HTML, once for each place."""
    page.evaluate(PROGRAM)
    found: list[str] = page.evaluate(_FAULTS, BRIEF)
    return found
