"""The gateway as a stranger uses it: with our own reader of CARs, and with plain HTTP."""

import hashlib
import io
import json
from http.client import IncompleteRead
from urllib.request import urlopen

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from ipfs.blockstore import MemoryBlockstore
from ipfs.car import CarReader
from ipfs.cid import CID, RAW, check_block
from ipfs.resolver import resolve
from marketplace.kit import page_cache
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.metadata.models import Pin, blocks
from marketplace.metadata.pictures import file_of
from marketplace.rights.models import Right
from tests import given
from tests.metadata.stored import kept, published

pytestmark = pytest.mark.on_sqlite

FOR_EVER = "public, max-age=29030400, immutable"


past = published


def car(data: bytes, *, whole: bool = True) -> tuple[CID, MemoryBlockstore]:
    reader = CarReader(io.BytesIO(data), whole=whole)
    return reader.root, MemoryBlockstore(reader)


def test_a_token_document_is_given_as_json_to_anybody(client: FlaskClient, root: str) -> None:
    answer = client.get(f"/ipfs/{root}/2.json")
    assert answer.status_code == 200
    assert json.loads(answer.data)["properties"]["serial"] == 2
    assert answer.content_type == "application/json"
    headers = answer.headers
    assert headers["Cache-Control"] == FOR_EVER
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["X-Ipfs-Path"] == f"/ipfs/{root}/2.json"
    assert headers["ETag"] == f'"{CID.of(answer.data, RAW)}"'
    assert "Set-Cookie" not in headers


def test_a_picture_is_given_as_a_picture(client: FlaskClient, root: str) -> None:
    answer = client.get(f"/ipfs/{root}/picture.png")
    picture_id = db.session.scalars(sa.select(Right.picture_id)).one()
    assert picture_id is not None
    assert (answer.content_type, answer.data) == ("image/png", file_of(picture_id))


def test_a_picture_that_was_drawn_for_a_token_is_a_picture_that_can_run_nothing(client: FlaskClient) -> None:
    uri = get(Listing, given.a_listing(state="published", art_per_token=True)).right.metadata_uri
    assert uri
    answer = client.get(f"/ipfs/{uri.removeprefix('ipfs://')}art/7.svg")
    assert (answer.status_code, answer.content_type, answer.data[:4]) == (200, "image/svg+xml", b"<svg")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert "Content-Disposition" not in answer.headers
    assert b"script" not in answer.data


