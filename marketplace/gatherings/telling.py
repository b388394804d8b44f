"""Letters to people with a booking, each once."""

from __future__ import annotations

from typing import Any

from marketplace.gatherings.models import Rsvp
from marketplace.notices.sending import send
from marketplace.settings import settings


def tell(template: str, rsvp: Rsvp, *, key: str = "", **more: Any) -> None:
    """Promise a letter inside the caller's transaction, once for each `key` (by default: once for each asking)."""
    gathering = rsvp.gathering
    facts: dict[str, Any] = {
        "gathering": gathering,
        "rsvp": rsvp,
        "link": f"{settings().base_url}/gatherings/{gathering.code}",
    }
    send(template, rsvp.account.email, key=f"{template}:{key or f'{rsvp.code}:{rsvp.place}'}", **facts, **more)
