"""誓約書: the words that a participant pledges, by version. A version that was published never changes.

They are Japanese. A translation is there to be read beside them; nobody pledges it, and it may be mended.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from marketplace.kit.languages import Language

CURRENT = "2026-11"
PLEDGES = Path(__file__).parent / "pledges"


class Pledge(NamedTuple):
    version: str
    text: str
    sha256: str


@lru_cache
def pledge(version: str = CURRENT) -> Pledge:
    """LookupError for a version that there never was."""
    known = {path.stem: path for path in PLEDGES.glob("*.txt")}
    if version not in known:
        raise LookupError(f"pledge {version}")
    data = known[version].read_bytes()
    return Pledge(version, data.decode("utf-8"), hashlib.sha256(data).hexdigest())


@lru_cache
def translation(version: str, into: Language) -> str:
    """The same words for who reads this language. In Japanese there is none: ""."""
    return "" if into == Language.JA else (PLEDGES / into / f"{version}.txt").read_text("utf-8")
