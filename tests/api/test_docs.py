"""The page of the API: every address and field of the document is on it, and each of its examples answers."""

from __future__ import annotations

import contextlib
import io
import re
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from marketplace.api.openapi import ENDPOINTS
from marketplace.api.words import JA
from tests import given
from tests.chainlogs import Chain
from tests.pages import read
from tests.resale.stage import custody, heard, held_token


def test_every_address_parameter_and_field_is_on_the_page(app: Flask, client: FlaskClient) -> None:
    document: Any = client.get("/api/openapi.json").json
    page = client.get("/api").text
    codes = {unescape(code) for code in re.findall(r'<span class="code">([^<]*)</span>', page)}
    named = set(document["paths"])
    for operation in document["paths"].values():
        named |= {part["name"] for part in operation["get"]["parameters"]}
    for schema in document["components"]["schemas"].values():
        named |= set(schema.get("properties", {}))
    assert named - codes == set()
    assert [each.path for each in ENDPOINTS if each.ja not in page] == []


def test_what_the_document_says_in_english_the_page_says_in_japanese(client: FlaskClient) -> None:
    document: Any = client.get("/api/openapi.json").json
    told = {part["description"] for way in document["paths"].values() for part in way["get"]["parameters"]}
    for schema in document["components"]["schemas"].values():
        told |= {field["description"] for field in schema.get("properties", {}).values() if "description" in field}
    assert told == set(JA)
    page = client.get("/api").text
    assert [words for words in JA.values() if f'data-label="説明">{escape(words)}</td>' not in page] == []


def test_every_example_answers(app: Flask, client: FlaskClient, chain: Chain) -> None:
    given.a_listing("ascending", "naming")
    given.a_listing("lottery")
    held_token(chain, given.an_account(), given.a_listing())
    found = [unescape(each) for each in re.findall(r'data-example href="([^"]+)"', client.get("/api").text)]
    assert (len(found), {path: client.get(path).status_code for path in found}) == (
        len(ENDPOINTS),
        dict.fromkeys(found, 200),
    )


def test_a_town_without_anything_promises_no_example_that_fails(app: Flask, client: FlaskClient) -> None:
    found = [unescape(each) for each in re.findall(r'data-example href="([^"]+)"', client.get("/api").text)]
    assert {path: client.get(path).status_code for path in found} == dict.fromkeys(found, 200)
    assert "いまは、答えるものがまだありません。" in read(client.get("/api")).words


def test_what_the_page_says_of_the_chain_is_in_the_contracts(app: Flask, client: FlaskClient, chain: Chain) -> None:
    contracts = client.get("/api/v1/status").get_json()["chain"]["contracts"]
    found = {name: client.get(f"/abi/{name}.json").get_json() for name in contracts}
    page = client.get("/api").text
    section = page[page.index('id="chain"') : page.index('id="more"')]
    named = {name for abi in found.values() for each in abi if (name := each.get("name"))} | set(found)
    told = set(re.findall(r'<span class="code(?: nowrap)?">([A-Za-z]+)</span>', section)) - {"contracts"}
    assert (told - named, len(told)) == (set(), 10)


def test_the_program_on_the_page_runs(app: Flask, client: FlaskClient, chain: Chain, live_server: str) -> None:
    me = given.an_account()
    token_id = held_token(chain, me, given.a_listing())
    chain.sold(token_id, custody(me), custody(given.an_account()), 5_000, block=3, number=1)
    heard(chain, token_id)
    (program,) = re.findall(r'id="python"><code>(.*?)</code>', client.get("/api").text, re.DOTALL)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(unescape(program), "example", "exec"), {})  # noqa: S102 -- it is our own page
    assert re.findall(rf"{token_id} 5000\n", out.getvalue()) == [f"{token_id} 5000\n"]
    assert live_server in program
