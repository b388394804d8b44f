"""The OpenAPI document as a page: what each address takes and answers, and one that answers now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from marketplace.api import openapi
from marketplace.api.words import in_japanese
from marketplace.auctions.models import Auction
from marketplace.kit.db import db
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.lotteries.models import Lottery
from marketplace.tokens.models import Token

Schema = dict[str, Any]
ERRORS = (
    ("400", "送られた内容を読み取れませんでした"),
    ("404", "その番号のものはありません"),
    ("422", "引数の値が正しくありません（cursor、limit、kind など）"),
    ("429", "1分あたりの回数をこえました。少し待ってください"),
    ("503", "混み合っているか、手入れをしています。少し待ってください"),
)


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    means: str = ""


@dataclass(frozen=True)
class Address:
    """`example` is a path that answers now; empty where the town has nothing of the kind yet."""

    path: str
    ja: str
    media_type: str
    parameters: list[Field]
    answer: str
    example: str


@dataclass(frozen=True)
class Answer:
    name: str
    fields: list[Field]


def addresses(document: Schema) -> list[Address]:
    examples = _examples()
    return [_address(path, operations["get"], examples) for path, operations in document["paths"].items()]


def answers(document: Schema) -> list[Answer]:
    """Every schema by its name, with its fields in their order."""
    return [
        Answer(name, list(_fields(schema)))
        for name, schema in document["components"]["schemas"].items()
        if "properties" in schema
    ]


def kind(schema: Schema) -> str:
    """A JSON schema in a few words: 'integer', 'list of Token', 'text or null', 'fixed | lottery'."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if schema.get("format") == "date-time":
        return "date-time"
    return {"string": "text"}.get(str(schema.get("type")), str(schema.get("type", "anything")))


def _address(path: str, operation: Schema, examples: dict[str, str]) -> Address:
    (media_type, content), *_ = operation["responses"]["200"]["content"].items()
    parameters = [
        Field(part["name"], kind(part["schema"]), in_japanese(part["description"])) for part in operation["parameters"]
    ]
    return Address(
        path, operation["description"], media_type, parameters, kind(content["schema"]), examples.get(path, "")
    )


def _fields(schema: Schema) -> Iterator[Field]:
    for name, each in schema["properties"].items():
        yield Field(name, kind(each), in_japanese(each.get("description", "")))


def _examples() -> dict[str, str]:
    """{path of the document: a path that answers now}."""
    shown = sa.select(Listing.code).where(ANNOUNCED).order_by(Listing.id.desc()).limit(1)
    found = {
        "/api/v1/listings/{code}": shown,
        "/api/v1/listings/{code}/perks": shown,
        "/api/v1/listings/{code}/bids": shown.join(Auction, Auction.listing_id == Listing.id),
        "/api/v1/listings/{code}/draw": shown.join(Lottery, Lottery.listing_id == Listing.id),
    }
    examples = {each.path: each.path for each in openapi.ENDPOINTS if "{" not in each.path}
    for path, query in found.items():
        if (code := db.session.scalar(query)) is not None:
            examples[path] = path.replace("{code}", code)
    issued = sa.select(Token.contract, Token.token_id).where(Token.minted_at.is_not(None)).order_by(Token.token_id)
    if (token := db.session.execute(issued.limit(1)).first()) is not None:
        one = f"/api/v1/tokens/{token.contract}/{token.token_id}"
        examples["/api/v1/tokens/{contract}/{token_id}"] = one
        examples["/api/v1/tokens/{contract}/{token_id}/perks"] = f"{one}/perks"
    examples["/api/v1/listings"] = "/api/v1/listings?limit=3"
    return examples
