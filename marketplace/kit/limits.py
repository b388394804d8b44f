"""Rate limits, counted by visitor. Offices decorate their views with @limiter.limit("5/minute")."""

from __future__ import annotations

from flask import session
from flask_limiter import Limiter

from marketplace.kit.web import client_address

limiter = Limiter(key_func=client_address, strategy="moving-window", default_limits=[])


def each_account() -> str:
    """Count by who is signed in: behind one address of a mobile carrier are thousands, all within one minute."""
    account_id = session.get("account_id")
    return f"account:{account_id}" if account_id else client_address()
