"""The pages of this office, put together."""

from __future__ import annotations

from marketplace.auditing import heads, journal, packs, samples

BLUEPRINTS = [heads.bp, journal.bp, samples.bp, packs.bp]
