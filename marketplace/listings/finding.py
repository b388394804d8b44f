"""A sale by its code."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.listings.models import ANNOUNCED, Listing


def announced(code: str) -> Listing | None:
    """None where there is none that anybody may see."""
    return db.session.scalar(sa.select(Listing).where(Listing.code == code, ANNOUNCED))
