"""Whatever comes from outside is read, or refused in the words of whoever reads it: never another error."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from email import message_from_bytes
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from stripe import WebhookSignature

from ipfs import hamt
from ipfs.cid import CID, DAG_PB, Block, make_block
from ipfs.dagpb import Link
from ipfs.dagpb import encode as node_of
from ipfs.errors import BlockMissing, IpfsError
from marketplace.accounts.rules import NotAnAddress, normalised
from marketplace.admissions.enclosing import EnclosureRefused, harmless
from marketplace.chain.events import RECIPES, read
from marketplace.holders import siwe
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.kit.tables import FORMULA
from marketplace.kit.tables import harmless as cell
from marketplace.kit.telephones import japanese
from marketplace.kit.web import safe_next
from marketplace.kit.workbooks import NotAWorkbook, Sheet, read_rows, workbook
from marketplace.lotteries.drand import Quiet
from marketplace.lotteries.drand import _read as read_beacon
from marketplace.metadata.pictures import PictureRefused, sanitise
from marketplace.notices.mail import Letter, written
from marketplace.payments.hearing import KINDS, Forged, hear
from marketplace.perks import passes

SECRET = "whsec_test"
BOUNDED = settings(max_examples=60, derandomize=True, database=None, deadline=None)
IN_A_TOWN = settings(BOUNDED, suppress_health_check=[HealthCheck.function_scoped_fixture])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
answers_of_a_beacon = st.fixed_dictionaries(
    {
        "round": st.just(1) | json_values,
        "signature": st.binary(min_size=47, max_size=49).map(bytes.hex) | st.text(max_size=96),
    }
)
nothing_there = st.sampled_from(["id", "type", "created", "livemode", "data"])


def spoilt(data: bytes, at: int, by: bytes) -> bytes:
    """Some of the bytes are others."""
    at %= len(data)
    return data[:at] + by + data[at + len(by) :]


# from Stripe


@IN_A_TOWN
@given(
    st.binary(max_size=200), st.text(max_size=80) | st.from_regex(r"t=[0-9]{0,30},v1=[0-9a-f]{0,70}", fullmatch=True)
)
def test_a_webhook_without_a_signature_is_forged(app: Flask, body: bytes, signature: str) -> None:
    with pytest.raises(Forged):
        hear(body, signature)


def signed(body: bytes) -> str:
    at = int(time.time())
    mark = WebhookSignature._compute_signature(f"{at}.{body.decode()}", SECRET)
    return f"t={at},v1={mark}"


@IN_A_TOWN
@given(
    st.fixed_dictionaries(
        {
            "id": st.just("evt_1") | json_values,
            "type": st.sampled_from(KINDS) | json_values,
            "created": st.just(1_790_000_000) | json_values,
            "livemode": st.just(False) | json_values,
            "data": st.fixed_dictionaries(
                {
                    "object": st.dictionaries(
                        st.sampled_from(("id", "object", "payment_intent", "metadata", "client_reference_id")),
                        json_values,
                    )
                }
            )
            | json_values,
        }
    ),
    st.none() | nothing_there,
)
def test_a_webhook_that_is_signed_is_an_event_or_forged(app: Flask, event: dict[str, Any], without: str | None) -> None:
    event.pop(without or "", None)
    body = json.dumps(event).encode()
    try:
        hear(body, signed(body))
    except Forged:
        db.session.rollback()


# from a chain


@BOUNDED
@given(st.sampled_from(sorted(RECIPES)), st.data())
def test_a_log_of_any_words_is_an_event_or_no_number(which: tuple[str, int], data: st.DataObject) -> None:
    words = [data.draw(st.binary(min_size=32, max_size=32)).hex() for _ in range(which[1] - 1)]
    log = {
        "topics": [which[0], *(f"0x{word}" for word in words)],
        "data": "0x" + data.draw(st.binary(max_size=320)).hex(),
        "blockNumber": "0x1",
        "blockHash": "0x" + "0" * 64,
        "logIndex": "0x0",
        "transactionHash": "0x" + "1" * 64,
        "address": "0x" + "2" * 40,
    }
    try:
        event = read(log)
    except (ValueError, IndexError):  # too short: the follower stops, and says at which block
        return
    assert event is not None


@BOUNDED
@given(st.binary(max_size=300) | (json_values | answers_of_a_beacon).map(lambda value: json.dumps(value).encode()))
def test_what_a_beacon_answers_is_a_signature_or_silence(body: bytes) -> None:
    with contextlib.suppress(Quiet):
        assert len(read_beacon(body, 1)) == 48


# from IPFS


@BOUNDED
@given(
    st.lists(st.tuples(st.text(max_size=4), st.binary(max_size=8)), max_size=4),
    st.binary(max_size=60),
    st.integers(0, 3),
)
def test_a_directory_of_any_bytes_is_listed_or_refused(links: list[tuple[str, bytes]], data: bytes, known: int) -> None:
    below = [make_block(content, DAG_PB) for _, content in links]
    names = [Link(name, block.cid, 1) for (name, _), block in zip(links, below, strict=True)]
    root = make_block(node_of(names, data), DAG_PB)
    held = {block.cid: block for block in (root, *below[:known])}

    def get(cid: CID) -> Block:
        if cid not in held:
            raise BlockMissing(str(cid))
        return held[cid]

    with contextlib.suppress(IpfsError):
        list(hamt.entries(root, get))


# from people


@BOUNDED
@given(st.text(max_size=60) | st.emails() | st.from_regex(r"[^@\s]+@[a-z]+\.jp", fullmatch=True))
def test_what_passes_as_an_address_is_one_receiver_and_no_other_header(typed: str) -> None:
    try:
        address = normalised(typed)
    except NotAnAddress:
        return
    message = message_from_bytes(
        written(Letter("key", address, "題", "文\n"), "town@example.jp").as_bytes(), policy=SMTP
    )
    assert getaddresses([str(message["To"])]) == [("", address)]
    assert sorted(message.keys()) == sorted({*message.keys()})
    assert "Bcc" not in message


@BOUNDED
@given(st.text(max_size=30) | st.from_regex(r"[+0０][0-9０-９ ()-]{8,16}", fullmatch=True))
def test_a_telephone_number_is_digits_or_none(typed: str) -> None:
    found = japanese(typed)
    assert found == "" or (found.isascii() and found.isdigit() and len(found) in (10, 11))


@BOUNDED
@given(st.text(alphabet="/\\.:@?#%\t\n\r \x00evil日", max_size=20).map(lambda rest: f"/{rest}") | st.text(max_size=40))
def test_where_one_is_sent_on_to_is_always_here(target: str) -> None:
    """As browsers read it: they strip what is around, drop tabs and line breaks, and take a backslash for a slash."""
    found = safe_next(target, "/mypage")
    seen = found.strip("".join(map(chr, range(33)))).translate(str.maketrans("\\", "/", "\t\r\n"))
    assert urlsplit(urljoin("https://hiroba.example.jp/signin", seen)).netloc == "hiroba.example.jp"


@BOUNDED
@given(st.text(max_size=300))
def test_a_proof_of_a_wallet_is_read_or_refused(text: str) -> None:
    for read_it in (siwe.parse, lambda typed: siwe.signer(typed, typed), passes.read):
        with pytest.raises(Refused):
            read_it(text)


@BOUNDED
@given(st.text(max_size=20))
def test_no_cell_is_a_formula(text: str) -> None:
    assert not str(cell(text)).startswith(FORMULA)


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 12), "#8aa6c1").save(out, kind)
    return out.getvalue()


PICTURES = {kind: picture(kind) for kind in ("PNG", "JPEG", "WEBP")}


@BOUNDED
@given(st.sampled_from(sorted(PICTURES)), st.integers(0, 5_000), st.binary(max_size=8))
def test_a_broken_picture_is_mended_or_refused(kind: str, at: int, by: bytes) -> None:
    with contextlib.suppress(PictureRefused):
        sanitise(spoilt(PICTURES[kind], at, by))


@BOUNDED
@given(st.binary(max_size=300).map(lambda rest: b"%PDF-1.7\n" + rest + b"%%EOF") | st.binary(max_size=300))
def test_a_document_of_any_bytes_is_taken_or_refused(data: bytes) -> None:
    with contextlib.suppress(EnclosureRefused):
        harmless(data)


TABLE = workbook([Sheet("題", ["a", "b"], [["c", 1], ["d", 2]])])


@BOUNDED
@given(st.integers(0, len(TABLE) - 1), st.binary(min_size=1, max_size=8))
def test_a_broken_table_is_read_or_refused(at: int, by: bytes) -> None:
    with contextlib.suppress(NotAWorkbook):
        read_rows(spoilt(TABLE, at, by), 10)


@BOUNDED
@given(st.binary(max_size=120))
def test_a_table_whose_sheet_is_any_bytes_is_read_or_refused(sheet: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(TABLE)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, sheet if name.endswith("sheet1.xml") else old.read(name))
    with contextlib.suppress(NotAWorkbook):
        read_rows(out.getvalue(), 10)
