from __future__ import annotations

import io
import zlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from PIL import Image

from marketplace.admissions import enclosing
from marketplace.admissions.enclosing import (
    LONGEST,
    MOST_BYTES,
    MOST_ENCLOSURES,
    MOST_OBJECTS,
    MOST_OF_PDF,
    EnclosureRefused,
    harmless,
)
from marketplace.admissions.models import Enclosure
from marketplace.blobs.models import StoredBytes
from marketplace.kit.alone import alone
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.listings import scheduling
from marketplace.metadata import pictures as metadata_pictures
from marketplace.metadata.pictures import PictureRefused, sanitise
from marketplace.outbox import keeping
from marketplace.settings import settings
from tests import given
from tests.metadata import pictures

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"


SCRIPT, TEXT = (zlib.compress(each) for each in (b"1 0 <</S/JavaScript/JS(app.alert(1))>>", b"1 0 <</A 1>>"))


def with_objects(told: bytes, packed: bytes) -> bytes:
    """A PDF with a stream of objects."""
    stream = b"endobj 2 0 obj<<%b/N 1/First 4/Length %d>>stream\r\n%b\r\nendstream endobj" % (told, len(packed), packed)
    return PDF.replace(b"endobj", stream)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def bytes_that_are_there() -> list[bytes]:
    return list(db.session.scalars(sa.select(StoredBytes.data).where(StoredBytes.key.startswith("enclosures/"))))


def a_sale() -> int:
    return given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})


def a_photo(kind: str = "JPEG") -> bytes:
    """A picture that says where it was taken."""
    picture, out = Image.new("RGB", (40, 30), "#808080"), io.BytesIO()
    told = Image.Exif()
    told[0x010E] = "自宅の前で"
    picture.save(out, kind, exif=told)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
def test_a_picture_is_written_anew_without_what_it_tells_beside(kind: str, media_type: str) -> None:
    sent = a_photo(kind)
    clean, found = harmless(sent)
    assert (found, dict(Image.open(io.BytesIO(sent)).getexif()) != {}) == (media_type, True)
    assert dict(Image.open(io.BytesIO(clean)).getexif()) == {}


def test_a_pdf_is_kept_as_it_came() -> None:
    assert harmless(PDF) == (PDF, "application/pdf")


def test_a_pdf_whose_objects_are_packed_is_kept_as_it_came() -> None:
    packed = with_objects(b"/Type/ObjStm/Filter/FlateDecode", TEXT)
    cross = b"3 0 obj<</Type/XRef/Filter/FlateDecode/DecodeParms<</Predictor 12>>>>stream\nx\nendstream endobj\n%%EOF\n"
    assert harmless(packed + cross) == (packed + cross, "application/pdf")


def test_a_scan_is_kept_whatever_its_pixels_spell() -> None:
    scan = PDF.replace(b"endobj", b"endobj 2 0 obj<</Length 9>>stream\n\x8c\x00/JS\x9a\x01\xff\nendstream endobj")
    assert harmless(scan) == (scan, "application/pdf")


def test_a_photograph_of_a_telephone_is_kept() -> None:
    assert harmless(pictures.of_telephone())[1] == "image/jpeg"


