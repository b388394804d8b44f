"""Add up a town's fund (fund-v1): python check_fund.py ENTRIES.json [FUND.json]

Python 3.9 or later, nothing else: no network, no package, none of the town's code. What is wrong is said in one line
(exit 2); else it prints what was added up (exit 0). Public domain.
"""

import json
import sys
from typing import Any, NoReturn

STAGES = ("collected", "revenue", "set_aside", "fund", "spent")


def stop(why: str) -> NoReturn:
    sys.stderr.write(f"{why}\n")
    sys.exit(2)


def once(pairs: Any) -> Any:
    if len(dict(pairs)) != len(pairs):
        stop("a key is given twice in one object")
    return dict(pairs)


def read(path: str) -> Any:
    with open(path, "rb") as file:
        return json.loads(file.read(), object_pairs_hook=once)


def same(what: str, told: Any, found: int) -> None:
    if type(told) is not int or told != found:
        stop(f"{what}: the file says {told}, and {found} comes out of it")


def total(rows: Any, name: str) -> int:
    if any(type(row[name]) is not int for row in rows):
        stop(f"{name} is not a whole number")
    return sum(row[name] for row in rows)


def check_sums(fund: Any, entries: Any, apart: Any) -> None:  # 1: the figures are the sums of the entries
    returned = fund["refunded_yen"] + fund["disputed_yen"]
    same("collected_yen", fund["collected_yen"], total(entries, "collected_yen"))
    same("fees_yen", fund["fees_yen"], total(entries + apart, "fee_yen"))
    same("refunded_yen and disputed_yen", returned, total(entries + apart, "returned_yen"))
    same("kept_yen", fund["kept_yen"], fund["collected_yen"] - fund["fees_yen"] - returned)
    same("left_yen", fund["left_yen"], fund["fund_yen"] - fund["spent_yen"])


def check_stages(fund: Any, entries: Any) -> None:  # 2: what was paid first goes first, as far as each sum reaches
    before = start = 0
    for entry in entries:
        if type(entry["number"]) is not int or entry["number"] <= before:
            stop(f"entry {entry['number']} is not in the order of payment")
        before = entry["number"]
        kept = max(0, entry["collected_yen"] - entry["returned_yen"])
        same(f"collected of entry {before}", entry["collected"], kept)
        for stage in STAGES[1:]:
            reached = max(0, min(start + kept, fund[f"{stage}_yen"]) - start)
            same(f"{stage} of entry {before}", entry[stage], reached)
        start += kept


def check_book(fund: Any) -> None:  # 3: every yen that came from somewhere is somewhere
    balance = {row["account"]: row["yen"] for row in fund["accounts"]}
    figure = {name: fund[f"{name}_yen"] for name in (*STAGES, "fees", "at_stripe", "in_bank", "deposits")}
    for n, stage in enumerate(STAGES[:4]):
        further = figure[STAGES[n + 1]]
        if further > figure[stage]:
            stop(f"more yen reached {STAGES[n + 1]} than {stage}")
        same(f"the account {stage}", -balance[stage], figure[stage] - (further if stage != "fund" else 0))
    returned = {"refunds": fund["refunded_yen"], "disputes": fund["disputed_yen"]}
    held = {"stripe": figure["at_stripe"], "bank": figure["in_bank"]}
    for account, yen in {"fees": figure["fees"], "spent": figure["spent"], **returned, **held}.items():
        same(f"the account {account}", balance[account], yen)
    same("the account deposits", -balance["deposits"], figure["deposits"])
    if total(fund["accounts"], "yen") or fund["balanced"] is not True:
        stop("the book is not balanced")
    for name in ("collected_yen", "fees_yen", "refunded_yen", "disputed_yen"):
        same(f"{name} of all months", total(fund["months"], name), fund[name])
    same("spent_yen of all uses", total(fund["uses"], "spent_yen"), fund["spent_yen"])


def main(path: str, other: str = "") -> None:
    try:
        record = read(path)
        if record.get("version") != "fund-v1":
            stop("the version is not fund-v1")
        fund, entries, apart = record["fund"], record["items"], record["apart"]
        check_sums(fund, entries, apart)
        check_stages(fund, entries)
        check_book(fund)
        shown = read(other) if other else fund
        differing = [name for name in fund if shown[name] != fund[name]]
    except OSError as trouble:
        stop(f"{trouble.filename}: {trouble.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        stop(f"not the entries of a fund: {trouble!r}")
    if differing:
        stop(f"the second file has other figures: {', '.join(differing)}")
    kept = sum(max(0, entry["collected_yen"] - entry["returned_yen"]) for entry in entries)
    sys.stdout.write(f"{len(entries)} entries: {kept} yen were paid and did not go back\n")
    for name in ("collected", "fees", "refunded", "disputed", "kept", *STAGES[1:], "left"):
        sys.stdout.write(f"{name}: {fund[name + '_yen']} yen\n")
    for row in apart:
        sys.stdout.write(f"of no entry, {row['kind']}: fees {row['fee_yen']}, gone back {row['returned_yen']} yen\n")
    sys.stdout.write(f"not provable here: {fund['at_stripe_yen']} yen at Stripe, {fund['in_bank_yen']} in the bank\n")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        stop("usage: python check_fund.py ENTRIES.json [FUND.json]")
    main(*sys.argv[1:])
