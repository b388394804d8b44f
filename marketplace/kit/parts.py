"""Parts of a page that many pages share: drawn once in each language, and from then on given from memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from markupsafe import Markup

from marketplace.kit.languages import language


def remember_parts(app: Flask, town: Callable[[], object]) -> None:
    """Give the templates of `app` shared_part("parts/foot.html", …).

    A part knows the `town`, and what it is given: of few values, and nobody's name.
    """
    drawn: dict[tuple[object, ...], Markup] = {}

    def shared_part(template: str, **given: Any) -> Markup:
        key = (template, language(), *given.values())
        if key not in drawn or app.jinja_env.auto_reload:
            drawn[key] = Markup(app.jinja_env.get_template(template).render(town=town(), **given))  # noqa: S704 -- ours
        return drawn[key]

    app.jinja_env.globals["shared_part"] = shared_part
