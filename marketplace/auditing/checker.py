"""Checks the evidence that it lies in: python3 check.py [DIR]. Python 3.8 alone; no network, nothing of ours."""

from __future__ import annotations

import csv
import hashlib
import json
import pathlib
import sys
from typing import Any


class Wrong(Exception):
    """What is wrong, in one line."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def files(place: pathlib.Path) -> str:
    """Every file is as the manifest says, and there is no other."""
    manifest = json.loads((place / "MANIFEST.json").read_bytes())
    here = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    for path, digest in manifest["files"].items():
        if path not in here:
            raise Wrong(f"{path} is missing")
        if sha256((place / path).read_bytes()) != digest:
            raise Wrong(f"{path} was changed")
    if extra := here - set(manifest["files"]) - {"MANIFEST.json"}:
        raise Wrong(f"{sorted(extra)[0]} is not in the manifest")
    return f"{len(manifest['files'])} files of {manifest['listing']}"


def approved(place: pathlib.Path) -> str:
    """The texts have the hashes that were approved, and the journal says when and by whom."""
    hashes = json.loads((place / "approved/hashes.json").read_bytes())
    for name, digest in hashes.items():
        if "sha256:" + sha256((place / f"approved/{name}.json").read_bytes()) != digest:
            raise Wrong(f"approved/{name}.json has another hash than was approved")
    rows = json.loads((place / "journal/rows.json").read_bytes())
    if hashes["sale"] not in [row["details"].get("text_hash") for row in rows if row["event"] == "approve"]:
        raise Wrong("the journal does not have the approval of this text")
    return "the approved text has its hash"


def versions(place: pathlib.Path) -> str:
    """Each text that was handed over has its fingerprint, none is left out, and the last one is what was approved."""
    right, sale = (json.loads((place / f"approved/{name}.json").read_bytes()) for name in ("right", "sale"))
    found = json.loads((place / "versions.json").read_bytes())
    announced = json.loads((place / "amendments.json").read_bytes())
    hashes = json.loads((place / "approved/hashes.json").read_bytes())
    for name, rows in (("versions", found), ("amendments", announced)):
        if [row["number"] for row in rows] != list(range(1, len(rows) + 1)):
            raise Wrong(f"one of the {name} is missing")
    for row in found:
        words = {name: row["facts"].get(name) for name in right}
        sold = {name: row["facts"].get(name) for name in sale}
        sold |= {"right": "sha256:" + sha256(canonical(words)), "salt": sale["salt"]}
        if row["fingerprint"] != "sha256:" + sha256(canonical(sold)):
            raise Wrong(f"version {row['number']} was changed")
    if not found or found[-1]["fingerprint"] != hashes["sale"]:
        raise Wrong("the last version is not what was approved")
    if announced and announced[-1]["text_hash"] != hashes["sale"]:
        raise Wrong("the last amendment is not what was approved")
    return f"{len(found)} versions and {len(announced)} amendments lead to the approved text"


def journal(place: pathlib.Path) -> str:
    """Each row has its hash, stands in the chain, and the chain goes through each head of a day."""
    rows = {row["seq"]: row for row in json.loads((place / "journal/rows.json").read_bytes())}
    chain = json.loads((place / "journal/chain.json").read_bytes())
    days = json.loads((place / "journal/heads.json").read_bytes())["days"]
    seq, last = chain["from"]["seq"], bytes.fromhex(chain["from"]["hash"])
    hashes = {seq: last.hex()}
    for digest in chain["rows"]:
        seq += 1
        row = rows.get(seq)
        if row is not None and sha256(canonical({k: v for k, v in row.items() if k not in ("prev", "hash")})) != digest:
            raise Wrong(f"row {seq} of the journal was changed")
        last = hashlib.sha256(last + bytes.fromhex(digest)).digest()
        hashes[seq] = last.hex()
        if row is not None and (row["hash"], row["prev"]) != (hashes[seq], hashes[seq - 1]):
            raise Wrong(f"row {seq} of the journal stands elsewhere in the chain")
    if (seq, last.hex()) != (chain["to"]["seq"], chain["to"]["hash"]) or not set(rows) <= set(hashes):
        raise Wrong("the chain of the journal ends elsewhere")
    for day in days:
        if hashes.get(day["seq"]) != day["hash"]:
            raise Wrong(f"the chain does not go through the head of {day['day']}")
    return f"{len(rows)} rows of the journal in a chain of {len(chain['rows'])}, through {len(days)} heads of days"


def ledger(place: pathlib.Path) -> str:
    """Every posting sums to zero."""
    sums: dict[str, int] = {}
    with (place / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        for line in csv.DictReader(file):
            sums[line["posting"]] = sums.get(line["posting"], 0) + int(line["yen"])
    for posting, yen in sums.items():
        if yen:
            raise Wrong(f"posting {posting} does not sum to zero")
    return f"{len(sums)} postings sum to zero"


def main(place: pathlib.Path) -> int:
    try:
        for check in (files, approved, versions, journal, ledger):
            sys.stdout.write(f"ok: {check(place)}\n")
    except Wrong as wrong:
        sys.stdout.write(f"wrong: {wrong}\n")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as trouble:
        sys.stdout.write(f"wrong: a file is missing or not of its form: {trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]) if sys.argv[1:] else pathlib.Path(__file__).resolve().parent))
