"""The OpenAPI 3.1 document, written from the schemas. https://spec.openapis.org/oas/v3.1.0"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from marketplace.api import perks, schemas
from marketplace.api.paging import MOST, USUAL
from marketplace.listings.models import PUBLIC, Mode
from marketplace.rights.models import Kind

Parameter = dict[str, Any]
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
AFTER = {"description": "with 429 and 503: seconds to wait before asking again", "schema": {"type": "integer"}}


def in_path(name: str, description: str, **schema: Any) -> Parameter:
    parts = {"name": name, "in": "path", "required": True, "description": description}
    return {**parts, "schema": schema or {"type": "string"}}


def in_query(name: str, description: str, **schema: Any) -> Parameter:
    return {"name": name, "in": "query", "description": description, "schema": schema or {"type": "string"}}


def one_of(name: str, values: Sequence[str]) -> Parameter:
    return in_query(name, f"only this {name}", type="string", enum=[str(value) for value in values])


PAGED = (
    in_query("limit", "items in a page", type="integer", minimum=1, maximum=MOST, default=USUAL),
    in_query("cursor", "`next` of the page before", type="string"),
)
SEARCH = in_query("q", "words that are all in it; width, case and kana do not count")
CODE = in_path("code", "of the listing, such as LST-7K3M9Q")
ONE_TOKEN = (in_path("contract", "address of the collection"), in_path("token_id", "its number", type="integer"))


@dataclass(frozen=True)
class Endpoint:
    path: str
    summary: str
    ja: str
    """The same for people who read Japanese."""
    answer: type[BaseModel] | None
    parameters: tuple[Parameter, ...] = ()
    media_type: str = "application/json"


ENDPOINTS = (
    Endpoint(
        "/api/v1/listings",
        "Public listings, newest first",
        "公告した販売の一覧（新しい順）",
        schemas.Page[schemas.Listing],
        (SEARCH, one_of("kind", list(Kind)), one_of("mode", list(Mode)), one_of("state", PUBLIC), *PAGED),
    ),
    Endpoint("/api/v1/listings/{code}", "One listing", "1つの販売", schemas.Listing, (CODE,)),
    Endpoint(
        "/api/v1/listings/{code}/bids",
        "The log of an auction, to be replayed",
        "オークションの記録。終わったあとは、そのまま検算できます",
        schemas.Bids,
        (CODE,),
    ),
    Endpoint(
        "/api/v1/listings/{code}/draw",
        "The bundle of a lottery, to be recomputed",
        "抽選の記録。そのまま検算できます",
        schemas.Draw,
        (CODE, in_query("group", "one of `groups`; without it the first")),
    ),
    Endpoint(
        "/api/v1/listings/{code}/perks",
        "What its holders may use, where and how often",
        "特典のきまり。どこで、何回まで使えるか",
        perks.ListingPerks,
        (CODE,),
    ),
    Endpoint(
        "/api/v1/tokens",
        "Tokens that were issued, by number",
        "お渡しした権利の一覧（番号の順）",
        schemas.Page[schemas.Token],
        (
            in_query("listing", "code of a listing"),
            in_query("owner", "address of the present holder", type="string", pattern=schemas.ADDRESS),
            *PAGED,
        ),
    ),
    Endpoint(
        "/api/v1/tokens/{contract}/{token_id}",
        "One token and its movements",
        "1つの権利と、その動き",
        schemas.Token,
        ONE_TOKEN,
    ),
    Endpoint(
        "/api/v1/tokens/{contract}/{token_id}/perks",
        "What is left of its perks, as its public page tells it",
        "1つの権利の、特典ののこり（公開のページと同じ範囲）",
        perks.TokenPerks,
        ONE_TOKEN,
    ),
    Endpoint(
        "/api/v1/resales",
        "Sales between holders, newest first",
        "お持ちの方どうしの売り買い（新しい順）",
        schemas.Page[schemas.Resale],
        (in_query("token_id", "only of this token", type="integer"), *PAGED),
    ),
    Endpoint("/api/v1/resales.csv", "All of them as a table", "そのすべてを表で", None, media_type="text/csv"),
    Endpoint(
        "/api/v1/market",
        "Figures of the resale market, of the town and of each series",
        "二次流通の数字。町の全体と、権利ごと",
        schemas.Market,
    ),
    Endpoint("/api/v1/fund", "The fund, from the ledger", "基金。帳簿からの数字", schemas.Fund),
    Endpoint("/api/v1/status", "Chain, IPFS and ledger at this moment", "しくみの、いまの動作状況", schemas.Status),
)


def document(server: str) -> dict[str, Any]:
    """The whole document; `server` is the address at which it is read."""
    models = {endpoint.answer for endpoint in ENDPOINTS if endpoint.answer} | {schemas.Problem}
    wanted = sorted(models, key=lambda model: model.__name__)
    refs, definitions = models_json_schema(
        [(model, "serialization") for model in wanted], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "まちの権利ひろば 公開API",
            "version": "1",
            "description": "Read-only and public. Times are ISO 8601 with offset; yen are integers;"
            " errors are problem JSON (RFC 9457); answers carry an ETag. Addresses, names and types stay as they are;"
            " members may be added: pass over those that you do not know.",
            "license": {"name": "CC BY 4.0", "url": LICENCE},
        },
        "servers": [{"url": server}],
        "security": [],
        "paths": {endpoint.path: {"get": _operation(endpoint, refs)} for endpoint in ENDPOINTS},
        "components": {
            "schemas": definitions["$defs"],
            "responses": {
                "Problem": {
                    "description": "what was wrong",
                    "headers": {"Retry-After": AFTER},
                    "content": {"application/problem+json": {"schema": refs[schemas.Problem, "serialization"]}},
                }
            },
        },
    }


def _operation(endpoint: Endpoint, refs: Any) -> dict[str, Any]:
    schema = refs[endpoint.answer, "serialization"] if endpoint.answer else {"type": "string"}
    words = endpoint.path.removeprefix("/api/v1/").replace("{", "").replace("}", "")
    return {
        "operationId": words.replace("/", "_").replace(".", "_"),
        "summary": endpoint.summary,
        "description": endpoint.ja,
        "parameters": list(endpoint.parameters),
        "responses": {
            "200": {"description": endpoint.summary, "content": {endpoint.media_type: {"schema": schema}}},
            "304": {"description": "as you have it already (If-None-Match)"},
            "4XX": {"$ref": "#/components/responses/Problem"},
            "5XX": {"$ref": "#/components/responses/Problem"},
        },
    }
