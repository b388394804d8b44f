"""The pages of this office."""

from __future__ import annotations

from marketplace.perks import designing, desk

BLUEPRINTS = (designing.bp, desk.bp)
