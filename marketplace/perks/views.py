"""The pages of this office."""

from __future__ import annotations

from marketplace.perks import counter_views, designing, desk, pass_views

BLUEPRINTS = (designing.bp, desk.bp, pass_views.bp, counter_views.bp)
