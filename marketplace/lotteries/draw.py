"""draw-v1: a lottery that anyone can recompute, pure. See docs/draw-v1.md; reference.py is the same in ten lines.

`python -m marketplace.lotteries.draw BUNDLE.json` checks a published draw and prints its result; where something is
wrong with it: one line on stderr that says what, exit 2.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from marketplace.kit import merkle, published
from marketplace.kit.published import Malformed, Record
from marketplace.lotteries import beacon

DICE = "dice"  # the chain of a draw by the dice ceremony; its round is 0
CH = re.compile(r"[0-9a-f]{64}")
DIGITS = re.compile(r"d:[0-9]{20}")
COMMIT = {"listing", "rules", "n", "units", "root", "chain", "round"}


class Entry(NamedTuple):
    """`no` receipt number, `ch` hex SHA-256 of the secret code on the receipt, `lots` how many lots it holds."""

    no: str
    ch: str
    lots: int = 1


class Result(NamedTuple):
    """`winners` and `waiting` are receipt numbers in the order of their tickets; `cutoff` is the last winner's ticket,
    hex, or ""."""

    seed: bytes
    cutoff: str
    winners: list[str]
    waiting: list[str]


def leaf(entry: Entry) -> bytes:
    """The entry's place in the tree: H(0x00 || canon({"no", "ch", "lots"}))."""
    # canon() of these three keys, written out: the tree of 100,000 entries is built while people wait
    line = f'{{"ch":{encode_basestring(entry.ch)},"lots":{entry.lots:d},"no":{encode_basestring(entry.no)}}}'
    return merkle.leaf(line.encode())


def root(entries: Iterable[Entry]) -> bytes:
    """The root over entries in order of receipt."""
    return merkle.root(map(leaf, entries))


def proof(entries: Iterable[Entry], index: int) -> list[merkle.Step]:
    """By which the applicant at `index` shows with `merkle.climb` that the entry is under the root."""
    return merkle.path(map(leaf, entries), index)


def seed(commit: Record, randomness: bytes) -> bytes:
    """H("draw-v1" || canon(commit) || randomness)."""
    return sha256(b"draw-v1" + published.canon(commit) + randomness).digest()


def dice_randomness(digits: str) -> bytes:
    """The randomness of twenty ten-sided dice, e.g. "04719283640192837465"; raises Malformed."""
    if not DIGITS.fullmatch(f"d:{digits}"):
        raise Malformed("the dice are not twenty digits")
    return f"d:{digits}".encode()


class Hat:
    """HMAC-SHA256 under one seed. The two key blocks are hashed once, which halves the time of a draw."""

    def __init__(self, seed: bytes) -> None:
        key = seed.ljust(64, b"\0")  # a seed is 32 bytes: never longer than a block
        self.inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self.outer = sha256(bytes(byte ^ 0x5C for byte in key))

    def hmac(self, message: str) -> str:
        inner = self.inner.copy()
        inner.update(message.encode())
        outer = self.outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()

    def ticket(self, no: str, lots: int = 1) -> str:
        """The least hex ticket of an entry's lots."""
        if lots == 1:
            return self.hmac(no)
        return min(self.hmac(f"{no}#{i}") for i in range(1, lots + 1))


def draw(commit: Record, randomness: bytes, entries: Iterable[Entry]) -> Result:
    """Who wins and in which order the others wait. Checks nothing: see `check`."""
    drawn = seed(commit, randomness)
    hat = Hat(drawn)
    tickets = sorted((hat.ticket(no, lots), no) for no, _, lots in entries)
    units: int = commit["units"]
    winners, waiting = tickets[:units], tickets[units:]
    return Result(drawn, winners[-1][0] if winners else "", [no for _, no in winners], [no for _, no in waiting])


def entries_of(rows: Sequence[Any]) -> list[Entry]:
    """The entries of a bundle; raises Malformed."""
    entries: list[Entry] = []
    for row in rows:
        fields = published.record(row, "an entry")
        if fields.keys() != {"no", "ch", "lots"}:
            raise Malformed("an entry is not of the three fields no, ch, lots")
        ch = published.text(fields, "ch")
        if not CH.fullmatch(ch):
            raise Malformed("ch is not lower-case hex of 32 bytes")
        entries.append(Entry(published.text(fields, "no"), ch, published.whole(fields, "lots", 1)))
    return entries


def check(bundle: object) -> Result:
    """Recompute a published draw. Raises Malformed, whose message names what is wrong, before anything is drawn."""
    bundle = published.record(bundle, "the bundle")
    if bundle.get("version") != "draw-v1":
        raise Malformed("the version is not draw-v1")
    commit = commit_of(published.get(bundle, "commit"))
    entries = entries_of(published.items(bundle, "entries"))
    seen: set[str] = set()
    for entry in entries:
        if entry.no in seen:
            raise Malformed(f"duplicate no {published.canon(entry.no).decode()}")
        seen.add(entry.no)
    if len(entries) != commit["n"]:
        raise Malformed(f"the count is wrong: the commit says {commit['n']}, the entries are {len(entries)}")
    if root(entries).hex() != commit["root"]:
        raise Malformed("the root is not that of the entries")
    return draw(commit, randomness_of(bundle, commit), entries)


def commit_of(value: object) -> Record:
    """A commit of exactly the seven fields; raises Malformed."""
    commit = published.record(value, "the commit")
    if commit.keys() != COMMIT:
        raise Malformed("the commit is not of the seven fields listing, rules, n, units, root, chain, round")
    published.text(commit, "listing")
    published.whole(commit, "n", 0)
    published.whole(commit, "units", 0)
    published.hexadecimal(commit, "root", 32)
    published.whole(commit, "round", 0)
    name, _, digest = published.text(commit, "rules").partition(":")
    if name != "sha256":
        raise Malformed("rules is not a sha256")
    published.hexadecimal({"rules": digest}, "rules", 32)
    if published.text(commit, "chain") not in (DICE, beacon.CHAIN):
        raise Malformed("the chain is neither drand quicknet nor dice")
    return commit


def randomness_of(bundle: Record, commit: Record) -> bytes:
    """The randomness that the commit's source really gave; raises Malformed."""
    randomness = published.hexadecimal(bundle, "randomness")
    given = published.get(bundle, "beacon")
    if commit["chain"] == DICE:
        if commit["round"] != 0 or given is not None:
            raise Malformed("a draw by dice has round 0 and no beacon")
        if not DIGITS.fullmatch(randomness.decode("utf-8", "replace")):
            raise Malformed("the randomness is not that of twenty dice")
        return randomness
    given = published.record(given, "the beacon")
    if published.whole(given, "round") != commit["round"]:
        raise Malformed("the beacon is not of the round that the commit names")
    signature = published.hexadecimal(given, "signature", 48)
    if beacon.randomness(signature) != randomness:
        raise Malformed("the randomness is not that of the beacon's signature")
    if not beacon.genuine(commit["round"], signature):
        raise Malformed("the beacon's signature is not quicknet's")
    return randomness


def result(bundle: object) -> Record:
    """The result of a bundle, as JSON; raises Malformed."""
    drawn = check(bundle)
    return {
        "version": "draw-v1",
        "seed": drawn.seed.hex(),
        "cutoff": drawn.cutoff,
        "winners": drawn.winners,
        "waiting": drawn.waiting,
    }


if __name__ == "__main__":
    raise SystemExit(published.command(sys.argv[1:], result))
