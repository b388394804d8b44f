from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from marketplace.kit.db import get
from marketplace.kit.published import Malformed
from marketplace.lotteries import draw, receipts
from marketplace.lotteries.entering import Received, change, enter
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.rules import Application
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.lotteries.applied import a_lottery, after_the_close
from tests.pages import read, submit

DOCUMENT = Path(__file__).parents[2] / "docs" / "receipt-v1.md"


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery() -> Lottery:
    return a_lottery(per_person_limit=3)


@pytest.fixture
def account() -> int:
    return given.an_account()


@pytest.fixture
def received(lottery: Lottery, account: int) -> Received:
    return enter(lottery.id, account)


@pytest.fixture
def receipt(lottery: Lottery, received: Received) -> dict[str, Any]:
    return receipts.signed(get(Entry, received.entry_id), lottery.code)


def text_of(pdf: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return "".join("\n".join(pages).split())


def test_a_receipt_is_the_same_each_time_and_holds_against_the_public_key(
    lottery: Lottery, received: Received, receipt: dict[str, Any]
) -> None:
    assert receipts.signed(get(Entry, received.entry_id), lottery.code) == receipt
    assert receipts.check(receipt, receipts.public_key()) == {
        "version": "receipt-v1",
        "listing": lottery.code,
        "no": received.no,
        "ch": get(Entry, received.entry_id).ch,
        "lots": 1,
        "revision": 1,
        "received_at": receipt["received_at"],
    }


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"lots": 2}, "the signature is not the town's"),
        ({"no": "R05-0000001"}, "the signature is not the town's"),
        ({"received_at": "2020-01-01T00:00:00.000Z"}, "the signature is not the town's"),
        ({"signature": "00" * 64}, "the signature is not the town's"),
        ({"signature": "00"}, "signature is not lower-case hex of 64 bytes"),
        ({"key": "00" * 32}, "the receipt names another key"),
        ({"version": "receipt-v2"}, "the receipt is not of the seven fields of receipt-v1"),
        ({"more": 1}, "the receipt is not of the seven fields of receipt-v1"),
    ],
)
def test_a_forged_receipt_is_told_so(receipt: dict[str, Any], change: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Malformed) as refused:
        receipts.check(receipt | change, receipts.public_key())
    assert str(refused.value) == wrong


def test_what_is_no_receipt_at_all_is_malformed_too() -> None:
    for text in ("", "[" * 100_000, "{}", "[]", "null"):
        with pytest.raises(Malformed):
            receipts.check(receipts.read(text), receipts.public_key())


def test_a_receipt_names_the_leaf_under_the_root(
    client: FlaskClient, lottery: Lottery, receipt: dict[str, Any]
) -> None:
    with after_the_close(lottery):
        proof = json.loads(client.get(f"/listings/{lottery.code}/proof/{receipt['no']}.json").text)
    assert proof["leaf"] == draw.leaf(draw.Entry(receipt["no"], receipt["ch"], receipt["lots"])).hex()


def test_the_check_in_the_document_works_by_itself(tmp_path: Path, receipt: dict[str, Any]) -> None:
    lines = DOCUMENT.read_text("utf-8").splitlines()
    script = "\n".join(
        line.removeprefix("    ") for line in lines[lines.index("    import json, sys") :] if line[:1] in ("", " ")
    )
    (tmp_path / "check.py").write_text(script, "utf-8")
    codes = []
    for said in (receipt, receipt | {"lots": 2}):
        (tmp_path / "receipt.json").write_text(json.dumps(said), "utf-8")
        command = [sys.executable, "check.py", "receipt.json"]
        codes.append(subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode)
    assert codes == [0, 1]


def test_the_letter_carries_the_signature(receipt: dict[str, Any]) -> None:
    keeping.drain()
    letter = get(Notice, 1)
    assert receipt["ch"] in letter.body
    assert receipt["signature"] in "".join(letter.body.split())


def test_the_paper_has_number_and_signature_and_the_secret_where_it_is_still_known(
    client: FlaskClient, account: int, lottery: Lottery
) -> None:
    given.signed_in(client, account)
    page = client.get(submit(client, f"/listings/{lottery.code}/enter", {"agreed": "y", "lots": "2"}).location)
    (form,) = [form for form in read(page).forms if form.action.endswith("/receipt.pdf")]
    secret = form.value("secret")
    with_secret = text_of(client.post(form.action, data=form.values).data)
    without = client.get(form.action)
    forged = text_of(client.post(form.action, data=form.values | {"secret": "AAAA-AAAA-AAAA-AAAA"}).data)
    receipt = json.loads(client.get(form.action.replace(".pdf", ".json")).text)
    assert without.mimetype == "application/pdf"
    for paper in (with_secret, text_of(without.data), forged):
        assert receipt["no"] in paper
        assert receipt["signature"] in paper
    assert (secret in with_secret, secret in text_of(without.data)) == (True, False)
    assert "AAAA" not in forged


def test_nobody_gets_the_paper_of_somebody_else(app: Flask, received: Received) -> None:
    other = given.signed_in(app.test_client(), given.an_account())
    for name in ("receipt.pdf", "receipt.json"):
        assert other.get(f"/entries/{received.no}/{name}").status_code == 404


def test_the_code_on_the_paper_leads_to_the_answer(
    client: FlaskClient, account: int, received: Received, receipt: dict[str, Any]
) -> None:
    parts = urlsplit(receipts.address(receipt))
    path = f"{parts.path}?{parts.query}"
    assert "町が出した受付票です。" in client.get(path).text
    for part in ("lots", "revision"):
        assert client.get(path.replace(f"{part}=1", f"{part}=0")).status_code == 404
    change(received.entry_id, account, Application(lots=2))
    assert "そのあと申し込みの内容が変更されています。" in client.get(path).text
    for forged in (
        path.replace("lots=1", "lots=3"),
        path.replace("lots=1", f"lots={10**400}"),
        path[:-4] + "AAAA",
        parts.path,
        "/receipts/R05-0000001",
        path + "%%",
    ):
        answer = client.get(forged)
        assert answer.status_code == 404
        assert "確かめられませんでした。" in answer.text


def test_the_key_is_public(client: FlaskClient, receipt: dict[str, Any]) -> None:
    assert json.loads(client.get("/receipts/key.json").text) == {
        "format": "receipt-v1",
        "algorithm": "Ed25519",
        "key": receipt["key"],
    }
