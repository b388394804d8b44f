"""Letters of this office, each with the way to the page of the appointment."""

from __future__ import annotations

from typing import Any

from marketplace.appointments.models import Appointment
from marketplace.notices.sending import send
from marketplace.settings import settings


def tell(template: str, row: Appointment, key: str, to: str = "", **more: Any) -> None:
    """To the holder who asked, or to another address."""
    send(
        template,
        to or row.account.email,
        key=f"{template}:{row.code}:{key}",
        appointment=row,
        right=row.token.right,
        link=f"{settings().base_url}{row.path}",
        **more,
    )
