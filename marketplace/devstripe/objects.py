"""What Stripe's objects look like, taken from the annotations of the official client's resource classes."""

import copy
import secrets
import string
from functools import cache
from typing import Any

Thing = dict[str, Any]
"""One object as JSON. Keys that begin with an underscore are the server's own notes and never leave the house."""

_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """`cs_test_` → `cs_test_a1B2…`"""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def blank(resource: type) -> Thing:
    """Every key of `resource`, without values: None where that is allowed, else an empty list or hash, else None."""
    return copy.deepcopy(_layout(resource))


@cache
def _layout(resource: type) -> Thing:
    layout: Thing = {}
    for key, annotation in resource.__annotations__.items():
        if key in ("OBJECT_NAME", "deleted"):  # only a deleted object says that it is
            continue
        text = str(annotation)
        if "NoneType" in text or "Optional" in text:
            layout[key] = None
        elif "List[" in text:
            layout[key] = []
        elif "UntypedStripeObject" in text or "Dict[" in text:
            layout[key] = {}
        else:
            layout[key] = None
    return layout


def public(value: Any) -> Any:
    """`value` without the server's own notes, at any depth; a copy, so that later changes do not show in it."""
    if isinstance(value, dict):
        return {key: public(inner) for key, inner in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [public(inner) for inner in value]
    return value
