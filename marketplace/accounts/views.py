"""The pages of this office, put together."""

from __future__ import annotations

from marketplace.accounts import choosing, desk, devices, entrance, keyring, outside, telephone

BLUEPRINTS = (entrance.bp, telephone.bp, devices.bp, choosing.bp, keyring.bp, outside.bp, desk.bp)
