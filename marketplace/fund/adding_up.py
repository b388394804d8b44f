"""fund-v1: the yen of a town's fund, added up again, pure. docs/fund-proof.md says what it proves and what it cannot.

The first stage of a price is what is left of it, less what was refunded and what a bank took back in a dispute. From
there on the town decides sums, not single yen, so a rule says whose yen a decision moves: what was paid first goes
first. Each price has its place in the row of all that is left, and a stage reaches as far along it as its sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from marketplace.kit import published
from marketplace.kit.published import Malformed, Record

VERSION = "fund-v1"
STAGES = {
    "collected": "いただいた代金（収納）",
    "revenue": "町の歳入にしたもの",
    "set_aside": "基金に積み立てると決めたもの",
    "fund": "基金に入ったもの",
    "spent": "使ったもの",
}


def ends(figures: Mapping[str, int]) -> dict[str, int]:
    """Of the figures of the fund: what has ever reached each stage after the first, in the order of STAGES."""
    return {stage: figures[f"{stage}_yen"] for stage in list(STAGES)[1:]}


def reached(start: int, yen: int, ends: Mapping[str, int]) -> dict[str, int]:
    """Of `yen` that are left of a price and stand at `start`, how many have reached each stage. {stage: yen}"""
    return {"collected": yen} | {stage: max(0, min(start + yen, end) - start) for stage, end in ends.items()}


def check(record: Record) -> dict[str, int]:
    """The yen of each figure, after all of them came out of the entries. Raises Malformed."""
    if record.get("version") != VERSION:
        raise Malformed(f"the version is not {VERSION}")
    fund = published.record(published.get(record, "fund"), "fund")
    yen = {name: published.whole(fund, name) for name in fund if name.endswith("_yen")}
    entries, apart = _rows(record, "items"), _rows(record, "apart")
    try:
        _check_sums(yen, entries, apart)
        _check_stages(ends(yen), entries)
        _check_book(yen, fund)
    except KeyError as missing:
        raise Malformed(f"the fund has no {missing.args[0]}") from None
    return yen


def _check_sums(yen: Mapping[str, int], entries: list[Record], apart: list[Record]) -> None:
    _same("collected_yen", yen["collected_yen"], _sum(entries, "collected_yen"))
    _same("fees_yen", yen["fees_yen"], _sum(entries + apart, "fee_yen"))
    given_back = yen["refunded_yen"] + yen["disputed_yen"]
    _same("refunded_yen and disputed_yen", given_back, _sum(entries + apart, "returned_yen"))
    _same("kept_yen", yen["kept_yen"], yen["collected_yen"] - yen["fees_yen"] - given_back)
    _same("left_yen", yen["left_yen"], yen["fund_yen"] - yen["spent_yen"])


def _check_stages(ends: Mapping[str, int], entries: list[Record]) -> None:
    for before, after in pairwise(published.whole(entry, "number", 1) for entry in entries):
        if before >= after:
            raise Malformed(f"entry {after} is not in the order of payment")
    start = 0
    for entry in entries:
        kept = max(0, published.whole(entry, "collected_yen") - published.whole(entry, "returned_yen"))
        for stage, yen in reached(start, kept, ends).items():
            _same(f"{stage} of entry {entry['number']}", published.whole(entry, stage), yen)
        start += kept


def _check_book(yen: Mapping[str, int], fund: Record) -> None:
    accounts = {published.text(row, "account"): published.whole(row, "yen") for row in _rows(fund, "accounts")}
    for stage, after in pairwise(STAGES):
        here, further = yen[f"{stage}_yen"], yen[f"{after}_yen"]
        if further > here:
            raise Malformed(f"more yen reached {after} than {stage}")
        _same(f"the account {stage}", -accounts[stage], here - (further if stage != "fund" else 0))
    names = {"stripe": "at_stripe", "bank": "in_bank", "refunds": "refunded", "disputes": "disputed"}
    for account in ("stripe", "bank", "fees", "refunds", "disputes", "spent"):
        _same(f"the account {account}", accounts[account], yen[f"{names.get(account, account)}_yen"])
    _same("the account deposits", -accounts["deposits"], yen["deposits_yen"])
    if sum(accounts.values()) or fund.get("balanced") is not True:
        raise Malformed("the book is not balanced")
    for name in ("collected_yen", "fees_yen", "refunded_yen", "disputed_yen"):
        _same(f"{name} of all months", _sum(_rows(fund, "months"), name), yen[name])
    _same("spent_yen of all uses", _sum(_rows(fund, "uses"), "spent_yen"), yen["spent_yen"])


def _rows(source: Record, key: str) -> list[Record]:
    return [published.record(row, f"a row of {key}") for row in published.items(source, key)]


def _sum(rows: list[Record], key: str) -> int:
    return sum(published.whole(row, key) for row in rows)


def _same(what: str, told: int, found: int) -> None:
    if told != found:
        raise Malformed(f"{what}: the file says {told}, and {found} comes out of it")