def test_a_folder_with_a_slash_is_the_folder(client: FlaskClient, root: str) -> None:
    for path in (f"/ipfs/{root}", f"/ipfs/{root}/"):
        answer = client.get(path)
        assert (answer.status_code, "フォルダ" in answer.text) == (404, True)
        assert client.get(f"{path}?format=raw").status_code == 200


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<html><script>alert(1)</script>", id="a page"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'>", id="SVG"),
        pytest.param(b"GIF89a", id="GIF"),
        pytest.param(b"%PDF-1.7", id="PDF"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_whatever_a_browser_might_run_is_a_download(app: Flask, client: FlaskClient, data: bytes) -> None:
    cid = kept(data)
    answer = client.get(f"/ipfs/{cid}")
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{cid}"'


def test_a_stranger_checks_a_block_by_its_hash_alone(client: FlaskClient, root: str) -> None:
    answer = client.get(f"/ipfs/{root}?format=raw")
    assert answer.content_type == "application/vnd.ipld.raw"
    assert answer.headers["ETag"] == f'"{root}.raw"'
    check_block(CID.parse(root), answer.data)


def test_a_stranger_checks_the_whole_tree_by_its_car(client: FlaskClient, root: str) -> None:
    answer = client.get(f"/ipfs/{root}", headers={"Accept": "application/vnd.ipld.car; version=1"})
    assert answer.content_type == "application/vnd.ipld.car; version=1; order=dfs; dups=n"
    found, store = car(answer.data)
    assert str(found) == root
    pin = db.session.scalars(sa.select(Pin)).one()
    assert (len(store), hashlib.sha256(answer.data).hexdigest()) == (pin.blocks, pin.car_sha256)


def test_a_car_of_a_path_holds_the_blocks_on_the_way(client: FlaskClient, root: str) -> None:
    answer = client.get(f"/ipfs/{root}/locales/en/1.json?format=car")
    found, store = car(answer.data, whole=False)
    assert str(found) == root
    assert len(store) == 4
    end = resolve(store, found, "locales/en/1.json").cid
    assert json.loads(store.get(end).data)["name"].endswith("#1")


@pytest.mark.parametrize(("scope", "expected"), [("block", 1), ("entity", 1)])
def test_a_car_of_a_folder_alone_is_its_own_block(client: FlaskClient, root: str, scope: str, expected: int) -> None:
    answer = client.get(f"/ipfs/{root}?format=car&dag-scope={scope}")
    assert len(car(answer.data, whole=False)[1]) == expected


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/vnd.ipld.raw", "application/vnd.ipld.raw"),
        (
            "application/vnd.ipld.car;version=1;order=dfs;dups=n",
            "application/vnd.ipld.car; version=1; order=dfs; dups=n",
        ),
        ("application/vnd.ipld.raw, application/vnd.ipld.car;q=0.5", "application/vnd.ipld.raw"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_accept_header_chooses(client: FlaskClient, root: str, accept: str, kind: str) -> None:
    answer = client.get(f"/ipfs/{root}/1.json", headers={"Accept": accept})
    assert (answer.content_type, "Accept" in answer.vary) == (kind, True)


def test_who_asks_for_a_block_gets_none_of_what_a_browser_was_given_a_moment_ago(app: Flask, root: str) -> None:
    """Neither from our own memory nor from a proxy's, and the other way round."""
    app.wsgi_app = page_cache.in_front(app, 60.0)  # type: ignore[method-assign, assignment]
    client, kinds = app.test_client(), ["*/*", "application/vnd.ipld.raw", "*/*"]
    given = [client.get(f"/ipfs/{root}/1.json", headers={"Accept": kind}).content_type for kind in kinds]
    assert given == ["application/json", "application/vnd.ipld.raw", "application/json"]


@pytest.mark.parametrize("query", ["?format=tar", "?format=dag-json", "?format=", "?format=car&car-version=2"])
def test_another_format_is_406(client: FlaskClient, root: str, query: str) -> None:
    assert client.get(f"/ipfs/{root}/1.json{query}").status_code == 406


@pytest.mark.parametrize(
    "accept", ["application/vnd.ipld.dag-json", "application/vnd.ipld.car;version=2", "application/vnd.ipld.dag-cbor"]
)
def test_another_format_in_the_accept_header_is_406(client: FlaskClient, root: str, accept: str) -> None:
    assert client.get(f"/ipfs/{root}/1.json", headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize("query", ["", "?format=raw", "?format=car"])
def test_head_is_get_without_the_bytes(client: FlaskClient, root: str, query: str) -> None:
    path = f"/ipfs/{root}/picture.png{query}"
    whole, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    same = ("Content-Type", "ETag", "Cache-Control", "Content-Length")
    assert [head.headers.get(name) for name in same] == [whole.headers.get(name) for name in same]


def test_programs_see_that_this_is_a_trustless_gateway(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/ipfs/bafkqaaa?format=raw")
    assert (answer.status_code, answer.data) == (200, b"")


def test_a_page_elsewhere_may_ask_first(app: Flask, client: FlaskClient) -> None:
    answer = client.options("/ipfs/bafkqaaa", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Range" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path",
    [
        "/ipfs/hello",
        "/ipfs/bafyreigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        "/ipfs/BAFKREIFZJUT3TE2NHYEKKLSS27NH3K72YSCO7Y32KOAO5EEI66WOF36N5E",
        "/ipfs/..%2f..%2fetc%2fpasswd",
        "/ipfs/bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e" + "/a" * 20,
    ],
)
def test_what_is_no_cid_is_400_in_plain_words(app: Flask, client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (400, "text/plain; charset=utf-8")
    assert "CID" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_is_not_here_is_404_and_is_not_fetched(client: FlaskClient, root: str) -> None:
    elsewhere = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    for path in (elsewhere, f"{root}/9.json", f"{root}/1.json/below", f"{root}/locales/fr/1.json"):
        answer = client.get(f"/ipfs/{path}")
        assert (answer.status_code, "Not held here" in answer.text) == (404, True)


def test_the_old_name_of_a_block_finds_it_too(client: FlaskClient, root: str) -> None:
    cid = CID.parse(root)
    old = CID(0, cid.codec, cid.digest)
    assert client.get(f"/ipfs/{old}/1.json").status_code == 200


def test_only_reading_is_possible(client: FlaskClient, root: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.open(f"/ipfs/{root}", method=method).status_code in (400, 405)


def test_a_block_that_was_damaged_is_not_given_as_if_it_were_whole(client: FlaskClient, root: str) -> None:
    with transaction() as session:
        session.execute(sa.update(blocks).values(data=b"damaged"))
    answer = client.get(f"/ipfs/{root}/1.json")
    assert (answer.status_code, "failed its check" in answer.text) == (500, True)


def test_a_large_file_arrives_whole_over_a_real_line(app: Flask, live_server: str) -> None:
    data = bytes(range(256)) * 12_000
    with urlopen(f"{live_server}/ipfs/{kept(data)}") as answer:
        assert answer.read() == data


def test_a_tree_arrives_whole_over_a_real_line(live_server: str, root: str) -> None:
    with urlopen(f"{live_server}/ipfs/{root}?format=car") as answer:
        assert str(car(answer.read())[0]) == root


def test_damage_in_the_middle_breaks_the_line_off_instead_of_ending_it(app: Flask, live_server: str) -> None:
    data = bytes(range(256)) * 12_000
    cid = kept(data)
    last = CID.of(data[2 * 1024 * 1024 :], RAW)
    with transaction() as session:
        session.execute(sa.update(blocks).where(blocks.c.multihash == last.multihash).values(data=b"damaged"))
    with urlopen(f"{live_server}/ipfs/{cid}") as answer, pytest.raises(IncompleteRead):
        answer.read()