def test_a_photograph_of_fifty_million_pixels_is_made_smaller_here() -> None:
    sent = pictures.encoded(pictures.photo(8160, 6120), "JPEG")
    clean, media_type = harmless(sent)
    kept = Image.open(io.BytesIO(clean))
    assert (media_type, max(kept.size), round(kept.width / kept.height, 2)) == ("image/jpeg", LONGEST, 1.33)
    with pytest.raises(PictureRefused, match="縦横が大きすぎます"):
        sanitise(sent)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "空のファイルです。"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "PDF、JPEG、PNG のどれか"),
        (b"<html>%PDF-1.7 %%EOF", "PDF、JPEG、PNG のどれか"),
        (b"GIF89a", "PDF、JPEG、PNG のどれか"),
        (b"RIFF....WEBP", "PDF、JPEG、PNG のどれか"),
        (pictures.heic(), "HEIC.*互換性優先"),
        (b"\xff\xd8\xff" + b"x" * 100, "読み取れ|こわれて|形式"),
        (PDF[:-6], "途中で切れて"),
        (PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert)>>"), "プログラムや"),
        (PDF.replace(b"/Catalog", b"/Catalog/AA<</O<</S/Rendition/JS(app.alert)>>>>"), "プログラムや"),
        (PDF.replace(b"/Catalog", b"/Catalog/EmbeddedFile"), "プログラムや"),
        (with_objects(b"/Type/ObjStm/Filter/FlateDecode", SCRIPT), "プログラムや"),
        (with_objects(b"/Type/ObjStm/Filter/FlateDecode", SCRIPT[:-4] + b"its sum is wrong"), "プログラムや"),
        (with_objects(b"/Type/ObjStm/Filter/FlateDecode", SCRIPT[:-8] + b"\xff" * 50), "読み取れません"),
        (with_objects(b"/Type/Obj#53tm/Filter/FlateDecode", SCRIPT), "プログラムや"),
        (with_objects(b"/Type/ObjStm/Filter/FlateDecode/X(" + b"x" * 1000 + b")", SCRIPT), "プログラムや"),
        (with_objects(b"/Filter[/A#48x/FlateDecode]/Type/ObjStm", SCRIPT.hex().encode() + b">"), "読み取れません"),
        (with_objects(b"/Type/ObjStm/Filter/FlateDecode", TEXT) * (MOST_OBJECTS + 1), "読み取れません"),
        (PDF.replace(b"/Catalog", b"/Catalog/Encrypt 5 0 R"), "パスワード"),
        (PDF + b"x" * MOST_OF_PDF, "PDFは1つ5MBまで"),
        (a_photo() + b"x" * MOST_BYTES, "10MBまで"),
    ],
)
def test_whatever_else_is_refused_with_what_to_do(data: bytes, sentence: str) -> None:
    with pytest.raises(EnclosureRefused, match=sentence) as refused:
        harmless(data)
    assert refused.value.field == "enclosures"


def test_the_same_document_sent_twice_is_one_and_there_are_five_at_most() -> None:
    listing_id, account_id = a_sale(), given.an_account()
    for n in range(MOST_ENCLOSURES):
        assert {enclosing.keep(listing_id, account_id, PDF + b"%%EOF" * n) for _ in range(2)} == {
            enclosing.pending(listing_id, account_id)[-1].id
        }
    with pytest.raises(EnclosureRefused, match="5つまで"):
        enclosing.keep(listing_id, account_id, PDF + b"%%EOF more")
    assert len(enclosing.pending(listing_id, account_id)) == MOST_ENCLOSURES


def test_while_another_is_read_on_this_machine_the_next_waits_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_pictures, "PATIENCE_S", 0.0)
    listing_id, account_id = a_sale(), given.an_account()
    with alone(settings().data_dir, 0), pytest.raises(EnclosureRefused, match="ほかの画像を読み取っています") as told:
        enclosing.keep(listing_id, account_id, a_photo())
    assert (told.value.field, enclosing.pending(listing_id, account_id)) == ("enclosures", [])


def test_a_document_is_taken_back_by_its_owner_before_the_application_only() -> None:
    listing_id, account_id = a_sale(), given.an_account()
    kept = enclosing.keep(listing_id, account_id, PDF)
    with pytest.raises(LookupError):
        enclosing.drop(kept, given.an_account())
    enclosing.drop(kept, account_id)
    kept = enclosing.keep(listing_id, account_id, PDF)
    given.an_applicant(listing_id, account_id)
    with pytest.raises(LookupError):
        enclosing.drop(kept, account_id)


def test_documents_are_deleted_when_the_sale_is_over_long_enough() -> None:
    listing_id, account_id = a_sale(), given.an_account()
    kept = enclosing.keep(listing_id, account_id, PDF)
    participation_id = given.an_applicant(listing_id, account_id)
    scheduling.cancel(listing_id, "staff:ACC-TEST", "中止")
    for days, gone in ((7 + 89, False), (7 + 91, True), (7 + 91, True)):
        with pretending(now() + timedelta(days=days)):
            enclosing.delete_due()
            keeping.drain()
        assert (get(Enclosure, kept).deleted_at is not None, bytes_that_are_there() == []) == (gone, gone)
    code = "PRT-TEST"
    with pytest.raises(LookupError):
        enclosing.read(kept, code, "staff:ACC-TEST")
    assert len(enclosing.enclosures_of(participation_id)) == 1


def test_documents_of_an_application_that_was_never_sent_are_deleted_after_two_days() -> None:
    listing_id, account_id = a_sale(), given.an_account()
    enclosing.keep(listing_id, account_id, PDF)
    with pretending(now() + timedelta(days=2, minutes=1)):
        enclosing.delete_due()
        keeping.drain()
    assert enclosing.pending(listing_id, account_id) == []
    assert bytes_that_are_there() == []
    enclosing.keep(listing_id, account_id, PDF)  # sent again
    assert len(enclosing.pending(listing_id, account_id)) == 1
