"""waiting-v1: the order of those who came before the opening, pure; a stranger recomputes it. See docs/waiting-v1.md.

`python -m marketplace.waiting.shuffle FILE.json` checks a published order and prints it; where something is wrong with
it: one line on stderr that says what, exit 2.
"""

from __future__ import annotations

import sys
from hashlib import sha256

from marketplace.kit import published
from marketplace.kit.published import Malformed, Record
from marketplace.lotteries import beacon
from marketplace.lotteries.draw import Hat, signature_of

VERSION = "waiting-v1"
COMMIT = {"listing", "rules", "n", "sealed", "chain", "round"}
FIELDS = {"version", "commit", "secret", "beacon", "order"}
BESIDE = {"state", "sealed", "seed", "drawn_at"}
"""What the page shows beside; nothing else may stand there: a misspelt name would be passed over."""
MOST = 1_000_000
"""People in one draw."""


def seed(commit: Record, secret: bytes, randomness: bytes) -> bytes:
    """H("waiting-v1" || canon(commit) || secret || randomness); `randomness` is b"" where the beacon was silent."""
    return sha256(VERSION.encode() + published.canon(commit) + secret + randomness).digest()


def order(seed: bytes, n: int) -> list[int]:
    """The numbers 1…n in the order of their tickets, HMAC-SHA256(seed, number in decimal digits)."""
    hat = Hat(seed)
    return [no for _, no in sorted((hat.hmac(str(no).encode()), no) for no in range(1, n + 1))]


def check(value: object, chain: beacon.Chain = beacon.QUICKNET) -> Record:
    """Recompute a published order. Raises Malformed, whose message names what is wrong.

    `chain` is the beacon that is believed; only tests believe another one.
    """
    record = published.record(value, "the file")
    if record.get("version") != VERSION:
        raise Malformed(f"the version is not {VERSION}")
    if unknown := record.keys() - FIELDS - BESIDE:
        raise Malformed(f"the file has a field of no meaning: {published.canon(min(unknown)).decode()}")
    commit = _commit(published.get(record, "commit"), chain)
    secret = published.hexadecimal(record, "secret", 32)
    if sha256(secret).hexdigest() != commit["sealed"]:
        raise Malformed("the secret is not the one that was sealed")
    if record.get("sealed", commit["sealed"]) != commit["sealed"]:
        raise Malformed("what was sealed is not what the commit says")
    drawn = seed(commit, secret, _randomness(record, commit))
    if record.get("seed") not in (None, drawn.hex()):
        raise Malformed("the seed in the file is not what comes out of it")
    told = published.items(record, "order")
    if len(told) != commit["n"] or told != order(drawn, commit["n"]):
        raise Malformed("the order in the file is not what comes out of it")
    if record["beacon"] is not None and not chain.genuine(commit["round"], signature_of(record)):
        raise Malformed("the beacon's signature is not quicknet's")
    return {"version": VERSION, "seed": drawn.hex(), "order": told}


def _commit(value: object, chain: beacon.Chain) -> Record:
    commit = published.record(value, "the commit")
    if commit.keys() != COMMIT:
        raise Malformed("the commit is not of the six fields listing, rules, n, sealed, chain, round")
    published.text(commit, "listing")
    if published.whole(commit, "n", 0) > MOST:
        raise Malformed(f"n is more than {MOST}")
    published.hexadecimal(commit, "sealed", 32)
    published.whole(commit, "round", 0)
    name, _, digest = published.text(commit, "rules").partition(":")
    if name != "sha256":
        raise Malformed("rules is not a sha256")
    published.hexadecimal({"rules": digest}, "rules", 32)
    if published.text(commit, "chain") != chain.hash:
        raise Malformed("the chain is not drand quicknet")
    return commit


def _randomness(record: Record, commit: Record) -> bytes:
    """The beacon's; b"" where the file says that it was silent. Whether it signed is seen last: that takes long."""
    given = published.get(record, "beacon")
    if given is None:
        return b""
    if published.whole(published.record(given, "the beacon"), "round") != commit["round"]:
        raise Malformed("the beacon is not of the round that the commit names")
    return beacon.randomness(signature_of(record))


if __name__ == "__main__":
    raise SystemExit(published.command(sys.argv[1:], check))
