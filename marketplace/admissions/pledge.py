"""誓約書: the words that a participant pledges, by version. A version that was published never changes."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

CURRENT = "2026-11"


class Pledge(NamedTuple):
    version: str
    text: str
    sha256: str


@lru_cache
def pledge(version: str = CURRENT) -> Pledge:
    """LookupError for a version that there never was."""
    known = {path.stem: path for path in (Path(__file__).parent / "pledges").glob("*.txt")}
    if version not in known:
        raise LookupError(f"pledge {version}")
    data = known[version].read_bytes()
    return Pledge(version, data.decode("utf-8"), hashlib.sha256(data).hexdigest())
