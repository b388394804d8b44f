"""Parts of a page that many pages share: drawn once in each language, and from then on given from memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from marketplace.kit.languages import language

ADDRESS = "address-of-this-page"
"""Where it will stand, in a part that is drawn."""


def remember_parts(app: Flask, town: Callable[[], object]) -> None:
    """Give the templates of `app` shared_part("parts/foot.html", …) and drawn_icon("bell").

    A part knows the `town`, and what it is given: of few values, and nobody's name. Only its `address`, which is
    another on each page, is written into it when it is given out.
    """
    drawn: dict[tuple[object, ...], Markup] = {}

    def shared_part(template: str, address: str = "", /, **given: Any) -> Markup:
        key = (template, language(), *given.values())
        if key not in drawn or app.jinja_env.auto_reload:
            text = app.jinja_env.get_template(template).render(town=town(), address=ADDRESS, **given)
            drawn[key] = Markup(text)  # noqa: S704 -- ours
        return drawn[key].replace(ADDRESS, escape(address)) if address else drawn[key]

    app.jinja_env.globals.update(shared_part=shared_part, drawn_icon=icon)


@cache
def icon(name: str, big: bool = False) -> Markup:
    """The symbol of that name in icons.svg, drawn once: a page has dozens, and a macro would draw each of them anew."""
    look, link = f"icon{' icon--big' * big}", f"/static/img/icons.svg#{escape(name)}"
    return Markup(f'<svg class="{look}" aria-hidden="true" focusable="false"><use href="{link}"/></svg>')  # noqa: S704
