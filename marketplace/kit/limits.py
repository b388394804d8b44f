"""Rate limits, counted by visitor. Offices decorate their views with @limiter.limit("5/minute")."""

from __future__ import annotations

from flask_limiter import Limiter

from marketplace.kit.web import client_address

limiter = Limiter(key_func=client_address, strategy="moving-window", default_limits=[])
