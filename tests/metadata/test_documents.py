import ast
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from marketplace.metadata import documents
from marketplace.metadata.canonical import canonical
from marketplace.metadata.documents import Issuer, Series
from marketplace.rights.models import Kind, Right, RightState

TOWN = Issuer(ja="月見沢町", en="Tsukimisawa Town", fund_ja="かせぐ基金")
RAW, TREE = "bafkrei" + "a" * 52, "bafybei" + "a" * 52


def a_right(**more: Any) -> Right:
    fields: dict[str, Any] = {
        "id": 3,
        "code": "RGT-7K3M9QXA",
        "kind": Kind.RESIDENT,
        "state": RightState.APPROVED,
        "title_ja": "デジタル住民票",
        "title_en": "Digital Resident",
        "lead_ja": "町を応援する証。",
        "lead_en": "Proof of being a friend.",
        "transferable": True,
        "royalty_bps": 500,
        "tradable_from": datetime(2026, 12, 1, tzinfo=UTC),
        "perks": [],
        "terms": [],
        "text_hash": "sha256:" + "0" * 64,
    }
    return Right(**(fields | more))


def a_series(quantity: int = 40, **more: Any) -> Series:
    return Series(a_right(**more), quantity, TOWN, RAW, "f" * 64, RAW, TREE)


def test_a_token_says_what_every_wallet_asks_for() -> None:
    assert documents.token(a_series(), 12) == {
        "name": "デジタル住民票 #12 / Digital Resident #12",
        "description": "町を応援する証。\n\nProof of being a friend.",
        "image": f"ipfs://{RAW}",
        "attributes": [
            {"trait_type": "発行", "value": "月見沢町"},
            {"trait_type": "種類", "value": "デジタル住民票"},
            {"trait_type": "譲渡", "value": "できます"},
            {"trait_type": "番号", "display_type": "number", "value": 12, "max_value": 40},
            {"trait_type": "譲渡の開始", "display_type": "date", "value": 1796083200},
        ],
        "localization": {"uri": f"ipfs://{TREE}/{{locale}}/12.json", "default": "ja", "locales": ["ja", "en"]},
        "properties": {
            "issuer": {"ja": "月見沢町", "en": "Tsukimisawa Town"},
            "right": "RGT-7K3M9QXA",
            "kind": "resident",
            "series": 3,
            "serial": 12,
            "of": 40,
            "terms": f"ipfs://{RAW}",
            "text_hash": "sha256:" + "0" * 64,
            "image_sha256": "f" * 64,
            "transferable": True,
            "royalty_bps": 500,
        },
    }


def test_an_english_reader_gets_english_words_only() -> None:
    document = documents.localized(a_series(), 12, "en")
    assert document["name"] == "Digital Resident #12"
    assert json.dumps(document, ensure_ascii=False).isascii() is True


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("quantity", [1, 1000])
@pytest.mark.parametrize("english", [True, False])
def test_every_kind_of_right_keeps_the_schema(kind: Kind, quantity: int, english: bool) -> None:
    more: dict[str, Any] = {"term_months": 36} if kind is Kind.NAMING else {}
    more |= {"uses_per_token": 12} if kind is Kind.LECTURE else {}
    more |= {"transferable": False} if kind is Kind.CERTIFICATE else {}
    more |= {} if english else {"title_en": "", "lead_en": ""}
    series = a_series(quantity, kind=kind, **more)
    if not documents.is_bilingual(series.right):
        series = Series(series.right, quantity, TOWN, RAW, "f" * 64, RAW, None)
    document = documents.token(series, quantity)
    documents.check(document)
    assert ("localization" in document) == english


def test_a_single_right_has_no_number() -> None:
    assert documents.token(a_series(1), 1)["name"] == "デジタル住民票 / Digital Resident"


def test_what_cannot_be_passed_on_has_no_royalty_and_no_date() -> None:
    document = documents.token(a_series(transferable=False), 1)
    properties = document["properties"]
    assert isinstance(properties, dict)
    assert (properties["transferable"], properties["royalty_bps"]) == (False, 0)
    assert "譲渡の開始" not in canonical(document).decode()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(("name",), "", id="no name"),
        pytest.param(("image",), "https://example.jp/p.png", id="a picture that is not named by its content"),
        pytest.param(("image",), f"ipfs://{RAW}?x", id="more than a CID"),
        pytest.param(("owner",), "山田太郎", id="a field for a person"),
        pytest.param(("properties", "holder"), "ACC-1", id="a field for a holder"),
        pytest.param(("properties", "royalty_bps"), 2.5, id="a float"),
        pytest.param(("properties", "royalty_bps"), 1001, id="a royalty above ten percent"),
        pytest.param(("properties", "serial"), 0, id="a serial below one"),
        pytest.param(("attributes",), [{"trait_type": "a", "value": 1.5}], id="a float in an attribute"),
        pytest.param(
            ("attributes",), [{"trait_type": "a", "display_type": "date", "value": "x"}], id="a date in words"
        ),
    ],
)
def test_the_schema_refuses(place: tuple[str, ...], value: Any) -> None:
    document: Any = json.loads(canonical(documents.token(a_series(), 1)))
    *way, last = place
    inner = document
    for step in way:
        inner = inner[step]
    inner[last] = value
    with pytest.raises(documents.NotAToken):
        documents.check(document)


def test_no_document_can_name_a_person() -> None:
    """The makers of documents know rights and the town; of people they cannot even ask."""
    source = ast.parse(Path(documents.__file__).read_text())
    known = {node.module for node in ast.walk(source) if isinstance(node, ast.ImportFrom) and node.module}
    assert {module for module in known if module.startswith("marketplace")} == {
        "marketplace.metadata.canonical",
        "marketplace.rights.drafting",
        "marketplace.rights.models",
    }
