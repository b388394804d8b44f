"""What the evidence of a sale tells of its texts, its changes and its uses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal.sealing import seal
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.listings import amending, approving, drafting
from marketplace.listings.models import Listing
from marketplace.perks import using
from tests import given
from tests.auditing.packs import packed, says, seal_again, unpacked
from tests.chainlogs import Chain, deploy
from tests.perks import stage


def test_what_was_changed_before_and_after_the_notice_is_in_it_in_words(app: Flask, tmp_path: Path) -> None:
    drafter, approver = given.staff("drafter"), given.staff("approver")
    times: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
    listing_id = drafting.draft(drafter, given.values(price_yen=50_000, **times))
    drafting.submit(listing_id, drafter)
    approving.send_back(listing_id, approver, "価格の根拠を書いてください。")
    drafting.revise(listing_id, drafter, given.values(price_yen=60_000, **times))
    drafting.submit(listing_id, drafter)
    approving.approve(listing_id, approver)
    amended = amending.propose(listing_id, drafter, {"price_yen": 70_000}, "材料の値上がり")
    amending.approve(amended, approver)
    dropped = amending.propose(listing_id, drafter, {"price_yen": 80_000}, "もう一度")
    amending.withdraw(dropped, drafter)
    seal()
    place = unpacked(get(Listing, listing_id), tmp_path / "evidence")
    told = (place / "versions.txt").read_text("utf-8")
    prices = [line for line in told.splitlines() if line.endswith("円")]
    assert prices == ["- 50,000円", "+ 60,000円", "- 60,000円", "+ 70,000円"]
    (announced,) = json.loads((place / "amendments.json").read_bytes())
    assert (announced["before"], announced["after"]) == ({"price_yen": 60_000}, {"price_yen": 70_000})
    rows = json.loads((place / "journal/rows.json").read_bytes())
    asides = [(row["event"], row["to"]) for row in rows if row["subject"].startswith("sale_amendment:")]
    assert asides == [("approve", "published"), ("withdraw", "withdrawn")]
    code, said = says(place)
    assert (code, "3 versions and 1 amendments lead to the approved text" in said) == (0, True), said


@pytest.mark.parametrize(("what", "wrong"), [("versions", 0), ("versions", -1), ("amendments", -1)])
def test_a_version_or_a_change_that_was_left_out_is_found(app: Flask, tmp_path: Path, what: str, wrong: int) -> None:
    drafter, approver = given.staff("drafter"), given.staff("approver")
    times: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
    listing_id = given.a_listing(state="approved", **times)
    for price in (4_000, 5_000):
        amending.approve(amending.propose(listing_id, drafter, {"price_yen": price}, "見直し"), approver)
    seal()
    place = unpacked(get(Listing, listing_id), tmp_path / "evidence")
    assert says(place)[0] == 0
    rows = json.loads((place / f"{what}.json").read_bytes())
    rows.pop(wrong)
    (place / f"{what}.json").write_text(json.dumps(rows))
    seal_again(place, f"{what}.json")
    assert says(place)[0] == 1


def test_uses_of_perks_are_in_it_without_who_used_them(app: Flask) -> None:
    chain, desk = Chain(), stage.a_desk()
    deploy()
    hana = given.an_account("hana@example.jp")
    token_id = stage.a_token(chain, hana, stage.bath(desk))
    done = stage.scan(desk.tablet(), stage.Telephone(token_id, hana).shows())
    using.undo(done.ref, stage.ref(), now(), desk.partner_id)
    seal()
    listing = db.session.scalars(sa.select(Listing)).one()
    lines = packed(listing)["perks.csv"].decode("utf-8-sig").splitlines()
    found = [(row["act"], row["undoes"], row["token"], row["partner"], row["pay_yen"]) for row in csv.DictReader(lines)]
    assert found == [("use", "", str(token_id), desk.code, "300"), ("undo", "1", str(token_id), desk.code, "300")]
