"""What this office does on hearing that a token changed hands or was revoked: the passes of before are over."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db, transaction
from marketplace.outbox.promising import handles
from marketplace.perks.carding import end_card
from marketplace.perks.certifying import end_all
from marketplace.perks.models import Card
from marketplace.tokens.models import Token


@handles("token.changed_hands")
def on_new_holder(token_id: int, **_more: object) -> None:
    _end_passes(token_id)


@handles("token.revoked")
def on_revocation(token_id: int, **_more: object) -> None:
    _end_passes(token_id)


def _end_passes(token_id: int) -> None:
    with transaction():
        end_all(token_id)
        holder = db.session.scalar(sa.select(Token.holder_address).where(Token.token_id == token_id))
        card = sa.select(Card.holder_address).where(Card.token_id == token_id, Card.ended_at.is_(None))
        if (of := db.session.scalar(card)) is not None and of != holder:
            end_card(token_id)
