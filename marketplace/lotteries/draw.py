"""draw-v1: a lottery that anyone can recompute, pure. See docs/draw-v1.md; reference.py is the same in ten lines.

`python -m marketplace.lotteries.draw BUNDLE.json` checks a published draw and prints its result; where something is
wrong with it: one line on stderr that says what, exit 2.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from marketplace.kit import merkle, published
from marketplace.kit.published import Malformed, Record
from marketplace.lotteries import beacon

DICE = "dice"  # the chain of a draw by the dice ceremony; its round is 0
CH = re.compile(r"[0-9a-f]{64}")
DIGITS = re.compile(r"d:[0-9]{20}")
COMMIT = {"listing", "rules", "n", "units", "root", "chain", "round"}
BUNDLE = {"version", "commit", "randomness", "beacon", "entries"}
BESIDE = {"result", "code", "state", "draw_at", "groups", "n"}
"""What our API shows beside a bundle. Nothing else may stand there: a misspelt name would be passed over."""


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
    no, ch, lots = entry  # canon() of the three fields, written out
    return sha256(f'\0{{"ch":"{ch}","lots":{lots},"no":{encode_basestring(no)}}}'.encode()).digest()


def root(entries: Iterable[Entry]) -> bytes:
    """The root over entries in order of receipt."""
    return merkle.root(map(leaf, entries))


def tree(entries: Iterable[Entry]) -> merkle.Tree:
    """By its paths each applicant shows with `merkle.climb` that the entry is under the root."""
    return merkle.Tree(map(leaf, entries))


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

    def hmac(self, message: bytes) -> bytes:
        inner, outer = self.inner.copy(), self.outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    def ticket(self, no: str, lots: int = 1) -> bytes:
        """The least ticket, 32 bytes, of an entry's lots."""
        if lots == 1:
            return self.hmac(no.encode())
        return min(self.hmac(f"{no}#{i}".encode()) for i in range(1, lots + 1))


class Places(NamedTuple):
    """Everybody in the order of the draw: ticket (32 bytes) and receipt number (UTF-8) end to end, in one bytes object
    each. They sort as (ticket in hex, no) does, in a third of the memory."""

    seed: bytes
    root: bytes
    order: list[bytes]

    def cutoff(self, units: int) -> str:
        """The last winner's ticket, hex, or ""."""
        won = min(units, len(self.order))
        return self.order[won - 1][:32].hex() if won else ""

    def numbers(self, first: int = 0, last: int | None = None) -> list[str]:
        """The receipt numbers of a part of the order."""
        return [place[32:].decode() for place in self.order[first:last]]


def places(commit: Record, randomness: bytes, rows: Iterable[tuple[str, str, int]]) -> Places:
    """Draw among (no, ch, lots) in order of receipt, each read once. Checks nothing: compare `root` with the commit's.

    A million rows are drawn while people wait, so the usual entry's leaf and ticket are written out here.
    """
    drawn = seed(commit, randomness)
    hat = Hat(drawn)
    tree, order, rows = merkle.Climber(), list[bytes](), iter(rows)
    inner, outer = hat.inner.copy, hat.outer.copy
    while True:
        leaves: list[bytes] = []  # of one portion; the rows themselves die at once, which spares the garbage collector
        for no, ch, lots in islice(rows, merkle.SUBTREE):
            leaves.append(sha256(f'\0{{"ch":"{ch}","lots":{lots},"no":{encode_basestring(no)}}}'.encode()).digest())
            name = no.encode()
            if lots == 1:
                first, second = inner(), outer()
                first.update(name)
                second.update(first.digest())
                order.append(second.digest() + name)
            else:
                order.append(hat.ticket(no, lots) + name)
        if not leaves:
            break
        tree.add(leaves)
    order.sort()
    return Places(drawn, tree.root(), order)


def draw(commit: Record, randomness: bytes, entries: Iterable[Entry]) -> Result:
    """Who wins and in which order the others wait. Checks nothing: see `check`."""
    found, units = places(commit, randomness, entries), commit["units"]
    return Result(found.seed, found.cutoff(units), found.numbers(0, units), found.numbers(units))


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


def check(bundle: object, chain: beacon.Chain = beacon.QUICKNET) -> Result:
    """Recompute a published draw. Raises Malformed, whose message names what is wrong.

    `chain` is the beacon that is believed; only tests believe another one.
    """
    bundle = published.record(bundle, "the bundle")
    if bundle.get("version") != "draw-v1":
        raise Malformed("the version is not draw-v1")
    if unknown := bundle.keys() - BUNDLE - BESIDE:
        raise Malformed(f"the bundle has a field of no meaning: {published.canon(min(unknown)).decode()}")
    commit = commit_of(published.get(bundle, "commit"), chain)
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
    randomness = randomness_of(bundle, commit)
    drawn = draw(commit, randomness, entries)
    if bundle.get("result") is not None and bundle["result"] != record_of(drawn):
        raise Malformed("the result in the file is not what comes out of it")
    if commit["chain"] != DICE and not chain.genuine(commit["round"], signature_of(bundle)):
        raise Malformed("the beacon's signature is not quicknet's")
    return drawn


def commit_of(value: object, chain: beacon.Chain) -> Record:
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
    if published.text(commit, "chain") not in (DICE, chain.hash):
        raise Malformed("the chain is neither drand quicknet nor dice")
    return commit


def randomness_of(bundle: Record, commit: Record) -> bytes:
    """The randomness of the kind that the commit names; whether the beacon signed is seen last, since that takes long.

    Raises Malformed.
    """
    randomness = published.hexadecimal(bundle, "randomness")
    given = published.get(bundle, "beacon")
    if commit["chain"] == DICE:
        if commit["round"] != 0 or given is not None:
            raise Malformed("a draw by dice has round 0 and no beacon")
        if not DIGITS.fullmatch(randomness.decode("utf-8", "replace")):
            raise Malformed("the randomness is not that of twenty dice")
        return randomness
    if published.whole(published.record(given, "the beacon"), "round") != commit["round"]:
        raise Malformed("the beacon is not of the round that the commit names")
    if beacon.randomness(signature_of(bundle)) != randomness:
        raise Malformed("the randomness is not that of the beacon's signature")
    return randomness


def signature_of(bundle: Record) -> bytes:
    fields = published.record(published.get(bundle, "beacon"), "the beacon")
    if fields.keys() != {"round", "signature"}:
        raise Malformed("the beacon is not of the two fields round, signature")
    return published.hexadecimal(fields, "signature", 48)


def record_of(drawn: Result) -> Record:
    """A result as JSON."""
    return {
        "version": "draw-v1",
        "seed": drawn.seed.hex(),
        "cutoff": drawn.cutoff,
        "winners": drawn.winners,
        "waiting": drawn.waiting,
    }


def result(bundle: object) -> Record:
    """The result of a bundle, as JSON; raises Malformed."""
    return record_of(check(bundle))


if __name__ == "__main__":
    raise SystemExit(published.command(sys.argv[1:], result))
