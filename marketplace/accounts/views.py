"""The pages of this office, put together."""

from __future__ import annotations

from marketplace.accounts import (
    address_desk,
    address_pages,
    choosing,
    desk,
    devices,
    entrance,
    keyring,
    outside,
    telephone,
)

BLUEPRINTS = (
    *(entrance.bp, telephone.bp, devices.bp, choosing.bp, keyring.bp, outside.bp, address_pages.bp),
    *(desk.bp, address_desk.bp),
)
