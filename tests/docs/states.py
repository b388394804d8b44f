"""Prints docs/states.md from the tables of moves: python -m tests.docs.states > docs/states.md"""

import sys
from typing import Any

from marketplace.accounts.models import Recovery, RoleChange
from marketplace.admissions.models import Participation
from marketplace.auctions.models import Auction
from marketplace.fund.models import Decision, Period
from marketplace.holders.models import Gift, Withdrawal
from marketplace.kit.state import Machine
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Entry
from marketplace.metadata.models import Amendment, Replica
from marketplace.orders.models import Order
from marketplace.payments.models import Payment, Refund, SavedCard
from marketplace.rights.models import Right
from marketplace.tokens.models import Token

HEAD = """# States

Printed from the code by `python -m tests.docs.states`. A move that is not in a table is refused; each move that is made
leaves a row in the journal.
"""


def table(name: str, machine: Machine[Any]) -> str:
    rows = "\n".join(f"| {event} | {old} | {new} |" for event, old, new in machine.table())
    return f"\n## {name}\n\n| event | from | to |\n|---|---|---|\n{rows}\n"


def text() -> str:
    """The whole page."""
    kinds = (
        *(RoleChange, Recovery),
        *(Right, Listing, Participation, Order, Payment, Refund, SavedCard, Token, Gift, Withdrawal),
        *(Auction, Entry, Replica, Amendment, Decision, Period),
    )
    return HEAD + "".join(table(kind.__name__, kind.MOVES) for kind in kinds)


if __name__ == "__main__":
    sys.stdout.write(text())
