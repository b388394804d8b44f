"""People are found by their names as a clerk types them, who heard them on the telephone."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.kit.letters import one_shape, spellings


def plain(typed: str) -> str:
    """What is looked for: one width, no spaces."""
    return "".join(unicodedata.normalize("NFKC", one_shape(typed)).split())


def called(name: InstrumentedAttribute[str], typed: str) -> sa.ColumnElement[bool]:
    """Names with `typed` in them: spaces and capitals don't count, and 高橋 finds 髙橋, too."""
    wanted = plain(typed)
    kept = sa.func.replace(sa.func.replace(name, " ", ""), "\u3000", "")
    return sa.or_(*(kept.icontains(way, autoescape=True) for way in spellings(wanted))) if wanted else sa.false()
