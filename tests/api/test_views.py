"""The public API: complete, in pages, true to its published schema, and polite to machines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.api import paging
from marketplace.kit.clock import JST
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.lotteries import draw
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.groups import quota
from marketplace.tokens.models import NOBODY, Token
from tests import given
from tests.api.asking import HANA, ask, code_of
from tests.chainlogs import Chain, digest
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, with_entries
from tests.resale.stage import custody, heard, held_token


def pages(client: FlaskClient, path: str, limit: int) -> Iterator[list[Any]]:
    """The items of each page, from the first to the last."""
    cursor = ""
    while True:
        joint = "&" if "?" in path else "?"
        page = ask(client, f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        yield page["items"]
        if page["next"] is None:
            return
        cursor = page["next"]


class TestListings:
    def test_a_listing_says_what_the_design_promises(self, client: FlaskClient, chain: Chain) -> None:
        opens = datetime(2026, 11, 1, 9, tzinfo=JST)
        listing_id = given.a_listing(quantity=3, price_yen=2_000, publish_at=opens, opens_at=opens)
        listing = get(Listing, listing_id)
        found = ask(client, f"listings/{listing.code}")
        wanted = {
            "code": listing.code,
            "kind": "resident",
            "mode": "fixed",
            "state": "open",
            "title": {"ja": listing.right.title_ja, "en": listing.right.title_en},
            "price_yen": 2_000,
            "quantity": 3,
            "remaining": 3,
            "held": 0,
            "sold": 0,
            "opens_at": "2026-11-01T09:00:00+09:00",
            "closes_at": listing.closes_at.astimezone(JST).isoformat(timespec="seconds") if listing.closes_at else None,
            "metadata_uri": listing.right.metadata_uri,
            "contract": db.session.scalar(sa.text("SELECT address FROM chain_contracts WHERE name = 'RightsToken'")),
            "chain_id": 706_123,
        }
        assert {name: found[name] for name in wanted} == wanted

    @pytest.mark.parametrize("state", ["draft", "submitted", "approved"])
    def test_what_is_not_announced_is_not_there(self, client: FlaskClient, chain: Chain, state: str) -> None:
        code = code_of(given.a_listing(state=state))
        assert ask(client, "listings")["items"] == []
        for path in (code, f"{code}/bids", f"{code}/draw"):
            assert client.get(f"/api/v1/listings/{path}").status_code == 404

    def test_pages_of_any_size_show_each_listing_once_newest_first(self, client: FlaskClient, chain: Chain) -> None:
        codes = [code_of(given.a_listing()) for _ in range(5)]
        for limit in (1, 2, 3, 5, 200):
            shown = [item["code"] for page in pages(client, "listings", limit) for item in page]
            assert shown == codes[::-1]

    def test_a_listing_that_comes_while_someone_reads_shifts_nothing(self, client: FlaskClient, chain: Chain) -> None:
        codes = [code_of(given.a_listing()) for _ in range(4)]
        first = ask(client, "listings?limit=2")
        given.a_listing()
        second = ask(client, f"listings?limit=2&cursor={first['next']}")
        assert [item["code"] for item in first["items"] + second["items"]] == codes[::-1]

    def test_what_was_announced_last_comes_first_though_it_was_drafted_before(
        self, client: FlaskClient, chain: Chain
    ) -> None:
        ids = [given.a_listing(state="approved") for _ in range(3)]
        announced = [ids[1], ids[2], ids[0]]
        for listing_id in announced:
            given.published(listing_id)
        for limit in (1, 2, 3):
            shown = [item["code"] for page in pages(client, "listings", limit) for item in page]
            assert shown == [code_of(each) for each in announced[::-1]]
        table = csv.DictReader(io.StringIO(client.get("/data/listings.csv").text.lstrip("\ufeff")))
        assert [row["code"] for row in table] == [code_of(each) for each in announced[::-1]]

    @pytest.mark.parametrize("values", [[2**62, 1], [2**63 - 1, 1], [1]])
    def test_a_cursor_that_we_did_not_write_is_refused(
        self, client: FlaskClient, chain: Chain, values: list[int]
    ) -> None:
        answer = client.get(f"/api/v1/listings?cursor={paging.sealed(values)}")
        assert (answer.status_code, answer.get_json()["code"]) == (422, "bad_cursor")

    def test_filters_narrow_the_list(self, client: FlaskClient, chain: Chain) -> None:
        card, lottery = code_of(given.a_listing("fixed", "card")), code_of(given.a_listing("lottery"))
        soon = code_of(given.a_listing(state="published"))
        queries = ("kind=card", "mode=lottery", "state=published", "kind=card&mode=lottery")
        shown = [[item["code"] for item in ask(client, f"listings?{query}")["items"]] for query in queries]
        assert shown == [[card], [lottery], [soon], []]

    def test_the_queries_of_a_page_do_not_grow_with_its_rows(self, client: FlaskClient, chain: Chain) -> None:
        asked: list[str] = []
        sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _cur, text, *_more: asked.append(text))

        def queries(path: str) -> int:
            asked.clear()
            ask(client, path)
            return len(asked)

        paths = ("listings", "tokens", "resales")
        listing_id = given.a_listing()
        seller = given.an_account()

        def sell(serial: int) -> None:
            token_id = held_token(chain, seller, listing_id, serial)
            chain.sold(token_id, custody(seller), HANA, 500, block=serial + 1, number=serial)
            heard(chain, token_id)

        sell(1)
        few = [queries(path) for path in paths]
        for serial in (2, 3, 4):
            sell(serial)
            given.a_listing()
        assert [queries(path) for path in paths] == few


class TestTokens:
    def test_a_token_says_what_the_design_promises(self, client: FlaskClient, chain: Chain) -> None:
        seller, listing_id = given.an_account(), given.a_listing()
        token_id = held_token(chain, seller, listing_id)
        chain.sold(token_id, custody(seller), HANA, 5_000, block=3, number=1)
        heard(chain, token_id)
        listing = get(Listing, listing_id)
        contract = str(db.session.scalar(sa.select(Token.contract)))
        mint = digest("tx", ("Transfer", 1, token_id % 1000))
        assert ask(client, f"tokens/{contract.lower()}/{token_id}") == {
            "contract": contract,
            "token_id": token_id,
            "series_id": listing.right_id,
            "serial": 1,
            "state": "held",
            "owner": HANA,
            "in_custody": False,
            "listing": listing.code,
            "metadata_uri": f"{listing.right.metadata_uri}1.json",
            "mint_tx": mint,
            "minted_at": "2026-04-20T09:01:00+09:00",
            "offer": None,
            "transfers": [
                {
                    "kind": "issue",
                    "from": NOBODY,
                    "to": custody(seller),
                    "price_yen": None,
                    "royalty_yen": None,
                    "tx": mint,
                    "log_index": token_id % 1000,
                    "block": 1,
                    "at": "2026-04-20T09:01:00+09:00",
                },
                {
                    "kind": "sale",
                    "from": custody(seller),
                    "to": HANA,
                    "price_yen": 5_000,
                    "royalty_yen": 250,
                    "tx": digest("tx", "sale 1"),
                    "log_index": 1,
                    "block": 3,
                    "at": "2026-04-20T09:03:00+09:00",
                },
            ],
        }

    def test_only_what_was_issued_is_listed_by_number(self, client: FlaskClient, chain: Chain) -> None:
        listing_id, owner = given.a_listing(), given.an_account()
        token_ids = [held_token(chain, owner, listing_id, serial) for serial in (3, 1, 2)]
        chain.take_back(1)
        chain.mint(token_ids[0], HANA, block=2)
        chain.mint(token_ids[1], custody(owner), block=2, index=1)
        heard(chain, *token_ids)
        for limit in (1, 2):
            shown = [item["token_id"] for page in pages(client, "tokens", limit) for item in page]
            assert shown == sorted(token_ids[:2])
        by_owner = [item["token_id"] for item in ask(client, f"tokens?owner={HANA.lower()}")["items"]]
        by_listing = len(ask(client, f"tokens?listing={code_of(listing_id)}")["items"])
        assert (by_owner, by_listing, ask(client, "tokens?listing=LST-NONE")["items"]) == ([token_ids[0]], 2, [])

    def test_a_number_beyond_all_columns_is_not_found(self, client: FlaskClient, chain: Chain) -> None:
        assert client.get(f"/api/v1/tokens/{HANA}/{2**70}").status_code == 404

    @pytest.mark.parametrize("owner", ["0x1", "x" * 42, f"{HANA}0"])
    def test_an_owner_that_is_no_address_is_refused_and_not_found_to_hold_nothing(
        self, client: FlaskClient, chain: Chain, owner: str
    ) -> None:
        answer = client.get(f"/api/v1/tokens?owner={owner}")
        assert (answer.status_code, answer.json["code"]) == (422, "bad_filter")  # type: ignore[index]


class TestResales:
    def trade(self, chain: Chain, count: int) -> list[int]:
        listing_id, seller = given.a_listing(), given.an_account()
        token_ids = []
        for serial in range(1, count + 1):
            token_id = held_token(chain, seller, listing_id, serial)
            chain.sold(token_id, custody(seller), HANA, 1_000 * serial, block=1 + serial, number=serial)
            heard(chain, token_id)
            token_ids.append(token_id)
        return token_ids

    def test_a_resale_says_what_the_design_promises(self, client: FlaskClient, chain: Chain) -> None:
        token_id = self.trade(chain, 1)[0]
        row = ask(client, "resales")["items"][0]
        assert row == {
            "contract": db.session.scalar(sa.select(Token.contract)),
            "token_id": token_id,
            "seller": row["seller"],
            "buyer": HANA,
            "price_yen": 1_000,
            "royalty_yen": 50,
            "marketplace": "hiroba",
            "excluded": None,
            "listed_at": None,
            "tx": digest("tx", "sale 1"),
            "log_index": 0,
            "block": 2,
            "at": "2026-04-20T09:02:00+09:00",
        }

    def test_pages_and_the_table_show_the_same_sales_newest_first(self, client: FlaskClient, chain: Chain) -> None:
        token_ids = self.trade(chain, 5)
        items = [item for page in pages(client, "resales", 2) for item in page]
        answer = client.get("/api/v1/resales.csv")
        rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
        assert [item["token_id"] for item in items] == token_ids[::-1]
        assert rows == [{name: "" if value is None else str(value) for name, value in item.items()} for item in items]
        assert (answer.get_data()[:3], answer.content_type) == (b"\xef\xbb\xbf", "text/csv; charset=utf-8")

    def test_the_sales_of_one_token_can_be_asked_for(self, client: FlaskClient, chain: Chain) -> None:
        token_ids = self.trade(chain, 3)
        shown = [item["token_id"] for item in ask(client, f"resales?token_id={token_ids[1]}")["items"]]
        assert (shown, client.get("/api/v1/resales?token_id=x").status_code) == ([token_ids[1]], 422)


class TestDraws:
    def test_each_group_that_is_drawn_apart_is_named_and_can_be_asked_for(
        self, client: FlaskClient, chain: Chain
    ) -> None:
        rules = {"quantity": 5, "auction_rules": {"groups": quota(2, 5)}}
        lottery, _received, _people = with_entries(9, ["town", "others", "others"], **rules)
        path = f"listings/{lottery.code}/draw"
        assert [ask(client, f"{path}{group}")["n"] for group in ("", "?group=town", "?group=others")] == [9, 3, 6]
        with after_the_close(lottery):
            draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        found = ask(client, path)
        assert found["groups"] == ["town", "others"]
        for group in found["groups"]:
            told = ask(client, f"{path}?group={group}")
            assert (told["commit"]["listing"], draw.result(told)) == (f"{lottery.code}/{group}", told["result"])
        assert client.get(f"/api/v1/{path}?group=nobody").status_code == 404
