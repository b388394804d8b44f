"""The evidence of a sale: the same bytes for the same state, checked without us, and nobody in it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.auditing import collecting, evidence
from marketplace.auditing.models import Evidence, EvidenceFile, EvidenceState
from marketplace.chain.dating import anchor_days
from marketplace.continuity.verifying import verify
from marketplace.journal.models import Entry
from marketplace.journal.sealing import seal
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, see_one_moment, transaction
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Lottery
from marketplace.outbox import keeping
from tests import given
from tests.auditing.packs import packed, says, seal_again, unpacked
from tests.continuity.lasting import NAME, NICKNAME, a_life
from tests.crashing import PowerCut
from tests.pages import read, submit
from tests.racing import at_once


def past() -> None:
    """A town with a sale, a lottery and an auction, on a day that is over and has its head."""
    with pretending(now() - timedelta(days=1)):
        a_life()
    anchor_days()


@pytest.fixture
def life(app: Flask) -> None:
    """That town."""


def listing_of(mode: str) -> Listing:
    found = sa.select(Listing).where(Listing.mode == mode, Listing.text_hash.is_not(None))
    return db.session.scalars(found.order_by(Listing.id)).first() or pytest.fail(mode)


MODES = ["fixed", "lottery", "ascending"]


@pytest.mark.parametrize("mode", MODES)
def test_it_is_checked_with_python_alone(life: None, mode: str, tmp_path: Path) -> None:
    place = unpacked(listing_of(mode), tmp_path / "evidence")
    code, said = says(place)
    assert (code, [line[:3] for line in said.splitlines()]) == (0, ["ok:"] * 5), said
    assert "through 1 heads of days" in said


@pytest.mark.parametrize("mode", MODES)
def test_the_same_state_gives_the_same_bytes(life: None, mode: str) -> None:
    listing = listing_of(mode)
    first = evidence.collect(listing)
    with pretending(now() + timedelta(hours=1)):
        given.a_listing()  # elsewhere life goes on
        seal()
        assert evidence.collect(get(Listing, listing.id)) == first


@pytest.mark.parametrize("mode", MODES)
def test_nobody_is_in_it(life: None, mode: str) -> None:
    everything = b"\n".join(packed(listing_of(mode)).values())
    people = list(db.session.scalars(sa.select(Account)))
    secrets = {NAME, NICKNAME, "月山 一郎", *(person.email for person in people)}
    assert [secret for secret in secrets if secret.encode() in everything] == []


def test_draws_and_bids_in_it_are_recomputed_by_our_command(life: None, tmp_path: Path) -> None:
    draw = unpacked(listing_of("lottery"), tmp_path / "lottery")
    (bundle,) = (draw / "draws").iterdir()
    assert verify(bundle).startswith("draw: 2 of 4 entries won")
    auction = unpacked(listing_of("ascending"), tmp_path / "auction")
    assert verify(auction / "bids.json").startswith("auction: 3 bids, winner ")


def test_it_has_every_row_of_the_sale_and_of_others_only_what_cannot_be_read(life: None) -> None:
    lottery = db.session.scalars(sa.select(Lottery)).one()
    files = packed(get(Listing, lottery.listing_id))
    rows = json.loads(files["journal/rows.json"])
    events = [row["event"] for row in rows]
    assert events.index("draft") < events.index("approve") < events.index("open") < events.index("draw")
    others = set(db.session.scalars(sa.select(Entry.subject))) - {row["subject"] for row in rows}
    assert len(others) > 3
    assert [subject for subject in others if subject.encode() in b"".join(files.values())] == []


@pytest.mark.parametrize(
    "what", ["journal/rows.json", "approved/right.json", "approved/sale.json", "journal/chain.json", "versions.json"]
)
@pytest.mark.parametrize("resealed", [False, True])
def test_what_was_changed_in_it_is_found_with_and_without_a_new_manifest(
    life: None, what: str, resealed: bool, tmp_path: Path
) -> None:
    place = unpacked(listing_of("fixed"), tmp_path / "evidence")
    data = (place / what).read_bytes()
    before, after = (b"0", b"1") if what != "approved/right.json" else ("温泉".encode(), "温水".encode())
    (place / what).write_bytes(data.replace(before, after, 1))
    assert (place / what).read_bytes() != data
    if resealed:
        seal_again(place, what)
    code, said = says(place)
    assert (code, said.splitlines()[-1][:6]) == (1, "wrong:")


class TestAtTheDesk:
    def test_it_is_asked_for_made_by_the_worker_and_taken_home(self, app: Flask, client: FlaskClient) -> None:
        listing = get(Listing, given.a_listing())
        seal()
        given.signed_in(client, given.staff("auditor"))
        path = f"/staff/evidence/{listing.code}"
        assert client.get(f"{path}.zip").status_code == 404
        assert submit(client, path).location == path
        waiting = client.get(path)
        assert ("まとめています（0 / 11）" in waiting.text, 'hx-trigger="every 1s"' in waiting.text) == (True, True)
        keeping.drain()
        ready = read(client.get(path))
        taken = client.get(f"{path}.zip")
        row = db.session.scalars(sa.select(Evidence)).one()
        assert (row.state, row.done, row.sha256) == (EvidenceState.READY, 11, hashlib.sha256(taken.data).hexdigest())
        assert (str(row.sha256) in ready.words, taken.mimetype) == (True, "application/zip")

    def test_each_step_is_told_while_it_is_made(self, app: Flask) -> None:
        listing_id = given.a_listing()
        evidence_id = collecting.ask(listing_id, given.staff("auditor"))
        seen: list[int] = []

        def look(done: int) -> None:
            collecting._tell(evidence_id, done)
            with db.engine.connect() as other:
                seen.append(other.execute(sa.select(Evidence.done)).scalar_one())

        see_one_moment()
        evidence.collect(get(Listing, listing_id), look)
        assert seen == list(range(1, len(evidence.STEPS) + 1))

    def test_asked_many_times_at_once_it_is_made_once(self, app: Flask) -> None:
        listing_id, auditor = given.a_listing(), given.staff("auditor")
        ids = at_once(app, 4, lambda _: collecting.ask(listing_id, auditor))
        assert len(set(ids)) == 1
        keeping.drain()
        rows = db.session.scalars(sa.select(Entry.event).where(Entry.subject.startswith("evidence:"))).all()
        assert rows == ["collect", "complete"]

    def test_it_is_made_again_as_things_are_now(self, app: Flask) -> None:
        listing_id, auditor = given.a_listing(), given.staff("auditor")
        evidence_id = collecting.ask(listing_id, auditor)
        keeping.drain()
        first = get(EvidenceFile, evidence_id).data
        seal()
        assert collecting.ask(listing_id, auditor) == evidence_id
        keeping.drain()
        db.session.expire_all()
        assert get(EvidenceFile, evidence_id).data != first

    def test_dying_while_it_is_made_it_begins_again(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        listing_id = given.a_listing()
        evidence_id = collecting.ask(listing_id, given.staff("auditor"))

        def cut(_id: int, _done: int) -> None:
            raise PowerCut

        with monkeypatch.context() as patch:
            patch.setattr(collecting, "_tell", cut)
            with pytest.raises(PowerCut):
                collecting.collect(evidence_id, 1)
        assert get(Evidence, evidence_id).state == EvidenceState.ASKED
        collecting.collect(evidence_id, 1)
        collecting.collect(evidence_id, 1)
        db.session.expire_all()
        assert get(Evidence, evidence_id).state == EvidenceState.READY

    def test_while_it_takes_longer_than_a_lease_nobody_else_begins_it(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The worker's clock would be the next one to take it, and stand still for minutes."""
        evidence_id = collecting.ask(given.a_listing(), given.staff("auditor"))
        monkeypatch.setattr(keeping, "LEASE", timedelta(0))
        begun: list[list[int]] = []

        def slow(_listing: Listing) -> evidence.Files:
            begun.append([])
            if len(begun) == 1:
                begun[0] = at_once(app, 1, lambda _: keeping.sweep())
            yield "slow.txt", b""

        monkeypatch.setattr(evidence, "STEPS", (slow,))
        keeping.drain()
        assert begun == [[0]]
        db.session.expire_all()
        assert get(Evidence, evidence_id).state == EvidenceState.READY

    def test_of_a_draft_there_is_none(self, app: Flask, client: FlaskClient) -> None:
        listing = get(Listing, given.a_listing(state="draft"))
        given.signed_in(client, given.staff("auditor"))
        answer = submit(client, f"/staff/evidence/{listing.code}")
        assert (answer.status_code, "まだ承認されていない" in answer.text) == (409, True)

    @pytest.mark.parametrize("path", ["/staff/evidence", "/staff/evidence/LST-NONE", "/staff/evidence/LST-NONE.zip"])
    def test_who_does_not_look_over_the_town_may_not(self, app: Flask, client: FlaskClient, path: str) -> None:
        for role in ("drafter", "counter"):
            assert given.signed_in(client, given.staff(role)).get(path).status_code == 403
        assert given.signed_in(client, given.staff("auditor")).get(path).status_code == (
            200 if path == "/staff/evidence" else 404
        )


def test_the_database_knows_one_for_each_sale(app: Flask) -> None:
    listing_id = given.a_listing()
    collecting.ask(listing_id, given.staff("auditor"))
    again = {
        "listing_id": listing_id,
        "state": EvidenceState.ASKED,
        "steps": 1,
        "done": 0,
        "asks": 1,
        "asked_at": now(),
    }
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.execute(sa.insert(Evidence).values(**again))
