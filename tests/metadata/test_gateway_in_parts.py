"""The gateway for who wants a part of a file, or has it already (RFC 9110)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.metadata.stored import kept, published

past = published


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=3-999999999", 3, None)],
)
def test_a_range_gives_these_bytes(client: FlaskClient, root: str, asked: str, start: int, stop: int | None) -> None:
    whole = client.get(f"/ipfs/{root}/terms.json").data
    answer = client.get(f"/ipfs/{root}/terms.json", headers={"Range": asked})
    assert (answer.status_code, answer.data) == (206, whole[start:stop])
    first = start % len(whole)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{len(whole)}"
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_a_range_across_the_blocks_of_a_large_file(app: Flask, client: FlaskClient) -> None:
    data = bytes(range(256)) * 12_000
    cid = kept(data)
    answer = client.get(f"/ipfs/{cid}", headers={"Range": "bytes=1048570-1048580"})
    assert answer.data == data[1048570:1048581]


def test_a_range_outside_the_file_is_416(client: FlaskClient, root: str) -> None:
    size = len(client.get(f"/ipfs/{root}/1.json").data)
    answer = client.get(f"/ipfs/{root}/1.json", headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1,4-5"},
        {"Range": "lines=1-2"},
        {"Range": "bytes=nonsense"},
        {"Range": "bytes=0-1", "If-Range": '"another"'},
    ],
)
def test_a_range_that_does_not_count_is_the_whole_file(client: FlaskClient, root: str, headers: dict[str, str]) -> None:
    whole = client.get(f"/ipfs/{root}/1.json")
    answer = client.get(f"/ipfs/{root}/1.json", headers=headers)
    assert (answer.status_code, answer.data) == (200, whole.data)


def test_a_range_of_the_same_file_counts(client: FlaskClient, root: str) -> None:
    etag = client.get(f"/ipfs/{root}/1.json").headers["ETag"]
    answer = client.get(f"/ipfs/{root}/1.json", headers={"Range": "bytes=0-1", "If-Range": etag})
    assert (answer.status_code, answer.data) == (206, b'{"')


@pytest.mark.parametrize("query", ["", "?format=raw", "?format=car", "?format=car&dag-scope=block"])
def test_who_has_it_already_gets_304(client: FlaskClient, root: str, query: str) -> None:
    path = f"/ipfs/{root}/1.json{query}"
    etag = client.get(path).headers["ETag"]
    for known in (etag, f'"other", {etag}', f"W/{etag.removeprefix('W/')}", "*"):
        answer = client.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_different_answers_have_different_etags(client: FlaskClient, root: str) -> None:
    queries = ("", "?format=raw", "?format=car", "?format=car&dag-scope=block")
    assert len({client.get(f"/ipfs/{root}/1.json{query}").headers["ETag"] for query in queries}) == 4
