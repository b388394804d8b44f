"""Who reads which page of the world of these tests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal

from flask import Flask

from marketplace.accounts.introducing import introduce
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given
from tests.chainlogs import Chain
from tests.local_stripe import LocalStripe

Reader = Literal["nobody", "hana", "ken", "clerk", "admin", "tablet", "asking"]
"""Hana holds some of everything. The clerk has every role of the desk but that of the administrator."""

CLERK = ("drafter", "approver", "treasury", "counter")


@dataclass
class Town:
    app: Flask
    chain: Chain
    stripe: LocalStripe
    visits: dict[Reader, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The addresses that each reader opens, in order."""

    cookies: dict[Reader, dict[str, str]] = field(default_factory=lambda: {"nobody": {}})
    """Of each reader's browser."""

    def __post_init__(self) -> None:
        self.hana, self.ken = given.an_account("hana@example.jp"), given.an_account("ken@example.jp")
        self.clerk, self.admin = given.staff(*CLERK), given.staff("admin")
        people: dict[Reader, int] = {"hana": self.hana, "ken": self.ken, "clerk": self.clerk, "admin": self.admin}
        self.cookies |= {reader: {"hiroba": given.a_cookie(self.app, who)} for reader, who in people.items()}
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        self.cookies["asking"] = {"hiroba": str(signer.dumps({"asked": "hana@example.jp"}))}
        introduce(self.hana, "最上 花子", "はなちゃん", "東京都")

    def shown(self, *paths: str, to: Reader = "nobody") -> None:
        self.visits[to] += paths

    def code(self, listing_id: int) -> str:
        return get(Listing, listing_id).code
