"""Keep what is being typed, so that nothing is lost to a closed window. It may be wrong in every way."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.listings.models import Scratch

LONGEST = 60_000
"""Characters of everything typed: three times what the fields can take."""


class Overtaken(Refused):
    """Another window of the same person has saved since this one was opened."""

    code = "overtaken"
    message = "別の画面で、この書きかけが先に保存されました。この画面の内容は、まだ保存していません。"


def keep(
    actor_id: int,
    typed: Mapping[str, list[str]],
    *,
    code: str = "",
    revision: int = 0,
    listing_id: int | None = None,
    anyway: bool = False,
) -> tuple[str, int]:
    """(code, revision) of what is kept now. `code` and `revision` are those that the window knows; none in a new one.

    Overtaken where the window knows an older revision; `anyway` overwrites it. Invalid for more than LONGEST.
    """
    if len(json.dumps(typed, ensure_ascii=False)) > LONGEST:
        raise Invalid("入力が長すぎて、書きかけを保存できません。")
    with transaction() as session:
        row = _mine(actor_id, code, listing_id)
        if row is None:
            row = Scratch(account_id=actor_id, listing_id=listing_id, typed=dict(typed), revision=1, saved_at=now())
            session.add(row)
        elif row.revision != revision and not anyway:
            raise Overtaken
        else:
            row.typed, row.revision, row.saved_at = dict(typed), row.revision + 1, now()
        session.flush()
        return row.code, row.revision


def discard(code: str, actor_id: int) -> None:
    """Throw it away, once it was saved as a draft or is not wanted any more. Twice is nothing, as is no code."""
    if not code:
        return
    with transaction() as session:
        session.execute(sa.delete(Scratch).where(Scratch.code == code, Scratch.account_id == actor_id))


def find(code: str, actor_id: int) -> Scratch | None:
    return db.session.scalar(sa.select(Scratch).where(Scratch.code == code, Scratch.account_id == actor_id))


def of(actor_id: int, listing_id: int | None = None) -> list[Scratch]:
    """What this person is writing: of one draft, or of new ones; the newest first."""
    mine = sa.select(Scratch).where(Scratch.account_id == actor_id, Scratch.listing_id == listing_id)
    return list(db.session.scalars(mine.order_by(Scratch.saved_at.desc())))


def _mine(actor_id: int, code: str, listing_id: int | None) -> Scratch | None:
    """The row, locked. There is one of each draft, whatever the window knows."""
    wanted = Scratch.code == code if listing_id is None else Scratch.listing_id == listing_id
    found = sa.select(Scratch).where(Scratch.account_id == actor_id, wanted)
    return db.session.scalar(found.with_for_update().execution_options(populate_existing=True))
