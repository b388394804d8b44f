"""The open data: complete, described column by column, at addresses that stay, and found by programs."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.dating import anchor_days
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.lotteries.groups import quota
from marketplace.opendata.datasets import CSV, DATASETS, Dataset, codes_of, find, paths
from marketplace.settings import Settings, settings
from tests import given
from tests.auctions.endings import ended
from tests.chainlogs import Chain, deploy, somebody
from tests.lotteries.applied import drawn
from tests.resale.stage import heard, held_token, token

pytestmark = pytest.mark.on_sqlite

NOT_DATA = {
    "/api/openapi.json": "a description",
    "/calendar/<secret>.ics": "one person's own",
    "/data/<name>/columns.json": "a description",
    "/listings/<code>/close.ics": "a date",
    "/listings/<code>/open.ics": "a date",
    "/listings/<code>/proof/<no>.json": "one entry of a draw",
    "/listings/<code>/sale.json": "what was approved of one sale, to be hashed (docs/draw-v1.md)",
    "/listings/<code>/waiting.json": "a draw of places, checked by itself (docs/waiting-v1.md)",
    "/gatherings/<code>.ics": "a date",
    "/mypage/appointments/<code>.ics": "one person's own",
    "/passes/csrf.json": "the machine room",
    "/passes/keys.json": "keys",
    "/receipts/key.json": "a key",
    "/schemas/token-1.json": "a description",
    "/abi/<name>.json": "a description",
    "/polls/<code>.csv": "only some of the polls have one",
}


def past() -> None:
    """A little of everything has ended."""
    deploy()
    chain = Chain()
    with pretending(now() - timedelta(days=1)):
        token_id = held_token(chain, given.an_account(), given.a_listing())
    chain.sold(token_id, str(token(token_id).holder_address), somebody("ken"), 3_800, block=5, number=1)
    heard(chain, token_id)
    assert post("txn_1", "charge", stripe_lines("charge", 10_000, 360), at=now(), subject="order:ORD-1")
    ended("ascending", 2_000, 3_000)
    drawn(3)
    anchor_days()


@pytest.fixture
def town(client: FlaskClient) -> FlaskClient:
    """That town, visited."""
    return client


def test_every_public_file_of_the_site_is_in_the_catalogue_or_known_to_be_no_data(app: Flask) -> None:
    rules = {
        re.sub(r"<(?:int|path|any\([^)]*\)):?(\w+)>", r"<\1>", rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(("/staff", "/account", "/entries", "/static"))
    }
    files = {rule for rule in rules if rule.endswith((".csv", ".json", ".ics"))}
    listed = {file.rule for dataset in DATASETS for file in dataset.files}
    open_ended = {
        "/fund/entries.<kind>": "/fund/entries.",
        "/records.<kind>": "/records.",
        "/relation/<name>.csv": "/relation/",
    }
    for rule, start in open_ended.items():
        assert rule in rules
        assert any(path.startswith(start) for path in listed)
    assert files - set(open_ended) - set(NOT_DATA) - listed == set()


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda each: each.name)
def test_a_file_has_exactly_the_columns_that_are_described(town: FlaskClient, dataset: Dataset) -> None:
    described = [column.name for column in dataset.columns]
    files = [path for file in dataset.files if file.media_type == CSV for path in paths(file, codes_of(dataset))]
    assert files
    for path in files:
        answer = town.get(path)
        assert answer.status_code == 200, path
        assert next(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))) == described


WRITTEN = {
    "string": ".*",
    "integer": "-?[0-9]+",
    "dateTime": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+09:00",
    "date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "boolean": "true|false",
    "anyURI": "(https?|ipfs)://.+",
    "yyyy-MM-dd HH:mm:ss": "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
}
"""How a value of each datatype stands in a file."""
VARIABLE = re.compile(r"(?!_)(?:\w|%[0-9A-F]{2})+", re.ASCII)
"""The name of a column for programs (CSV on the Web, RFC 6570)."""


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda each: each.name)
def test_every_value_in_a_file_is_written_as_its_column_says(town: FlaskClient, dataset: Dataset) -> None:
    tables: Any = json.loads(town.get(f"/data/{dataset.name}/columns.json").data)["tables"]
    for table in tables:
        file = town.get(table["url"].removeprefix(settings().base_url)).text.lstrip("\ufeff")
        told = {column["titles"][0]: column for column in table["tableSchema"]["columns"]}
        names = [column["name"] for column in told.values()]
        assert ([unquote(name) for name in names], len(set(names))) == (list(told), len(told))
        assert [name for name in names if not VARIABLE.fullmatch(name)] == []
        rows = list(csv.DictReader(io.StringIO(file)))
        assert rows
        for name, value in (cell for row in rows for cell in row.items()):
            kind = told[name]["datatype"]
            form = WRITTEN[kind if isinstance(kind, str) else kind["format"]]
            assert value in told[name]["null"] or re.fullmatch(form, value), (name, value)


def test_groups_that_were_drawn_apart_have_each_their_files_in_the_catalogue(client: FlaskClient) -> None:
    rules = {"quantity": 5, "auction_rules": {"groups": quota(2, 5)}}
    code = drawn(9, groups=["town", "others", "others"], **rules)[0].code
    told = [each["@id"] for each in _dataset(client, "draws")["dcat:distribution"]]
    wanted = [f"/listings/{code}/draw.{kind}?group={group}" for kind in ("csv", "json") for group in ("town", "others")]
    assert [address.removeprefix(settings().base_url) for address in told if code in address] == wanted
    assert [client.get(path).status_code for path in wanted] == [200] * 4


def _dataset(client: FlaskClient, name: str) -> dict[str, Any]:
    catalogue: Any = json.loads(client.get("/data/catalog.jsonld").data)
    (found,) = (each for each in catalogue["dcat:dataset"] if each["dcterms:identifier"] == name)
    return dict(found)


def test_every_address_in_the_catalogue_answers_with_what_it_says(town: FlaskClient, settings: Settings) -> None:
    catalogue: Any = json.loads(town.get("/data/catalog.jsonld").data)
    assert catalogue["@type"] == "dcat:Catalog"
    assert [each["dcterms:identifier"] for each in catalogue["dcat:dataset"]] == [each.name for each in DATASETS]
    for dataset in catalogue["dcat:dataset"]:
        assert dataset["dcterms:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
        assert town.get(dataset["dcat:landingPage"]["@id"].removeprefix(settings.base_url)).status_code == 200
        assert dataset["dcat:distribution"]
        for file in dataset["dcat:distribution"]:
            answer = town.get(file["dcat:downloadURL"]["@id"].removeprefix(settings.base_url))
            kind = file["dcat:mediaType"]["@id"].removeprefix("https://www.iana.org/assignments/media-types/")
            assert (answer.status_code, answer.mimetype) == (200, kind)


def test_the_columns_are_told_to_programs_too(town: FlaskClient, settings: Settings) -> None:
    told: Any = json.loads(town.get("/data/sales/columns.json").data)
    (table,) = told["tables"]
    assert table["url"] == f"{settings.base_url}/records.csv"
    sales = find("sales")
    assert sales is not None
    assert [column["titles"] for column in table["tableSchema"]["columns"]] == [[each.name] for each in sales.columns]


def test_a_dataset_that_there_is_not_is_not_found(client: FlaskClient) -> None:
    assert [client.get(f"/data/castles{end}").status_code for end in ("", "/columns.json")] == [404, 404]


def test_other_sites_may_read_every_file_and_what_it_is_checked_with(town: FlaskClient) -> None:
    draw, auction = (codes_of(each)[0] for each in DATASETS if each.name in ("draws", "bids"))
    no = town.get(f"/listings/{draw}/draw.json").json["entries"][0]["no"]  # type: ignore[index]
    files = [path for each in DATASETS for file in each.files for path in paths(file, codes_of(each))]
    files += [f"/listings/{draw}/proof/{no}.json", f"/listings/{auction}/sale.json", "/data/formats/draw-v1.md"]
    files += ["/receipts/key.json", "/passes/keys.json", "/listings.atom", "/market.atom", "/abi/RightsToken.json"]
    answers = [town.get(path) for path in files]
    assert {(each.status_code, each.headers.get("Access-Control-Allow-Origin")) for each in answers} == {(200, "*")}
    assert {"ETag" in each.headers for each in answers} == {True}


def test_other_sites_read_no_page_of_ours(town: FlaskClient) -> None:
    paths = ("/", "/listings", "/signin", "/mypage", "/receipts/K3M9QX-000001", "/nothing")
    assert [town.get(path).headers.get("Access-Control-Allow-Origin") for path in paths] == [None] * len(paths)


def test_before_it_asks_again_a_page_elsewhere_is_told_that_it_may(town: FlaskClient) -> None:
    headers = town.options("/fund/entries.json").headers
    assert (headers["Access-Control-Allow-Headers"], headers["Access-Control-Expose-Headers"]) == (
        "If-None-Match",
        "ETag, Retry-After",
    )


def test_no_file_names_a_person(town: FlaskClient) -> None:
    found = "".join(
        town.get(path).text for each in DATASETS for file in each.files for path in paths(file, codes_of(each))
    )
    assert re.findall(r"[\w.-]+@[\w.-]+|ACC-[0-9A-Z]+", found) == []


def test_the_sitemap_names_pages_that_are_there_and_no_other(town: FlaskClient, settings: Settings) -> None:
    given.a_listing(state="approved")
    found = re.findall(r"<loc>(.*?)</loc>", town.get("/sitemap.xml").text)
    paths_found = [each.removeprefix(settings.base_url) for each in found]
    assert len(set(paths_found)) == len(paths_found)
    assert {path: town.get(path).status_code for path in paths_found} == dict.fromkeys(paths_found, 200)
    assert len([path for path in paths_found if re.fullmatch(r"/listings/LST-\w+", path)]) == 3


def test_every_page_for_everybody_is_in_the_sitemap_or_known_not_to_be(app: Flask, client: FlaskClient) -> None:
    asked = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments}
    pages = {
        path for path in asked if (answer := client.get(path)).status_code == 200 and answer.mimetype == "text/html"
    }
    found = {
        re.sub(r"^https?://[^/]+", "", each) or "/"
        for each in re.findall(r"<loc>(.*?)</loc>", client.get("/sitemap.xml").text)
    }
    assert pages - found == {"/signin", "/account/deleted", "/counter/", "/swaps", "/polls"}


def test_robots_are_kept_from_what_is_somebodys_own(client: FlaskClient, settings: Settings) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert {"Disallow: /staff", "Disallow: /mypage", "Disallow: /orders/"} <= set(lines)
    assert lines[-1] == f"Sitemap: {settings.base_url}/sitemap.xml"


def test_who_found_a_weakness_reads_where_to_tell_it(client: FlaskClient, settings: Settings) -> None:
    answer = client.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert (answer.mimetype, fields["Contact"]) == ("text/plain", f"mailto:{settings.town_mail}")
    left = datetime.fromisoformat(fields["Expires"]) - now()
    assert timedelta(days=150) < left < timedelta(days=365)


def test_a_listing_is_told_to_search_engines(app: Flask, client: FlaskClient, settings: Settings) -> None:
    listing = get(Listing, given.a_listing(title_ja="山菜</script><b>カード", price_yen=3_000, quantity=2))
    page = client.get(f"/listings/{listing.code}").text
    (told,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    product = json.loads(told)
    assert (product["@type"], product["name"], product["sku"]) == ("Product", listing.right.title_ja, listing.code)
    offer = product["offers"]
    assert (offer["price"], offer["priceCurrency"]) == (3_000, "JPY")
    assert offer["availability"] == "https://schema.org/InStock"
    assert offer["url"] == f"{settings.base_url}/listings/{listing.code}"
