"""Public places of the town: their names, and where they are on the schematic map."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import Invalid
from marketplace.naming.models import Place
from marketplace.rights.models import Kind, Right, RightState


def put(by: str, name: str, x: int | None, y: int | None, right_id: int | None, place_id: int | None = None) -> int:
    """A new place, or one put right; its id. Invalid where the name or the right has another place already."""
    plain = " ".join(name.split())
    if not plain:
        raise Invalid("場所の名前を入力してください。", field="name")
    if (x is None) != (y is None):
        raise Invalid("地図の位置は、横とたての両方を入れてください。", field="x" if x is None else "y")
    if right_id is not None and x is None:
        raise Invalid("看板の場所には、地図の位置が要ります。", field="x")
    values = {"name": plain, "x": x, "y": y, "right_id": right_id}
    with transaction() as session:
        same_name = sa.select(Place.id).where(Place.name == plain, Place.id.is_distinct_from(place_id))
        if session.scalar(same_name):
            raise Invalid("同じ名前の場所があります。", field="name")
        if right_id is not None:
            if get(Right, right_id).kind != Kind.NAMING:
                raise Invalid("命名権を選んでください。", field="right")
            taken = sa.select(Place.id).where(Place.right_id == right_id, Place.id.is_distinct_from(place_id))
            if session.scalar(taken):
                raise Invalid("この命名権には、もう場所が登録されています。", field="right")
        place = Place() if place_id is None else lock(Place, place_id)
        for key, value in values.items():
            setattr(place, key, value)
        session.add(place)
        try:
            session.flush()
        except sa.exc.IntegrityError:  # somebody was faster with the same name, or for the same right
            raise Invalid("同じ場所が、いま登録されました。", field="name") from None
        note(place.subject, "put_place", by=by)
        return place.id


def place_by(code: str) -> Place:
    """LookupError for none."""
    place = db.session.scalar(sa.select(Place).where(Place.code == code))
    if place is None:
        raise LookupError(f"place {code}")
    return place


def all_places() -> list[Place]:
    return list(db.session.scalars(sa.select(Place).order_by(Place.right_id.is_(None), Place.name)))


def naming_rights() -> list[Right]:
    """Those that may get a place."""
    approved = (Right.kind == Kind.NAMING, Right.state == RightState.APPROVED)
    return list(db.session.scalars(sa.select(Right).where(*approved).order_by(Right.id.desc())))
