"""Every rule of the site, and an address for each: for tests that leave none out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

MADE_UP = {"int": "999999", "path": "nothing", "string": "NOTHING", "default": "NOTHING"}
"""What stands for a parameter: it names nothing, so that who is let in finds nothing (404), and changes nothing."""


PARAMETER = re.compile(r"<[^>]+>")


def rules(app: Flask) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule.replace(' ', '')}", rule


def address(rule: Rule) -> str:
    """A path of the rule: the first choice where it names choices, made up otherwise."""
    return PARAMETER.sub(lambda each: filled(each[0]), rule.rule)


def filled(parameter: str) -> str:
    """'<int:number>' → '999999'."""
    converter, _, _name = parameter.strip("<>").rpartition(":")
    choices = re.fullmatch(r"any\(([^,)]+).*\)", converter)
    return choices[1] if choices else MADE_UP[converter or "default"]


def cut(rule: str) -> tuple[str, str, str]:
    """'/orders/<code>/pay' → ('/orders/', '<code>', '/pay'); without a parameter all of it is the beginning."""
    parameter = PARAMETER.search(rule)
    return (rule[: parameter.start()], parameter[0], rule[parameter.end() :]) if parameter else (rule, "", "")
