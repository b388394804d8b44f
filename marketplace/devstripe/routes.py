"""Which function answers which request. The modules fill the table with `@endpoint(…)` when they are imported."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marketplace.devstripe.objects import Thing

Act = Callable[..., Thing]


@dataclass(frozen=True)
class Route:
    method: str
    path: re.Pattern[str]
    parameters: Any  # the official client's TypedDict, or None: nothing may be given
    act: Act  # (world, given, *ids of the path) -> object


_ROUTES: list[Route] = []


def endpoint(method: str, path: str, parameters: Any = None) -> Callable[[Act], Act]:
    """`path` like "/v1/refunds/<id>"."""

    def register(act: Act) -> Act:
        pattern = re.compile("^" + path.replace("<id>", "([A-Za-z0-9_]+)") + "$")
        _ROUTES.append(Route(method, pattern, parameters, act))
        return act

    return register


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    for route in _ROUTES:
        if route.method == method and (match := route.path.match(path)):
            return route, match.groups()
    return None
