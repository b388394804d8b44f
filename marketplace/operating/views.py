"""The pages of the machine room, put together."""

from __future__ import annotations

from marketplace.operating import answering, desk, metrics

BLUEPRINTS = [answering.bp, metrics.bp, desk.bp]
