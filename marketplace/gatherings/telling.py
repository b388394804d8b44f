"""Letters to people with a booking, each once: one to a party, to the address of whoever asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marketplace.gatherings.models import Rsvp
from marketplace.notices.sending import send
from marketplace.settings import settings


def tell(template: str, party: Sequence[Rsvp], *, key: str = "", **more: Any) -> None:
    """Promise a letter inside the caller's transaction, once for each `key` (by default: once for each asking)."""
    first, last = party[0], max(party, key=lambda rsvp: rsvp.place)
    facts: dict[str, Any] = {
        "gathering": first.gathering,
        "rsvp": first,
        "codes": [rsvp.code for rsvp in party],
        "link": f"{settings().base_url}/gatherings/{first.gathering.code}",
    }
    send(template, first.account.email, key=f"{template}:{key or f'{last.code}:{last.place}'}", **facts, **more)
