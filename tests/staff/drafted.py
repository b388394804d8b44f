"""What is in the register of listings."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.listings.models import Listing


def only() -> Listing:
    return db.session.scalars(sa.select(Listing)).one()


def everything() -> list[Listing]:
    return list(db.session.scalars(sa.select(Listing)))
