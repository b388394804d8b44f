"""A kind of right that is added is added everywhere: docs/growing.md has the places in order."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import marketplace
from marketplace.api import schemas
from marketplace.art.scenes import BY_KIND
from marketplace.listings import searching
from marketplace.metadata.documents import KIND_EN
from marketplace.opendata import columns
from marketplace.rights.models import KIND_JA, Kind

HERE = Path(marketplace.__file__).parent


def test_each_kind_is_told_wherever_kinds_are_told() -> None:
    kinds = [str(kind) for kind in Kind]
    schema = (HERE / "metadata/schema/token-1.json").read_text("utf-8")
    icons = re.findall(r'<symbol id="([a-z-]+)"', (HERE / "static/img/icons.svg").read_text("utf-8"))
    told = {
        "rights/models.py": [str(kind) for kind in KIND_JA],
        "listings/searching.py": [str(kind) for kind in searching.ALSO_CALLED],
        "metadata/documents.py": list(KIND_EN),
        "metadata/schema/token-1.json": json.loads(re.findall(r'"kind": {"enum": (\[.*?\])}', schema)[0]),
        "api/schemas.py": list(get_args(schemas.Listing.model_fields["kind"].annotation)),
        "opendata/columns.py": [each.split()[0] for each in columns.KINDS.split(" / ")],
        "art/scenes.py": list(BY_KIND),
        "static/img/icons.svg": [kind for kind in kinds if kind in icons],
    }
    assert {place: found for place, found in told.items() if found != kinds} == {}


def test_what_is_on_the_chain_keeps_the_number_of_its_kind() -> None:
    """tokens.issuing writes a kind as its place in the list: a new one is the last."""
    assert [str(kind) for kind in Kind][:6] == ["resident", "card", "lecture", "naming", "certificate", "experience"]
