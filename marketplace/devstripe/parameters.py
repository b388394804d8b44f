"""Reading a request: form encoding, and the official client's own parameter types as the judge.

The installed `stripe` package holds a TypedDict for the body of every request. Checking with these makes an unknown or
removed parameter fail here as it would at Stripe, at any depth, and the version follows the package.
"""

import re
import sys
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import stripe._request_options as request_options
from pydantic import ConfigDict, TypeAdapter, ValidationError
from stripe._stripe_context import StripeContext

from marketplace.devstripe.refusals import invalid

_PART = re.compile(r"[^\[\]]+|(?<=\[)(?=\])")


def decoded(body: str) -> dict[str, Any]:
    """`a[b][0][c]=1&expand[]=x` → {"a": {"b": [{"c": "1"}]}, "expand": ["x"]}; all leaves stay strings."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        *path, last = _PART.findall(name) or [name]
        place = root
        for part in path:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise invalid(f"Invalid {name}: expected a hash", param=name)
            place = inner
        if last == "":
            place.setdefault("", []).append(value)
        else:
            place[last] = value
    return {name: _lists_restored(value) for name, value in root.items()}


def _lists_restored(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {""}:
        return value[""]
    if value and all(name.isdigit() for name in value):
        return [_lists_restored(value[name]) for name in sorted(value, key=int)]
    return {name: _lists_restored(inner) for name, inner in value.items()}


def checked(params: type, given: dict[str, Any]) -> dict[str, Any]:
    """`given` with numbers and booleans made of strings. Raises `parameter_unknown` or `parameter_invalid`."""
    try:
        read: dict[str, Any] = _judge(params).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        # pydantic names the branch of a union it tried ("int", "function-…", "SomeParams"): not part of the parameter
        path = [str(p) for p in first["loc"] if isinstance(p, int) or (p[:1].islower() and p not in ("int", "str"))]
        name = path[0] + "".join(f"[{part}]" for part in path[1:]) if path else ""
        if first["type"] == "extra_forbidden":
            raise invalid(f"Received unknown parameter: {name}", "parameter_unknown", param=name) from None
        raise invalid(f"Invalid {name}: {first['msg']}", "parameter_invalid", param=name) from None
    return read


@cache
def _judge(params: type) -> TypeAdapter[dict[str, Any]]:
    module = vars(sys.modules[params.__module__])
    for entry in module.values():
        if isinstance(entry, type) and hasattr(entry, "__total__"):
            entry.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)  # type: ignore[attr-defined]
    judge: TypeAdapter[dict[str, Any]] = TypeAdapter(params)
    judge.rebuild(
        _types_namespace={"StripeContext": StripeContext, **vars(request_options), **module}, raise_errors=True
    )
    return judge
