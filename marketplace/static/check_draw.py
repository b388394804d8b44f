"""Recompute a published draw (draw-v1): python check_draw.py BUNDLE.json [RECEIPT-NUMBER]

Python 3.9 or later, nothing else: no network, no package, none of the town's code. What is wrong is said in one line
(exit 2); else it prints what was drawn (exit 0). Public domain.
"""

import hashlib
import hmac
import json
import re
import sys
import time
from typing import Any, NoReturn

KNOWN = {"version", "commit", "randomness", "beacon", "entries", "result", "code", "state", "draw_at", "groups", "n"}
FIELDS = {"listing", "rules", "n", "units", "root", "chain", "round"}
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS = 1692803367  # its first round; one in three seconds since


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


def unhex(text: Any) -> bytes:
    if not re.fullmatch("([0-9a-f]{2})*", text):
        stop("hex is lower case")
    return bytes.fromhex(text)


def root(entries: Any) -> str:  # steps 2 and 3: one hash over the whole list
    level = [H(b"\0", canon(entry)) for entry in entries]
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        level = [H(b"\1", level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + odd
    return (level[0] if level else H()).hex()


def randomness(bundle: Any, commit: Any) -> tuple[bytes, str]:  # step 4: where chance came from
    value = unhex(bundle["randomness"])
    if commit["chain"] == "dice":
        if commit["round"] or bundle["beacon"] is not None or not re.fullmatch(rb"d:[0-9]{20}", value):
            stop("the randomness is not that of twenty dice")
        return value, f"dice {value[2:].decode()}"
    if commit["chain"] != QUICKNET or set(bundle["beacon"]) != {"round", "signature"}:
        stop("the chain is neither drand quicknet nor dice")
    if not 0 < commit["round"] < 2**36:  # for some thousand years
        stop("the round is none that the beacon has")
    if bundle["beacon"]["round"] != commit["round"] or H(unhex(bundle["beacon"]["signature"])) != value:
        stop("the randomness is not that of the beacon's round")
    where = f"https://api.drand.sh/{QUICKNET}/public/{commit['round']}"
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(GENESIS + 3 * (commit["round"] - 1)))
    return value, f"drand round {commit['round']}, of {at}; its signature must be the one at {where}"


def ticket(seed: bytes, entry: Any) -> str:  # step 5
    no, lots = entry["no"], entry["lots"]
    names = [no] if lots == 1 else [f"{no}#{i}" for i in range(1, lots + 1)]
    return min(hmac.new(seed, name.encode(), hashlib.sha256).hexdigest() for name in names)


def check(bundle: Any) -> tuple[Any, str]:
    if not isinstance(bundle, dict) or bundle.get("version") != "draw-v1":
        stop("the version is not draw-v1")
    if set(bundle) - KNOWN:
        stop("the bundle has a field of no meaning")
    commit, entries = bundle["commit"], bundle["entries"]
    if set(commit) != FIELDS or any(type(commit[key]) is not int for key in ("n", "units", "round")):
        stop("the commit is not of the seven fields")
    for entry in entries:
        if set(entry) != {"no", "ch", "lots"} or type(entry["lots"]) is not int or entry["lots"] < 1:
            stop("an entry is not of the three fields no, ch, lots")
    if len({entry["no"] for entry in entries}) != len(entries):
        stop("a receipt number is there twice")
    if len(entries) != commit["n"]:
        stop(f"the count is wrong: the commit says {commit['n']}, the entries are {len(entries)}")
    if root(entries) != commit["root"]:
        stop("the root is not that of the entries")
    value, source = randomness(bundle, commit)
    seed = H(b"draw-v1", canon(commit), value)
    order = sorted((ticket(seed, entry), entry["no"]) for entry in entries)
    winners, waiting = order[: commit["units"]], order[commit["units"] :]
    result = {
        "version": "draw-v1",
        "seed": seed.hex(),
        "cutoff": winners[-1][0] if winners else "",
        "winners": [no for _, no in winners],
        "waiting": [no for _, no in waiting],
    }
    if bundle.get("result", result) != result:
        stop("the result in the file is not what comes out of it")
    return result, source


def main(path: str, own: str = "") -> None:
    try:
        with open(path, "rb") as file:
            bundle = json.loads(file.read(), object_pairs_hook=once)
        result, source = check(bundle)
    except OSError as trouble:
        stop(f"{path}: {trouble.strerror}")
    except (ValueError, KeyError, TypeError, RecursionError) as trouble:
        stop(f"not a draw that is finished: {trouble!r}")
    commit, winners, waiting = bundle["commit"], result["winners"], result["waiting"]
    own = next((no for no in winners + waiting if no.upper() == own.strip().upper()), own)
    lines = [
        f"{commit['listing']}: {len(winners)} of {commit['n']} entries won, cut-off {result['cutoff'] or 'none'}",
        *(f"chance: {source}", f"root (published at the close): {commit['root']}", f"seed: {result['seed']}"),
    ]
    if own in winners:
        lines.append(f"{own}: won, place {winners.index(own) + 1}")
    elif own:
        lines.append(
            f"{own}: waiting, place {waiting.index(own) + 1}" if own in waiting else f"{own}: not in this draw"
        )
    if not all(line.isprintable() for line in lines):
        stop("a name in the file is more than one line")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        stop("usage: python check_draw.py BUNDLE.json [RECEIPT-NUMBER]")
    main(*sys.argv[1:])
