"""The documents of a right: pure functions from what was approved to JSON.

A document says what every holder of the token gets, for ever: no buyer, no name of a holder, no balance. Copies that
are named by their content can't be called back (個人情報保護法), so nothing of a person may come in: there is no
parameter for it.

Sources: ERC-721 metadata, ERC-1155 localization (EIP-1155), OpenSea's metadata standards for `attributes`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from marketplace.metadata.canonical import Json
from marketplace.rights.drafting import facts
from marketplace.rights.models import Right

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

# jsonschema is slow to import, and most processes never check a document.
# ruff: noqa: PLC0415 -- the reason above holds for every import below

SCHEMA = "token-1.json"
LOCALES = ("ja", "en")
KIND_EN = {
    "resident": "Digital resident token",
    "card": "Character trading card",
    "lecture": "Lecture and consultation right",
    "naming": "Naming right",
    "certificate": "Certificate",
    "experience": "Experience right",
}


class NotAToken(ValueError):
    """A document that does not keep the schema of token documents: what is wrong with it, as the library says it."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """The town, as it calls itself."""

    ja: str
    en: str
    fund_ja: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The words that wallets show: those of the approved right, or corrected ones."""

    title_ja: str
    title_en: str
    lead_ja: str
    lead_en: str


@dataclass(frozen=True, slots=True)
class Series:
    """What all tokens of one right share. CIDs as text; *locales* is None where the right has one language only."""

    right: Right
    quantity: int
    issuer: Issuer
    picture: str
    picture_sha256: str
    terms: str
    locales: str | None
    shown: Shown | None = None
    """Corrected words; None: those of the right."""
    amends: str | None = None
    """ "ipfs://<directory>/" of the edition that this one corrects."""
    pictures: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """{serial: (CID, SHA-256)} where tokens have pictures of their own."""

    @property
    def words(self) -> Shown | Right:
        return self.shown or self.right


def with_locales(series: Series, locales: str) -> Series:
    """The series once the directory of its other languages has its CID."""
    return replace(series, locales=locales)


def is_bilingual(words: Shown | Right) -> bool:
    return bool(words.title_en)


def token(series: Series, serial: int) -> dict[str, Json]:
    """The document of one token: Japanese first, English behind it, since most wallets show one text only."""
    right, words = series.right, series.words
    picture, picture_sha256 = series.pictures.get(serial, (series.picture, series.picture_sha256))
    document: dict[str, Json] = {
        "name": " / ".join(filter(None, (name(series, serial, "ja"), name(series, serial, "en")))),
        "description": "\n\n".join(filter(None, (description(words, "ja"), description(words, "en")))),
        "image": f"ipfs://{picture}",
        "attributes": attributes(series, serial, "ja"),
        "properties": {
            "issuer": {"ja": series.issuer.ja, "en": series.issuer.en},
            "right": right.code,
            "kind": str(right.kind),
            "series": right.series_id,
            "serial": serial,
            "of": series.quantity,
            "terms": f"ipfs://{series.terms}",
            "text_hash": right.text_hash,
            "image_sha256": picture_sha256,
            "transferable": right.transferable,
            "royalty_bps": right.royalty_bps if right.transferable else 0,
            **({"amends": series.amends} if series.amends else {}),
        },
    }
    if series.locales:
        uri = f"ipfs://{series.locales}/{{locale}}/{serial}.json"
        document["localization"] = {"uri": uri, "default": LOCALES[0], "locales": list(LOCALES)}
    return document


def localized(series: Series, serial: int, locale: str) -> dict[str, Json]:
    """What a wallet shows instead, to a reader of this language (ERC-1155)."""
    return {
        "name": name(series, serial, locale),
        "description": description(series.words, locale),
        "attributes": attributes(series, serial, locale),
    }


def terms(right: Right, issuer: Issuer) -> dict[str, Json]:
    """The approved text in full. Whoever hashes the canonical form of `text` gets `text_hash`."""
    return {
        "issuer": {"ja": issuer.ja, "en": issuer.en, "fund_ja": issuer.fund_ja},
        "right": right.code,
        "text": facts(right),
        "text_hash": right.text_hash,
    }


def name(series: Series, serial: int, locale: str) -> str:
    title = series.words.title_ja if locale == "ja" else series.words.title_en
    return f"{title} #{serial}" if title and series.quantity > 1 else title


def description(words: Shown | Right, locale: str) -> str:
    return (words.lead_ja or words.title_ja) if locale == "ja" else (words.lead_en or words.title_en)


def attributes(series: Series, serial: int, locale: str) -> list[Json]:
    """The facts that a market may filter by; dates in Unix seconds."""
    right, ja = series.right, locale == "ja"
    found: list[Json] = [
        {"trait_type": "発行" if ja else "Issuer", "value": series.issuer.ja if ja else series.issuer.en},
        {"trait_type": "種類" if ja else "Kind", "value": right.kind.ja if ja else KIND_EN[right.kind]},
        {"trait_type": "譲渡" if ja else "Transfer", "value": _transfer(right, ja)},
    ]
    numbers = [
        ("番号", "Number", serial if series.quantity > 1 else None, series.quantity),
        ("期間（月）", "Term (months)", right.term_months, None),
        ("利用回数", "Uses", right.uses_per_token, None),
    ]
    for name_ja, name_en, value, maximum in numbers:
        if value is not None:
            attribute: dict[str, Json] = {
                "trait_type": name_ja if ja else name_en,
                "display_type": "number",
                "value": value,
            }
            if maximum is not None:
                attribute["max_value"] = maximum
            found.append(attribute)
    if right.transferable and right.tradable_from:
        begins = int(right.tradable_from.timestamp())
        found.append({"trait_type": "譲渡の開始" if ja else "Tradable from", "display_type": "date", "value": begins})
    return found


def _transfer(right: Right, ja: bool) -> str:
    if right.transferable:
        return "できます" if ja else "Yes"
    return "できません" if ja else "No"


def schema_text() -> str:
    """The JSON Schema (2020-12) that every token document keeps."""
    return resources.files("marketplace.metadata").joinpath("schema", SCHEMA).read_text("utf-8")


def check(document: Json) -> None:
    """NotAToken where a token document does not keep the schema."""
    from jsonschema import ValidationError

    try:
        _validator().validate(document)
    except ValidationError as error:
        raise NotAToken(error.message) from None


@cache
def _validator() -> Validator:
    from jsonschema import Draft202012Validator

    found = json.loads(schema_text())
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)
