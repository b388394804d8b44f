"""The pages of the desk, put together."""

from __future__ import annotations

from marketplace.staff import desk, drafting, metadata, orders, reviewing, stopping

BLUEPRINTS = [desk.bp, drafting.bp, reviewing.bp, stopping.bp, orders.bp, metadata.bp]
