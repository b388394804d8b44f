"""The chain of bids, pure: each bid is bound to all before it, and the end of the chain is public while bids come in.

Whoever wrote down an end while the auction was open can check after the close that no bid before it was changed,
dropped or put in: docs/auction-v1.md, "The chain of a log".
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from marketplace.kit import merkle, published
from marketplace.kit.published import Record


def line(sealed: bool, t: int, bidder: str, seq: int, yen: int, salt: str) -> Record:
    """A bid as the log publishes it after the close. `salt` hides the sum in the leaf until then."""
    if sealed:
        return {"t": t, "bidder": bidder, "no": number(seq), "amount": yen, "salt": salt}
    return {"t": t, "bidder": bidder, "max": yen, "salt": salt}


def number(seq: int) -> str:
    """The number of an envelope."""
    return f"B-{seq:04}"


def leaf(bid: Record) -> bytes:
    return merkle.leaf(published.canon(bid))


def beginning(listing_code: str) -> bytes:
    return sha256(b"bids-v1" + listing_code.encode()).digest()


def linked(head: bytes, leaf_: bytes) -> bytes:
    return sha256(b"\2" + head + leaf_).digest()


def tie_commit(listing_code: str, rules: str, arrivals: int, root: str) -> Record:
    """What the dice of equal sealed bids are thrown for, as in draw-v1 step 3; `root` is that of the leaves."""
    return {
        "listing": listing_code,
        "rules": rules,
        "n": arrivals,
        "units": 1,
        "root": root,
        "chain": "dice",
        "round": 0,
    }


def seed_of(commit: Record, dice: str) -> bytes:
    """draw-v1 step 4."""
    return sha256(b"draw-v1" + published.canon(commit) + f"d:{dice}".encode()).digest()


def head_of(listing_code: str, bids: Iterable[Record]) -> bytes:
    """The end of the chain of these bids, in order of arrival."""
    head = beginning(listing_code)
    for bid in bids:
        head = linked(head, leaf(bid))
    return head
