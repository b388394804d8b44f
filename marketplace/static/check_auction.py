"""Replay a published auction (auction-v1, sealed-v1): python check_auction.py LOG.json [SALE.json]

Python 3.9 or later, nothing else: no network, no package, none of the town's code. What is wrong is said in one line
(exit 2); else it prints who won at which price (exit 0). Public domain.
"""

import hashlib
import hmac
import json
import re
import sys
from datetime import datetime
from typing import Any, NoReturn

USUAL = {  # rules that a notice leaves out
    "soft_close": {"window": 300, "extend": 300, "cap": 7200},
    "increments": [[1000, 10], [5000, 100], [10000, 250], [50000, 500], [None, 1000]],
    "outage": {"window": 600, "least": 30, "cap": 86400},
}


def stop(why: str) -> NoReturn:
    sys.stderr.write(f"{why}\n")
    sys.exit(2)


def H(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def canon(value: Any) -> bytes:  # RFC 8785, of text and whole numbers
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def once(pairs: Any) -> Any:
    if len(dict(pairs)) != len(pairs):
        stop("a key is given twice in one object")
    return dict(pairs)


def whole(value: Any) -> int:
    if type(value) is not int:
        stop(f"{value!r} is not a whole number")
    return value


def chained(log: Any) -> str:  # the chain of the log; returns its root
    leaves = [H(b"\0", canon(bid)) for bid in log["bids"]]
    head = H(b"bids-v1", log["listing"].encode())
    for leaf in leaves:
        head = H(b"\2", head, leaf)
    if head.hex() != log["head"]:
        stop("head is not the end of the chain of these bids")
    if not all(0 <= whole(move["after"]) <= len(leaves) for move in log.get("outages") or []):
        stop("an outage comes after more bids than there are")
    while len(leaves) > 1:
        odd = leaves[len(leaves) // 2 * 2 :]
        leaves = [H(b"\1", leaves[i], leaves[i + 1]) for i in range(0, len(leaves) - 1, 2)] + odd
    return (leaves[0] if leaves else H()).hex()


def moved(log: Any, close: int, number: int) -> int:  # outages after so many bids
    for move in (each for each in log.get("outages") or [] if each["after"] == number):
        rule, begin = log["outage"], close - log["outage"]["window"]
        near = [gap for gap in move["gaps"] if gap[0] < close and gap[1] > begin]
        lost = sum(min(to, close) - max(start, begin) for start, to in near)
        again = max((to for _, to in near), default=0)
        later = max(close, min(again + rule["window"], log["close"] + rule["cap"]))
        if not near or lost < rule["least"] or later == close:
            stop("an outage does not move the close by the rule of the log")
        close = later
    return close


def ascending(log: Any) -> tuple[Any, Any]:
    def step(price: int) -> int:
        fitting = (by for limit, by in log["increments"] if limit is None or price < limit)
        return whole(next(fitting, log["increments"][-1][1]))

    close, soft, reserve = whole(log["close"]), log["soft_close"], log["reserve"]
    leader, price, most = None, 0, 0
    for number, bid in enumerate(log["bids"]):
        close = moved(log, close, number)
        t, bidder, own = whole(bid["t"]), bid["bidder"], whole(bid["max"])
        least = log["start"] if leader is None else price + step(price)
        if not 0 <= t < close or (bidder == leader and own <= most) or own < least:
            continue
        before = (leader, price)
        if leader is None:
            leader, price, most = bidder, log["start"], own
        elif bidder == leader:
            most = own
        elif own > most:
            leader, price, most = bidder, min(own, most + step(most)), own
        else:
            price = min(most, own + step(own))
        if reserve is not None and price < reserve <= most:
            price = reserve
        if soft and (leader, price) != before and close - t <= soft["window"]:
            cap = t + soft["extend"] if soft["cap"] is None else log["close"] + soft["cap"]
            close = max(close, min(t + soft["extend"], cap))
    moved(log, close, len(log["bids"]))
    sold = leader is not None and (reserve is None or price >= reserve)
    return (leader, price) if sold else (None, None)


def opened(log: Any, root: str) -> tuple[Any, Any]:
    close = whole(log["close"])
    envelopes: dict[str, Any] = {}
    if len({bid["no"] for bid in log["bids"]}) != len(log["bids"]):
        stop("a bid number is given twice")
    for number in range(len(log["bids"]) + 1):
        close = moved(log, close, number)
    for bid in log["bids"]:
        if 0 <= whole(bid["t"]) < close and whole(bid["amount"]) >= log["start"]:
            envelopes.setdefault(bid["bidder"], bid)
    able = [bid for bid in envelopes.values() if log["reserve"] is None or bid["amount"] >= log["reserve"]]
    best = max((bid["amount"] for bid in able), default=None)
    top = [bid for bid in able if bid["amount"] == best]
    if len(top) > 1:  # step 4 and 5 of draw-v1
        if not re.fullmatch("[0-9]{20}", log["dice"] or ""):
            stop("dice are not twenty digits")
        commit = {"listing": log["listing"], "rules": log["rules"], "n": len(log["bids"]), "units": 1}
        seed = H(b"draw-v1", canon({**commit, "root": root, "chain": "dice", "round": 0}), b"d:", log["dice"].encode())
        if seed.hex() != log["seed"]:
            stop("seed is not that of the dice")
        top.sort(key=lambda bid: (hmac.digest(seed, bid["no"].encode(), "sha256"), bid["no"]))
    return (top[0]["bidder"], best) if top else (None, None)


def agreed(log: Any, path: str) -> str:  # the rules of the log are those of the notice; returns the notice's hash
    with open(path, "rb") as file:
        text = file.read()
    sale, name = json.loads(text, object_pairs_hook=once), "sha256:" + H(text).hex()
    opens, closes = (datetime.fromisoformat(sale[at]).replace(microsecond=0) for at in ("opens_at", "closes_at"))
    rules = {"start": sale["price_yen"], "reserve": sale["reserve_yen"], "close": int((closes - opens).total_seconds())}
    more = {**USUAL, **(sale["auction_rules"] or {})}
    more["increments"] = more["increments"] or USUAL["increments"]
    kinds = {"auction-v1": "ascending", "sealed-v1": "sealed"}
    for key, value in {**rules, **{key: more[key] for key in USUAL}}.items():
        if key in log and log[key] != value:
            stop(f"{key} is not that of the notice: {json.dumps(value, sort_keys=True)}")
    if sale["mode"] != kinds[log["version"]] or log.get("rules", name) != name:
        stop("the notice is that of another sale")
    return name


def main(path: str, notice: str = "") -> None:
    try:
        with open(path, "rb") as file:
            log = json.loads(file.read(), object_pairs_hook=once)
        if log.get("version") not in ("auction-v1", "sealed-v1"):
            stop("the version is neither auction-v1 nor sealed-v1")
        root = chained(log)
        winner, price = ascending(log) if log["version"] == "auction-v1" else opened(log, root)
        name = agreed(log, notice) if notice else ""
        told = log.get("result") or {"winner": winner, "price": price}
    except OSError as trouble:
        stop(f"{trouble.filename}: {trouble.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as trouble:
        stop(f"not the log of an auction: {trouble!r}")
    if (told.get("winner"), told.get("price")) != (winner, price):
        stop("the result in the file is not what comes out of it")
    end = "nothing sold" if winner is None else f"bidder {winner} won at {price} yen"
    lines = [f"{log['listing']}: {len(log['bids'])} bids, {end}"]
    lines += [f"dice: {log['dice']}"] if log.get("dice") else []
    lines += [f"root (on chain since the close): {root}", f"end of the chain: {log['head']}"]
    lines += [f"notice (on the page of the sale): {name}"] if name else []
    if not all(line.isprintable() for line in lines):
        stop("a name in the log is more than one line")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        stop("usage: python check_auction.py LOG.json [SALE.json]")
    main(*sys.argv[1:])
