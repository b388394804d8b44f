"""draw-v1 for reading: the specification line by line, standard library alone. draw.py is tested against it."""

import json
from hashlib import sha256
from hmac import digest as hmac
from typing import Any


def canon(x: object) -> bytes:
    return json.dumps(x, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def root(nodes: list[bytes]) -> bytes:
    while len(nodes) > 1:
        nodes = [sha256(b"\1" + b"".join(two)).digest() if len(two) == 2 else two[0] for two in pairs(nodes)]
    return nodes[0] if nodes else sha256(b"").digest()


def pairs(nodes: list[bytes]) -> list[list[bytes]]:
    return [nodes[i : i + 2] for i in range(0, len(nodes), 2)]


def draw(commit: dict[str, Any], randomness: bytes, entries: list[dict[str, Any]]) -> dict[str, Any]:
    assert commit["n"] == len(entries)
    assert commit["root"] == root([sha256(b"\0" + canon(entry)).digest() for entry in entries]).hex()
    seed = sha256(b"draw-v1" + canon(commit) + randomness).digest()
    lots = {e["no"]: [e["no"]] if e["lots"] == 1 else [f"{e['no']}#{i + 1}" for i in range(e["lots"])] for e in entries}
    tickets = sorted((min(hmac(seed, lot.encode(), "sha256").hex() for lot in lots[no]), no) for no in lots)
    winners, waiting = tickets[: commit["units"]], tickets[commit["units"] :]
    return {
        "version": "draw-v1",
        "seed": seed.hex(),
        "cutoff": winners[-1][0] if winners else "",
        "winners": [no for _, no in winners],
        "waiting": [no for _, no in waiting],
    }
