"""Letters about an exchange, each once to each person."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from marketplace.collections.models import Swap
from marketplace.kit.db import db
from marketplace.notices.sending import send
from marketplace.settings import settings
from marketplace.tokens.models import Token


def tell(template: str, swap: Swap, email: str) -> None:
    """Promise a letter inside the caller's transaction."""
    to = hashlib.sha256(email.encode()).hexdigest()[:12]
    link = f"{settings().base_url}/swaps/{swap.code}"
    facts: dict[str, Any] = {"swap": swap, "give": token_of(swap.give_token_id), "link": link}
    take = token_of(swap.take_token_id) if swap.take_token_id else None
    send(template, email, key=f"{template}:{swap.code}:{to}", take=take, **facts)


def token_of(token_id: int) -> Token:
    return db.session.scalars(sa.select(Token).where(Token.token_id == token_id)).one()
