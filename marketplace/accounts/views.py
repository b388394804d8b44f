"""The pages of this office, put together."""

from __future__ import annotations

from marketplace.accounts import choosing, desk, devices, entrance, keyring, telephone

BLUEPRINTS = (entrance.bp, telephone.bp, devices.bp, choosing.bp, keyring.bp, desk.bp)
