"""Brings Stripe's news as the post does in bad times: some never, some twice, late, and in any order."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import stripe
from flask import Flask

from marketplace.devstripe.deliveries import signed
from tests.local_stripe import SECRET, LocalStripe

DROPPED, TWICE = 0.3, 0.3


@dataclass
class Courier:
    app: Flask
    stripe: LocalStripe
    dice: random.Random
    is_reliable: bool = False
    taken: set[str] = field(default_factory=set)
    bag: list[str] = field(default_factory=list)
    """Bodies that are on their way."""
    lost: int = 0
    brought: int = 0

    def walk(self) -> None:
        """Take what is new at Stripe, and bring one letter of the bag, or each in order where he is reliable."""
        with suppress(stripe.StripeError):  # Stripe fails, and he goes with what he has
            self._fetch()
        if self.is_reliable:
            while self.bag:
                self._bring(0)
        elif self.bag:
            self._bring(self.dice.randrange(len(self.bag)))

    def _fetch(self) -> None:
        for event in reversed(self.stripe.client().events.list({"limit": 100}).data):
            if event.id in self.taken:
                continue
            self.taken.add(event.id)
            copies = 1 if self.is_reliable else 1 - (self.dice.random() < DROPPED) + (self.dice.random() < TWICE)
            self.lost += copies == 0
            self.bag += [json.dumps(event.to_dict())] * copies

    def _bring(self, which: int) -> None:
        """It stays in the bag unless the town says that it has it."""
        body = self.bag[which].encode()
        headers: dict[str, Any] = {"Stripe-Signature": signed(body, SECRET, int(time.time()))}
        answer = self.app.test_client().post("/webhooks/stripe", data=body, headers=headers)
        if answer.status_code == 200:
            del self.bag[which]
            self.brought += 1
