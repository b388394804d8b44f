"""Who asks the API, and how."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests.chainlogs import somebody

HANA = somebody("hana")


def code_of(listing_id: int) -> str:
    return get(Listing, listing_id).code


def ask(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json
