"""A town with something of everything to see, and an address for each page that shows one thing.

Pages without a parameter need no example: they are found in the map of addresses (see pages_of()).
"""

from __future__ import annotations

from flask import Flask

from tests.chainlogs import Chain, deploy
from tests.faces import at_the_desk, of_holders, of_meetings, of_money, of_outside, of_sales
from tests.faces.visits import Town
from tests.local_stripe import LocalStripe


def a_town(app: Flask, stripe: LocalStripe) -> Town:
    deploy()
    town = Town(app, Chain(), stripe)
    for part in (of_sales, of_holders, of_meetings, of_money, of_outside, at_the_desk):
        part.live(town)
    town.shown("/signin/link/nothing", "/signin/recovery/nothing", "/dev/mail/1")
    town.shown("/signin/code", to="asking")
    return town
