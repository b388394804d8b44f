"""The pages of this office, put together."""

from __future__ import annotations

from marketplace.accounts import desk, devices, entrance, keyring, telephone

BLUEPRINTS = (entrance.bp, telephone.bp, devices.bp, keyring.bp, desk.bp)
