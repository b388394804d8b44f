"""The pages of the desk, put together."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from marketplace.staff import desk, drafting, reviewing

BLUEPRINTS = [desk.bp, drafting.bp, reviewing.bp]
if find_spec("marketplace.payments") and find_spec("marketplace.tokens"):
    BLUEPRINTS.append(import_module("marketplace.staff.orders").bp)
