"""Which answers the pages of other sites may read: what anybody may carry away, and what it is checked with."""

from __future__ import annotations

from flask import Request, Response, request

from marketplace.opendata.datasets import DATASETS

BELOW = ("/api/", "/data/")
CHECKED_WITH = (
    *("/listings/<code>/sale.json", "/listings/<code>/proof/<no>.json", "/listings/<code>/waiting.json"),
    *("/receipts/key.json", "/passes/keys.json", "/listings.atom", "/market.atom", "/api", "/data", "/abi/<name>.json"),
)
OPEN = frozenset((*CHECKED_WITH, *(file.rule for dataset in DATASETS for file in dataset.files)))


def for_every_origin(response: Response) -> Response:
    """Let any page read it, refusals too, and ask whether it changed (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    if is_open(request):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    return response


def is_open(asked: Request) -> bool:
    """By the rule of the address, as datasets.py writes it; by the path where an address is one file or none at all."""
    rule = asked.url_rule.rule if asked.url_rule else ""
    return rule in OPEN or asked.path in OPEN or asked.path.startswith(BELOW)
