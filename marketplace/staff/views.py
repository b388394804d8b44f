"""The pages of the desk, put together."""

from __future__ import annotations

from marketplace.staff import desk, drafting, metadata, orders, reviewing

BLUEPRINTS = [desk.bp, drafting.bp, reviewing.bp, orders.bp, metadata.bp]
